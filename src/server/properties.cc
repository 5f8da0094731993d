#include "server/properties.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>

namespace drover::server {

namespace {

constexpr std::string_view kBlanks = " \t\f";

// A code point as UTF-8. Files are ISO-8859-1 on paper; bytes above 0x7f are passed on as they are,
// so that a UTF-8 path works too.
void append_utf8(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// Natural lines joined into logical ones: comments and blank lines dropped, continuations followed.
class LogicalLines {
 public:
  explicit LogicalLines(std::string_view text) : rest_(text) {}

  // False at the end. `line` is the number of the first natural line.
  bool next(std::string& joined, int& line) {
    joined.clear();
    while (!rest_.empty()) {
      std::string_view natural = take();
      natural.remove_prefix(std::min(natural.find_first_not_of(kBlanks), natural.size()));
      if (joined.empty() && (natural.empty() || natural[0] == '#' || natural[0] == '!')) continue;
      if (joined.empty()) line = number_;
      const auto last_other = natural.find_last_not_of('\\');
      const auto slashes =
          natural.size() - (last_other == std::string_view::npos ? 0 : last_other + 1);
      const bool continues = slashes % 2 == 1;
      joined += natural.substr(0, natural.size() - (continues ? 1 : 0));
      if (!continues) return true;
    }
    return !joined.empty();
  }

 private:
  std::string_view take() {
    ++number_;
    const auto end = rest_.find_first_of("\r\n");
    const auto natural = rest_.substr(0, end);
    if (end == std::string_view::npos) {
      rest_ = {};
    } else {
      rest_.remove_prefix(end + (rest_.substr(end, 2) == "\r\n" ? 2 : 1));
    }
    return natural;
  }

  std::string_view rest_;
  int number_ = 0;
};

std::optional<std::uint32_t> parse_hex4(std::string_view digits) {
  std::uint32_t code = 0;
  if (digits.size() < 4) return std::nullopt;
  for (const char c : digits.substr(0, 4)) {
    const auto at = std::string_view("0123456789abcdefABCDEF").find(c);
    if (at == std::string_view::npos) return std::nullopt;
    code = code * 16 + static_cast<std::uint32_t>(at < 16 ? at : at - 6);
  }
  return code;
}

// Copies `text` with escapes resolved; false: a \u without four hex digits.
bool unescape(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    switch (c) {
      case 't':
        out += '\t';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 'f':
        out += '\f';
        break;
      case 'u': {
        const auto code = parse_hex4(text.substr(i + 1));
        if (!code) return false;
        append_utf8(*code, out);
        i += 4;
        break;
      }
      default:
        out += c;
    }
  }
  return true;
}

std::string trimmed(const std::string& text) {
  constexpr std::string_view kSpace = " \t\f\r\n\v";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Where the key ends: the first unescaped `=`, `:` or blank.
std::size_t key_end(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '=' || line[i] == ':' ||
               kBlanks.find(line[i]) != std::string_view::npos) {
      return i;
    }
  }
  return line.size();
}

}  // namespace

Result<std::vector<Property>> parse_properties(std::string_view text) {
  std::vector<Property> properties;
  LogicalLines lines(text);
  std::string line;
  int number = 0;
  while (lines.next(line, number)) {
    const std::string_view all = line;
    const auto end = key_end(all);
    std::string_view value = all.substr(end);
    value.remove_prefix(std::min(value.find_first_not_of(kBlanks), value.size()));
    if (!value.empty() && (value[0] == '=' || value[0] == ':')) value.remove_prefix(1);
    value.remove_prefix(std::min(value.find_first_not_of(kBlanks), value.size()));
    std::string key_text;
    std::string value_text;
    if (!unescape(all.substr(0, end), key_text) || !unescape(value, value_text)) {
      return failure(fmt::format("{}: \\u must be followed by four hexadecimal digits", number));
    }
    properties.push_back({trimmed(key_text), trimmed(value_text), number});
  }
  return properties;
}

}  // namespace drover::server
