#include "shell/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/assert.h"

namespace drover::shell {
namespace {

bool is_blank(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

const OptionSpec* find_option(std::span<const OptionSpec> options, std::string_view name) {
  const auto found = std::find_if(options.begin(), options.end(),
                                  [&](const OptionSpec& option) { return option.name == name; });
  return found == options.end() ? nullptr : &*found;
}

// Options of zkCli have no long names; some of ours do.
const OptionSpec* find_long_option(std::span<const OptionSpec> options, std::string_view name) {
  const auto found = std::find_if(options.begin(), options.end(), [&](const OptionSpec& option) {
    return !option.long_name.empty() && option.long_name == name;
  });
  return found == options.end() ? nullptr : &*found;
}

// Notes an option; a value given again is not heard, as in commons-cli.
void give(ParsedWords& words, std::string_view option, std::string_view value) {
  if (!words.has(option)) words.given.emplace_back(option, value);
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("-0123456789.") == std::string_view::npos;
}

// Whether `word` may be the value of an option before it: anything but another option.
bool is_value(std::span<const OptionSpec> options, std::string_view word) {
  if (word.size() < 2 || word[0] != '-' || is_number(word)) return true;
  if (word.starts_with("--")) return find_long_option(options, word.substr(2)) == nullptr;
  const auto name = word.substr(1);
  return find_option(options, name) == nullptr &&
         find_option(options, name.substr(0, 1)) == nullptr;
}

std::unexpected<std::string> unrecognized(std::string_view word) {
  return std::unexpected(fmt::format(
      "org.apache.commons.cli.UnrecognizedOptionException: Unrecognized option: {}", word));
}

// The letters of a word like -sRv5.
std::expected<const OptionSpec*, std::string> take_letters(std::span<const OptionSpec> options,
                                                           std::string_view word,
                                                           ParsedWords& result) {
  for (std::size_t i = 1; i < word.size(); ++i) {
    const auto* option = find_option(options, word.substr(i, 1));
    if (option == nullptr) return unrecognized(word);
    if (option->takes_value && i + 1 == word.size()) return option;
    give(result, option->name, option->takes_value ? word.substr(i + 1) : "");
    if (option->takes_value) return nullptr;
  }
  return nullptr;
}

// Notes the options in `word`; answers the one that still wants its value from the next word.
std::expected<const OptionSpec*, std::string> take_option(std::span<const OptionSpec> options,
                                                          std::string_view word,
                                                          ParsedWords& result) {
  const bool is_long = word.starts_with("--");
  const auto name = word.substr(is_long ? 2 : 1);
  const auto equals = name.find('=');
  const auto* option = is_long ? find_long_option(options, name.substr(0, equals))
                               : find_option(options, name.substr(0, equals));
  if (option != nullptr) {
    if (option->takes_value && equals == std::string_view::npos) return option;
    if (!option->takes_value && equals != std::string_view::npos) return unrecognized(word);
    give(result, option->name, option->takes_value ? name.substr(equals + 1) : "");
    return nullptr;
  }
  if (is_long) return unrecognized(word);
  return take_letters(options, word, result);
}

}  // namespace

bool ParsedWords::has(std::string_view option) const {
  return std::any_of(given.begin(), given.end(),
                     [&](const auto& one) { return one.first == option; });
}

const std::string& ParsedWords::value(std::string_view option) const {
  const auto found = std::find_if(given.begin(), given.end(),
                                  [&](const auto& one) { return one.first == option; });
  DROVER_ASSERT(found != given.end(), "an option that was not given has no value");
  return found->second;
}

std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at < line.size()) {
    const char c = line[at];
    if (is_blank(c)) {
      ++at;
      continue;
    }
    if (c == '"' || c == '\'') {
      const auto close = line.find(c, at + 1);
      if (close == std::string_view::npos) {
        ++at;
        continue;
      }
      words.emplace_back(line.substr(at + 1, close - at - 1));
      at = close + 1;
      continue;
    }
    std::size_t end = at;
    while (end < line.size() && !is_blank(line[end])) ++end;
    words.emplace_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

std::expected<ParsedWords, std::string> parse_words(std::span<const OptionSpec> options,
                                                    const std::vector<std::string>& words) {
  ParsedWords result;
  const OptionSpec* open = nullptr;  // an option whose value is the next word
  bool only_args = false;
  for (const auto& word : words) {
    if (open != nullptr && is_value(options, word)) {
      give(result, open->name, word);
      open = nullptr;
    } else if (open != nullptr) {
      break;
    } else if (only_args || word.size() < 2 || word[0] != '-') {
      result.args.push_back(word);
    } else if (word == "--") {
      only_args = true;
    } else {
      const auto taken = take_option(options, word, result);
      if (!taken) return std::unexpected(taken.error());
      open = *taken;
    }
  }
  if (open != nullptr) {
    return std::unexpected(fmt::format(
        "org.apache.commons.cli.MissingArgumentException: Missing argument for option: {}",
        open->name));
  }
  return result;
}

}  // namespace drover::shell
