#include "admin/words.h"

#include <fmt/format.h>

#include <array>

namespace drover::admin {

namespace {

struct Entry {
  Word word;
  std::string_view text;
};

constexpr auto kWords = std::to_array<Entry>({
#define DROVER_ENTRY(word) {Word::word, #word},
    DROVER_FOUR_LETTER_WORDS(DROVER_ENTRY)
#undef DROVER_ENTRY
        {Word::kTelnetClose, "\xff\xf4\xff\xfd"},
});

constexpr std::string_view kBlanks = " \t\r\n\f\v";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

std::optional<Word> word_of(std::string_view first_four_bytes) {
  for (const auto& [word, text] : kWords) {
    if (text == first_four_bytes) return word;
  }
  return std::nullopt;
}

std::string_view name_of(Word word) {
  return word == Word::kTelnetClose ? "telnet close" : kWords[static_cast<std::size_t>(word)].text;
}

Whitelist::Whitelist(std::string_view comma_list, bool read_only_enabled) {
  const auto allow = [this](Word word) { allowed_ |= 1U << static_cast<unsigned>(word); };
  allow(Word::srvr);
  if (read_only_enabled) allow(Word::isro);
  while (!comma_list.empty()) {
    const auto comma = comma_list.find(',');
    const auto item = trim(comma_list.substr(0, comma));
    comma_list = comma == std::string_view::npos ? "" : comma_list.substr(comma + 1);
    for (const auto& [word, text] : kWords) {
      if (item == "*" || item == text) allow(word);
    }
  }
}

std::string not_whitelisted(Word word) {
  return fmt::format("{} is not executed because it is not in the whitelist.\n", name_of(word));
}

}  // namespace drover::admin
