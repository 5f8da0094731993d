#pragma once
// Where the shell's lines come from: a person at a terminal, with line editing, history and
// completion; or a pipe, line by line.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace drover::cli {

class LineReader {
 public:
  virtual ~LineReader() = default;
  // The next line without its end; nullopt at the end of input.
  virtual std::optional<std::string> read(const std::string& prompt) = 0;
};

// From standard input, without a prompt.
[[nodiscard]] std::unique_ptr<LineReader> make_pipe_reader();

// Answers whole replacements for the word under the cursor; `is_first` for the first word of a
// line.
using Completer = std::function<std::vector<std::string>(const std::string& word, bool is_first)>;

// From the terminal. One at a time: line editing keeps its state in the process.
[[nodiscard]] std::unique_ptr<LineReader> make_terminal_reader(Completer completer);

}  // namespace drover::cli
