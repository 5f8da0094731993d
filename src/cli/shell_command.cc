#include "cli/shell_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/path.h"

namespace drover::cli {
namespace {

constexpr int kExitCommandNotFound = 127;

std::string all_usages() {
  std::string text = "ZooKeeper -server host:port -client-configuration properties-file cmd args";
  for (const auto* command : all_commands()) {
    text += fmt::format("\n\t{} {}", command->name, command->syntax);
  }
  return text;
}

CommandResult execute(ShellSession& session, const std::vector<std::string>& words) {
  const auto& commands = all_commands();
  const auto found =
      std::find_if(commands.begin(), commands.end(),
                   [&](const ShellCommand* command) { return command->name == words.front(); });
  if (found == commands.end()) {
    session.err_line(all_usages());
    return command_error(fmt::format("Command not found: Command not found {}", words.front()),
                         kExitCommandNotFound);
  }
  const ShellCommand& command = **found;
  if (command.needs_session && !session.is_alive()) {
    session.out_line("Not connected");
    return {};
  }
  if (!command.needs_session) return command.run(session, {.args = words, .given = {}});
  const auto parsed = parse_words(command.options, words);
  if (!parsed) return command_error(parsed.error());
  if (parsed->args.size() < command.args_min + 1) return command_error(command.usage());
  return command.run(session, *parsed);
}

}  // namespace

std::string ShellCommand::usage() const {
  auto text = fmt::format("{} {}", name, syntax);
  if (!usage_lists_options) return text;
  const auto shown = [](const OptionSpec& option) {
    return fmt::format("-{}{}", option.name, option.takes_value ? " <arg>" : "");
  };
  std::size_t width = 0;
  for (const auto& option : options) width = std::max(width, shown(option).size());
  text += '\n';
  for (const auto& option : options) {
    text += fmt::format(" {:<{}}   {}\n", shown(option), width, option.description);
  }
  return text;
}

const std::vector<const ShellCommand*>& all_commands() {
  static const auto all = [] {
    std::vector<const ShellCommand*> commands;
    for (const auto family : {read_commands(), write_commands(), acl_commands(), quota_commands(),
                              watch_commands(), config_commands(), session_commands()}) {
      for (const auto& command : family) commands.push_back(&command);
    }
    std::sort(commands.begin(), commands.end(),
              [](const auto* a, const auto* b) { return a->name < b->name; });
    return commands;
  }();
  return all;
}

void run_words(ShellSession& session, const std::vector<std::string>& words) {
  const auto result = execute(session, words);
  // quit tells the shell's exit code, which is that of the command before it.
  if (!session.is_finished) session.exit_code = result ? 0 : result.error().exit_code;
  if (!result && !result.error().message.empty()) session.err_line(result.error().message);
}

void run_line(ShellSession& session, const std::string& line) {
  const auto words = split_words(line);
  if (words.empty()) return;
  session.history.push_back(line);
  run_words(session, words);
}

CommandResult check_path(std::string_view path, bool sequential) {
  if (const auto problem = client::path_problem(path, sequential)) return command_error(*problem);
  return {};
}

}  // namespace drover::cli
