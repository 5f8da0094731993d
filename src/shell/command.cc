#include "shell/command.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/path.h"
#include "shell/format.h"
#include "shell/interrupt.h"

namespace drover::shell {
namespace {

constexpr int kExitCommandNotFound = 127;
constexpr int kExitInterrupted = 130;  // as of a program that Ctrl-C ends

std::string all_usages() {
  std::string text = "ZooKeeper -server host:port -client-configuration properties-file cmd args";
  for (const auto* command : all_commands()) {
    text += fmt::format("\n\t{} {}", command->name, command->syntax);
  }
  return text;
}

std::string option_lines(std::span<const OptionSpec> options) {
  const auto shown = [](const OptionSpec& option) {
    return fmt::format("-{}{}", option.name, option.takes_value ? " <arg>" : "");
  };
  std::size_t width = 0;
  for (const auto& option : options) width = std::max(width, shown(option).size());
  std::string text;
  for (const auto& option : options) {
    text += fmt::format(" {:<{}}   {}\n", shown(option), width, option.description);
  }
  return text;
}

// Old scripts write `ls path watch`: any second argument asks for a watch, with a reminder. Like
// Apache's shell this puts -w in the place of the third word, whatever that was.
std::expected<ParsedWords, std::string> in_new_form(ShellSession& session, const Command& command,
                                                    std::vector<std::string> words) {
  session.note(fmt::format("'{} path [watch]' has been deprecated. Please use '{}' instead.",
                           command.name, command.watch_form));
  words[2] = "-w";
  return parse_words(command.options, words);
}

CommandResult run_parsed(ShellSession& session, const Command& command,
                         const std::vector<std::string>& words) {
  auto parsed = parse_words(command.options, words);
  if (!parsed) return command_error(parsed.error());
  if (parsed->has("?")) {
    session.put(
        "usage", command.syntax,
        fmt::format("usage: {} [options] path\n{}", command.name, option_lines(command.options)));
  }
  const auto args = parsed->args.size() - 1;
  if (args < command.args_min || args > command.args_max) return command_error(command.usage());
  if (!command.watch_form.empty() && args > 1) {
    parsed = in_new_form(session, command, words);
    if (!parsed) return command_error(parsed.error());
  }
  return command.run(session, *parsed);
}

CommandResult execute(ShellSession& session, const std::vector<std::string>& words) {
  const auto* command = find_command(words.front());
  if (command == nullptr) {
    if (!session.is_json()) session.note(all_usages());
    return command_error(fmt::format("Command not found: Command not found {}", words.front()),
                         kExitCommandNotFound);
  }
  if (command->needs_session && !session.is_alive()) {
    say_if_not_connected(session);
    return {};
  }
  if (!command->has_options) return command->run(session, {.args = words, .given = {}});
  return run_parsed(session, *command, words);
}

// Takes `--json` out of the words, unless it is an argument behind "--".
bool take_json(std::vector<std::string>& words) {
  const auto end = std::find(words.begin(), words.end(), "--");
  const auto kept = std::remove(words.begin(), end, "--json");
  const bool is_asked = kept != end;
  words.erase(kept, end);
  return is_asked;
}

}  // namespace

std::string Command::usage() const {
  auto text = fmt::format("{} {}", name, syntax);
  if (usage_lists_options) text += "\n" + option_lines(options);
  return text;
}

const std::vector<const Command*>& all_commands() {
  static const auto all = [] {
    std::vector<const Command*> commands;
    for (const auto family :
         {read_commands(), write_commands(), acl_commands(), quota_commands(), watch_commands(),
          config_commands(), session_commands(), tree_commands(), follow_commands(),
          transfer_commands(), top_commands()}) {
      for (const auto& command : family) commands.push_back(&command);
    }
    std::sort(commands.begin(), commands.end(),
              [](const auto* a, const auto* b) { return a->name < b->name; });
    return commands;
  }();
  return all;
}

const Command* find_command(std::string_view name) {
  const auto& commands = all_commands();
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [&](const auto* command) { return command->name == name; });
  return found == commands.end() ? nullptr : *found;
}

void run_words(ShellSession& session, std::vector<std::string> words) {
  session.begin_answer(take_json(words));
  if (words.empty()) return;
  auto result = execute(session, words);
  if (!result && is_interrupted()) {
    result = command_error(
        fmt::format("{}: interrupted; what was sent may have been done", words.front()),
        kExitInterrupted);
  }
  // quit tells the shell's exit code, which is that of the command before it.
  if (!session.is_finished) session.exit_code = result ? 0 : result.error().exit_code;
  session.end_answer(words.front(), result);
}

void run_line(ShellSession& session, const std::string& line) {
  auto words = split_words(line);
  if (words.empty()) return;
  session.history.push_back(line);
  run_words(session, std::move(words));
}

CommandResult check_path(std::string_view path, bool sequential) {
  if (const auto problem = client::path_problem(path, sequential)) return command_error(*problem);
  return {};
}

std::unexpected<CommandError> bad_value(std::string_view command, std::string_view where,
                                        std::string_view value, std::string_view allowed) {
  return command_error(fmt::format("{}: {} '{}' is not {}", command, where, value, allowed));
}

std::expected<std::int32_t, CommandError> version_of(const ParsedWords& words) {
  if (!words.has("v")) return -1;
  const auto version = parse_number<std::int32_t>(words.value("v"));
  if (!version) {
    return bad_value(words.args[0], "-v", words.value("v"),
                     "a version: a whole number, -1 for any");
  }
  return *version;
}

std::expected<std::optional<std::int32_t>, CommandError> count_of(const ParsedWords& words,
                                                                  std::string_view option,
                                                                  std::string_view what,
                                                                  std::int32_t most) {
  if (!words.has(option)) return std::nullopt;
  const auto count = parse_number<std::int32_t>(words.value(option));
  if (count && *count > 0 && *count <= most) return *count;
  return bad_value(words.args[0], fmt::format("-{}", option), words.value(option),
                   fmt::format("a number of {} from 1 to {}", what, most));
}

void say_if_not_connected(ShellSession& session) {
  if (!session.is_alive()) session.put("connected", false, "Not connected\n");
}

std::string child_path(std::string_view parent, std::string_view name) {
  return fmt::format("{}/{}", parent == "/" ? "" : parent, name);
}

}  // namespace drover::shell
