// connect, close, quit, exit, history, redo, help.

#include <fmt/format.h>

#include <algorithm>

#include "cli/shell_command.h"
#include "cli/shell_format.h"

namespace drover::cli {
namespace {

constexpr std::size_t kHistoryShown = 11;

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
  for (auto i = size - std::min(size, kHistoryShown); i < size; ++i) {
    session.out_line(fmt::format("{} - {}", i, session.history[i]));
  }
  return {};
}

CommandResult redo(ShellSession& session, const ParsedWords& words) {
  if (words.args.size() < 2) return {};
  const auto index = parse_number<std::int32_t>(words.args[1]);
  if (!index) {
    return command_error(
        fmt::format("java.lang.NumberFormatException: For input string: \"{}\"", words.args[1]));
  }
  const auto present = session.history.size() - 1;  // this very redo
  if (*index < 0 || static_cast<std::size_t>(*index) >= present) {
    return command_error("Command index out of range");
  }
  const auto line = session.history[static_cast<std::size_t>(*index)];
  const auto again = split_words(line);
  if (again.front() == "redo") return command_error("No redoing redos");
  session.history.back() = line;
  run_words(session, again);
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
    {"connect", "host:port", {}, 0, false, connect},
    {"close", "", {}, 0, true, close},
    {"quit", "", {}, 0, false, quit},
    {"exit", "", {}, 0, false, quit},
    {"history", "", {}, 0, false, history},
    {"redo", "cmdno", {}, 0, false, redo},
    {"help", "", {}, 0, false, help},
};

}  // namespace

std::span<const ShellCommand> session_commands() {
  return kCommands;
}

}  // namespace drover::cli
