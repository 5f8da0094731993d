// connect, close, quit, exit, history, redo, help.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cli/shell_command.h"
#include "cli/shell_json.h"

namespace drover::cli {
namespace {

constexpr std::size_t kHistoryShown = 11;

// As Java's Integer.decode: decimal, 0x hexadecimal, 0 octal, with a sign.
std::optional<std::int32_t> decode_number(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.starts_with('#')) {
    base = 16;
    text.remove_prefix(1);
  } else if (text.starts_with('0') && text.size() > 1) {
    base = 8;
    text.remove_prefix(1);
  }
  std::int32_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end || text.starts_with('-')) return std::nullopt;
  return is_negative ? -value : value;
}

CommandResult connect(ShellSession& session, const ParsedWords& words) {
  return words.args.size() > 1 ? session.connect(words.args[1]) : session.connect();
}

CommandResult close(ShellSession& session, const ParsedWords&) {
  session.close();
  return {};
}

CommandResult quit(ShellSession& session, const ParsedWords&) {
  if (session.is_alive()) session.close();
  session.is_finished = true;
  return {};
}

CommandResult history(ShellSession& session, const ParsedWords&) {
  const auto size = session.history.size();
  std::string text;
  std::vector<std::string> lines;
  for (auto i = size - std::min(size, kHistoryShown); i < size; ++i) {
    lines.push_back(session.history[i]);
    text += fmt::format("{} - {}\n", i, session.history[i]);
  }
  session.put("lines", list_json(lines), text);
  say_if_not_connected(session);
  return {};
}

CommandResult redo(ShellSession& session, const ParsedWords& words) {
  if (words.args.size() < 2) {
    say_if_not_connected(session);
    return {};
  }
  const auto index = decode_number(words.args[1]);
  if (!index) return bad_value("redo", "number", words.args[1], "one of those `history` shows");
  const auto present = session.history.size() - 1;  // this very redo
  if (*index < 0 || static_cast<std::size_t>(*index) >= present) {
    return command_error("Command index out of range");
  }
  const auto line = session.history[static_cast<std::size_t>(*index)];
  auto again = split_words(line);
  if (again.front() == "redo") return command_error("No redoing redos");
  session.history.back() = line;
  run_words(session, std::move(again));
  say_if_not_connected(session);
  return {};
}

CommandResult help(ShellSession& session, const ParsedWords&) {
  std::string text;
  for (const auto* command : all_commands()) {
    text += fmt::format("\t{} {}\n", command->name, command->syntax);
  }
  session.out(text);
  return {};
}

constexpr ShellCommand kCommands[] = {
    {.name = "connect",
     .syntax = "host:port",
     .needs_session = false,
     .has_options = false,
     .run = connect},
    {.name = "close", .syntax = "", .has_options = false, .run = close},
    {.name = "quit", .syntax = "", .needs_session = false, .has_options = false, .run = quit},
    {.name = "exit",
     .syntax = "",
     .needs_session = false,
     .has_options = false,
     .run = quit,
     .is_ours = true},
    {.name = "history", .syntax = "", .needs_session = false, .has_options = false, .run = history},
    {.name = "redo", .syntax = "cmdno", .needs_session = false, .has_options = false, .run = redo},
    {.name = "help",
     .syntax = "",
     .needs_session = false,
     .has_options = false,
     .run = help,
     .is_ours = true},
};

}  // namespace

std::span<const ShellCommand> session_commands() {
  return kCommands;
}

}  // namespace drover::cli
