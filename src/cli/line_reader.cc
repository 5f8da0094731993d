#include "cli/line_reader.h"

#include <editline/readline.h>

#include <clocale>
#include <cstdlib>
#include <cstring>
#include <iostream>

namespace drover::cli {
namespace {

class PipeReader final : public LineReader {
 public:
  std::optional<std::string> read(const std::string&) override {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    if (line.ends_with('\r')) line.pop_back();
    return line;
  }
};

// libedit calls back without a context.
Completer* active_completer = nullptr;

char* next_match(const char* word, int state) {
  static std::vector<std::string> matches;
  static std::size_t next = 0;
  if (state == 0) {
    const std::size_t start = static_cast<std::size_t>(rl_point) - std::strlen(word);
    const bool is_first =
        std::string(rl_line_buffer, start).find_first_not_of(' ') == std::string::npos;
    matches = (*active_completer)(word, is_first);
    next = 0;
  }
  return next < matches.size() ? strdup(matches[next++].c_str()) : nullptr;
}

char** complete(const char* word, int, int) {
  rl_attempted_completion_over = 1;  // never file names
  return rl_completion_matches(word, next_match);
}

class TerminalReader final : public LineReader {
 public:
  explicit TerminalReader(Completer completer) : completer_(std::move(completer)) {
    std::setlocale(LC_CTYPE, "");  // so that editing counts characters, not bytes
    active_completer = &completer_;
    rl_readline_name = const_cast<char*>("drover");
    rl_attempted_completion_function = complete;
    rl_basic_word_break_characters = const_cast<char*>(" \t");
    using_history();
  }
  ~TerminalReader() override { active_completer = nullptr; }

  std::optional<std::string> read(const std::string& prompt) override {
    char* typed = readline(prompt.c_str());
    if (typed == nullptr) return std::nullopt;
    std::string line(typed);
    std::free(typed);
    if (!line.empty()) add_history(line.c_str());
    return line;
  }

 private:
  Completer completer_;
};

}  // namespace

std::unique_ptr<LineReader> make_pipe_reader() {
  return std::make_unique<PipeReader>();
}

std::unique_ptr<LineReader> make_terminal_reader(Completer completer) {
  return std::make_unique<TerminalReader>(std::move(completer));
}

}  // namespace drover::cli
