#include "shell/screen.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace drover::shell {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

// The first of these that is set decides, as for setlocale().
bool is_utf8_locale() {
  for (const auto* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto value = variable(name);
    if (value.empty()) continue;
    return value.find("UTF-8") != std::string_view::npos ||
           value.find("utf8") != std::string_view::npos;
  }
  return false;
}

}  // namespace

Screen::Screen()
    : is_terminal_(isatty(STDOUT_FILENO) == 1),
      has_colours_(is_terminal_ && variable("NO_COLOR").empty() && variable("TERM") != "dumb"),
      has_unicode_(is_utf8_locale()) {}

const Screen& Screen::instance() {
  static const Screen screen;
  return screen;
}

std::string Screen::in(Colour colour, std::string_view text) const {
  if (!has_colours_) return std::string(text);
  constexpr int kCodes[] = {1, 2, 31, 32, 33, 34};
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<std::size_t>(colour)], text);
}

Screen::Size Screen::size() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
    return {};
  }
  return {.lines = size.ws_row, .columns = size.ws_col};
}

}  // namespace drover::shell
