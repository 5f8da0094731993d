#include "recipes/json.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace drover::recipes {
namespace {

constexpr int kDepthMax = 200;

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

// Walks over JSON text (RFC 8259). Every function answers false where the text is none.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool is_at_end() {
    skip_space();
    return at_ == text_.size();
  }
  bool take(char wanted) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  bool string(std::string* out);
  bool value(int depth, std::string_view* out = nullptr);
  // Calls on_value(text of the value) for each, after on_name where there are names.
  template <typename OnName, typename OnValue>
  bool items(char open, char close, int depth, OnName on_name, OnValue on_value) {
    if (depth > kDepthMax || !take(open)) return false;
    if (take(close)) return true;
    do {
      std::string_view item;
      if (!on_name(*this) || !value(depth + 1, &item)) return false;
      on_value(item);
    } while (take(','));
    return take(close);
  }
  bool member_name(std::string* out) {
    skip_space();
    return string(out) && take(':');
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
  }
  bool word(std::string_view wanted) {
    if (!text_.substr(at_).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  bool digits() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > begin;
  }
  bool number();
  bool escape(std::string* out);
  std::optional<std::uint32_t> hex4();

  std::string_view text_;
  std::size_t at_ = 0;
};

bool Scanner::number() {
  if (at_ < text_.size() && text_[at_] == '-') ++at_;
  const bool has_leading_zero =
      at_ + 1 < text_.size() && text_[at_] == '0' && text_[at_ + 1] >= '0' && text_[at_ + 1] <= '9';
  if (has_leading_zero || !digits()) return false;
  if (at_ < text_.size() && text_[at_] == '.') {
    ++at_;
    if (!digits()) return false;
  }
  if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
    ++at_;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    return digits();
  }
  return true;
}

std::optional<std::uint32_t> Scanner::hex4() {
  if (text_.size() - at_ < 4) return std::nullopt;
  std::uint32_t code = 0;
  const char* begin = text_.data() + at_;
  const auto read = std::from_chars(begin, begin + 4, code, 16);
  if (read.ec != std::errc() || read.ptr != begin + 4) return std::nullopt;
  at_ += 4;
  return code;
}

bool Scanner::escape(std::string* out) {
  if (at_ == text_.size()) return false;
  const char kind = text_[at_++];
  constexpr std::string_view kKinds = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  const std::size_t index = kKinds.find(kind);
  if (index != std::string_view::npos) {
    *out += kMeanings[index];
    return true;
  }
  if (kind != 'u') return false;
  auto code = hex4();
  if (!code) return false;
  if (*code >= 0xd800 && *code < 0xdc00) {  // the first half of a character beyond U+FFFF
    if (!word("\\u")) return false;
    const auto low = hex4();
    if (!low || *low < 0xdc00 || *low > 0xdfff) return false;
    code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
  } else if (*code >= 0xdc00 && *code <= 0xdfff) {
    return false;
  }
  append_utf8(*out, *code);
  return true;
}

bool Scanner::string(std::string* out) {
  if (at_ == text_.size() || text_[at_] != '"') return false;
  ++at_;
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == '"') return true;
    if (static_cast<unsigned char>(c) < 0x20) return false;
    if (c != '\\') {
      *out += c;
    } else if (!escape(out)) {
      return false;
    }
  }
  return false;
}

bool Scanner::value(int depth, std::string_view* out) {
  skip_space();
  const std::size_t begin = at_;
  if (begin == text_.size()) return false;
  bool is_good = false;
  std::string ignored;
  const auto no_name = [](Scanner&) { return true; };
  const auto any_name = [](Scanner& self) {
    std::string name;
    return self.member_name(&name);
  };
  const auto no_matter = [](std::string_view) {};
  switch (text_[begin]) {
    case '{':
      is_good = items('{', '}', depth, any_name, no_matter);
      break;
    case '[':
      is_good = items('[', ']', depth, no_name, no_matter);
      break;
    case '"':
      is_good = string(&ignored);
      break;
    default:
      is_good = word("true") || word("false") || word("null") || number();
  }
  if (out) *out = text_.substr(begin, at_ - begin);
  return is_good;
}

std::unexpected<Error> corrupt(std::string_view what, std::size_t at) {
  return failure(fmt::format("not {} in JSON, at byte {}", what, at), ErrorCode::kCorruptPayload);
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    constexpr std::string_view kMeanings = "\"\\\b\f\n\r\t";
    constexpr std::string_view kKinds = "\"\\bfnrt";
    const std::size_t index = kMeanings.find(c);
    if (index != std::string_view::npos) {
      quoted += '\\';
      quoted += kKinds[index];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += fmt::format("\\u{:04X}", static_cast<int>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

Result<std::map<std::string, std::string_view>> json_members(std::string_view text) {
  std::map<std::string, std::string_view> members;
  Scanner scanner(text);
  std::string name;
  const bool is_good = scanner.items(
      '{', '}', 0,
      [&](Scanner& self) {
        name.clear();
        return self.member_name(&name);
      },
      [&](std::string_view value) { members[name] = value; });
  if (!is_good || !scanner.is_at_end()) return corrupt("an object", scanner.at());
  return members;
}

Result<std::vector<std::string_view>> json_elements(std::string_view text) {
  std::vector<std::string_view> elements;
  Scanner scanner(text);
  const bool is_good = scanner.items(
      '[', ']', 0, [](Scanner&) { return true; },
      [&](std::string_view value) { elements.push_back(value); });
  if (!is_good || !scanner.is_at_end()) return corrupt("an array", scanner.at());
  return elements;
}

Result<std::string> json_to_string(std::string_view text) {
  std::string string;
  Scanner scanner(text);
  if (!scanner.string(&string) || !scanner.is_at_end()) return corrupt("a string", scanner.at());
  return string;
}

Result<std::int64_t> json_to_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return corrupt("an integer", 0);
  }
  return number;
}

Result<bool> json_to_bool(std::string_view text) {
  if (text != "true" && text != "false") return corrupt("true or false", 0);
  return text == "true";
}

bool is_json(std::string_view text) {
  Scanner scanner(text);
  return scanner.value(0) && scanner.is_at_end();
}

}  // namespace drover::recipes
