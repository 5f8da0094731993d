// connect, close, quit, exit, history, redo, help.

#include <fmt/format.h>

#include <algorithm>

#include "shell/command.h"
#include "shell/format.h"
#include "shell/help.h"
#include "shell/json.h"

namespace drover::shell {
namespace {

constexpr std::size_t kHistoryShown = 11;

CommandResult connect(ShellSession& session, const ParsedWords& words) {
  auto connected = words.args.size() > 1 ? session.connect(words.args[1]) : session.connect();
  if (!connected) return command_error("connect: " + connected.error().message);
  return connected;
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
  if (size == 0) text = "0 - null\n";  // zkCli's, where a single command was given
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
  const auto size = session.history.size();  // this very redo is the last
  if (*index < 0 || static_cast<std::size_t>(*index) + 1 >= size) {
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

CommandResult help(ShellSession& session, const ParsedWords& words) {
  if (words.args.size() < 2) {
    session.put("help", all_help(), all_help());
    return {};
  }
  const auto* command = find_command(words.args[1]);
  if (command == nullptr) {
    return bad_value("help", "command", words.args[1], "one of those `help` lists");
  }
  const auto text = command_help(*command);
  session.put("help", text, text);
  return {};
}

constexpr Command kCommands[] = {
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
     .syntax = "[command]",
     .needs_session = false,
     .has_options = false,
     .run = help,
     .is_ours = true},
};

}  // namespace

std::span<const Command> session_commands() {
  return kCommands;
}

}  // namespace drover::shell
