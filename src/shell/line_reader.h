#pragma once
// Where the shell's lines come from: a person at a terminal, with line editing, history and
// completion; or a pipe, line by line.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drover::shell {

class LineReader {
 public:
  virtual ~LineReader() = default;
  // The next line without its end; nullopt at the end of input.
  virtual std::optional<std::string> read(const std::string& prompt) = 0;
  // Prints to stdout from any thread; what is being typed is shown again below.
  virtual void show(std::string_view text) = 0;
};

// From standard input, without a prompt.
[[nodiscard]] std::unique_ptr<LineReader> make_pipe_reader();

// Answers whole replacements for the last of `words`, which may be empty.
using Completer = std::function<std::vector<std::string>(const std::vector<std::string>& words)>;

// From the terminal. One at a time: line editing keeps its state in the process. Ctrl-C drops the
// line, Ctrl-D on an empty one is the end of input.
[[nodiscard]] std::unique_ptr<LineReader> make_terminal_reader(Completer completer);

}  // namespace drover::shell
