#pragma once
// One command of the shell, as a row of a table.

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shell/shell_session.h"
#include "shell/words.h"

namespace drover::shell {

struct Command {
  std::string_view name;
  std::string_view syntax;  // after the name, in listings and when too little was said
  std::span<const OptionSpec> options = {};
  std::size_t args_min = 0;  // beside the name
  std::size_t args_max = std::numeric_limits<std::size_t>::max();
  bool needs_session = true;
  bool has_options = true;  // false: words that begin with '-' are arguments as others are
  CommandResult (*run)(ShellSession& session, const ParsedWords& words) = nullptr;
  bool usage_lists_options = false;  // Apache does so for some commands
  // Set where a second argument once asked for a watch: what to say instead.
  std::string_view watch_form = {};
  bool is_ours = false;  // Apache's shell has no such command

  // What is said when too little was.
  [[nodiscard]] std::string usage() const;
};

// One table for each family of commands.
[[nodiscard]] std::span<const Command> read_commands();
[[nodiscard]] std::span<const Command> write_commands();
[[nodiscard]] std::span<const Command> acl_commands();
[[nodiscard]] std::span<const Command> quota_commands();
[[nodiscard]] std::span<const Command> watch_commands();
[[nodiscard]] std::span<const Command> config_commands();
[[nodiscard]] std::span<const Command> session_commands();
[[nodiscard]] std::span<const Command> tree_commands();
[[nodiscard]] std::span<const Command> follow_commands();
[[nodiscard]] std::span<const Command> transfer_commands();
[[nodiscard]] std::span<const Command> top_commands();

// All of them, sorted by name.
[[nodiscard]] const std::vector<const Command*>& all_commands();
// nullptr: there is none of that name.
[[nodiscard]] const Command* find_command(std::string_view name);

// Runs one line; what it says goes to the session's streams, its exit code into the session.
void run_line(ShellSession& session, const std::string& line);
// Runs a command that is already in words; `--json` anywhere before "--" asks for a JSON answer.
void run_words(ShellSession& session, std::vector<std::string> words);

// Error with ZooKeeper's text when the path cannot name a znode.
[[nodiscard]] CommandResult check_path(std::string_view path, bool sequential = false);

// For a value that is not what its place wants: one line that names the command, the value and what
// is allowed.
[[nodiscard]] std::unexpected<CommandError> bad_value(std::string_view command,
                                                      std::string_view where,
                                                      std::string_view value,
                                                      std::string_view allowed);
// The value of -v; -1, for any, where it was not given.
[[nodiscard]] std::expected<std::int32_t, CommandError> version_of(const ParsedWords& words);

// The value of an option that counts something, from 1 to `most`; nullopt where it was not given.
[[nodiscard]] std::expected<std::optional<std::int32_t>, CommandError> count_of(
    const ParsedWords& words, std::string_view option, std::string_view what, std::int32_t most);
// zkCli's history, redo and printwatches do their work without a session, then say this.
void say_if_not_connected(ShellSession& session);

[[nodiscard]] std::string child_path(std::string_view parent, std::string_view name);

}  // namespace drover::shell
