#pragma once
// Taking apart what is typed at the shell: a line into words, words into options and arguments.
// Both follow zkCli to the letter, because scripts rely on it: the first by its own rule for
// quotes, the second as Apache's commons-cli parses and complains.

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drover::shell {

// Blanks separate. A word may be quoted as a whole, with ' or "; inside there are no escapes, and a
// quote anywhere else stands for itself. A quote that is never closed is dropped.
[[nodiscard]] std::vector<std::string> split_words(std::string_view line);

struct OptionSpec {
  std::string_view name;  // without its dash; of one letter, or more
  bool takes_value = false;
  std::string_view description;     // as in Apache's own listing
  std::string_view long_name = {};  // after two dashes; Apache's options have none
};

struct ParsedWords {
  std::vector<std::string> args;  // what is not an option, the command's name first
  // Options as they came, each once: name and value, which is "" for those that take none.
  std::vector<std::pair<std::string, std::string>> given;

  [[nodiscard]] bool has(std::string_view option) const;
  // The first value given. Requires has(option).
  [[nodiscard]] const std::string& value(std::string_view option) const;
};

// Options may stand anywhere and be run together (-sw, -v5); "--" ends them. The error is
// commons-cli's own text, class name included, as zkCli prints it.
[[nodiscard]] std::expected<ParsedWords, std::string> parse_words(
    std::span<const OptionSpec> options, const std::vector<std::string>& words);

}  // namespace drover::shell
