#include "shell/line_reader.h"

#include <editline/readline.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <mutex>

#include "shell/interrupt.h"
#include "shell/wake_pipe.h"
#include "shell/words.h"

namespace drover::shell {
namespace {

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

class PipeReader final : public LineReader {
 public:
  std::optional<std::string> read(const std::string&) override {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    if (line.ends_with('\r')) line.pop_back();
    return line;
  }
  void show(std::string_view text) override { print(text); }
};

// libedit calls back without a context.
Completer* active_completer = nullptr;
bool line_is_done = false;
bool input_has_ended = false;
std::string typed_line;

char* next_match(const char* word, int state) {
  static std::vector<std::string> matches;
  static std::size_t next = 0;
  if (state == 0) {
    const std::size_t start = static_cast<std::size_t>(rl_point) - std::strlen(word);
    auto words = split_words(std::string(rl_line_buffer, start));
    words.emplace_back(word);
    matches = (*active_completer)(words);
    next = 0;
  }
  return next < matches.size() ? strdup(matches[next++].c_str()) : nullptr;
}

char** complete(const char* word, int, int) {
  rl_attempted_completion_over = 1;  // never file names
  return rl_completion_matches(word, next_match);
}

void take_line(char* typed) {
  line_is_done = true;
  input_has_ended = typed == nullptr;
  if (input_has_ended) return;
  typed_line = typed;
  std::free(typed);
}

// The terminal is touched by the reading thread alone: what others show() while a line is being
// typed waits for it, and a byte in a pipe wakes it.
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
    const InterruptScope interrupts;
    line_is_done = false;
    rl_callback_handler_install(prompt.c_str(), take_line);
    set_typing(true);
    while (!line_is_done) wait(prompt);
    rl_callback_handler_remove();
    set_typing(false);
    if (input_has_ended) {
      print("\n");
      return std::nullopt;
    }
    if (!typed_line.empty()) add_history(typed_line.c_str());
    return typed_line;
  }

  void show(std::string_view text) override {
    const std::scoped_lock lock(mutex_);
    if (!is_typing_) return print(text);
    waiting_ += text;
    wake_.wake();
  }

 private:
  // For a key, for something to show, or for Ctrl-C.
  void wait(const std::string& prompt) {
    std::array<pollfd, 3> ends{{{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                                {.fd = wake_.fd(), .events = POLLIN, .revents = 0},
                                {.fd = interrupt_fd(), .events = POLLIN, .revents = 0}}};
    poll(ends.data(), ends.size(), -1);
    if (is_interrupted()) {
      forget_interrupt();
      rl_callback_handler_remove();
      print("^C\n");
      rl_callback_handler_install(prompt.c_str(), take_line);
      return;
    }
    if (ends[1].revents != 0) show_waiting();
    if (ends[0].revents != 0) rl_callback_read_char();
  }

  void show_waiting() {
    wake_.drain();
    std::string text;
    {
      const std::scoped_lock lock(mutex_);
      text.swap(waiting_);
    }
    if (text.empty()) return;
    print("\r\x1b[K" + text);
    rl_forced_update_display();
  }

  void set_typing(bool is_typing) {
    const std::scoped_lock lock(mutex_);
    is_typing_ = is_typing;
    if (is_typing || waiting_.empty()) return;
    print(waiting_);
    waiting_.clear();
  }

  Completer completer_;
  WakePipe wake_;
  std::mutex mutex_;
  bool is_typing_ = false;
  std::string waiting_;  // to be shown by the reading thread
};

}  // namespace

std::unique_ptr<LineReader> make_pipe_reader() {
  return std::make_unique<PipeReader>();
}

std::unique_ptr<LineReader> make_terminal_reader(Completer completer) {
  return std::make_unique<TerminalReader>(std::move(completer));
}

}  // namespace drover::shell
