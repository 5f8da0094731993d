#pragma once
// One command of the shell, as a row of a table.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/shell_session.h"
#include "cli/shell_words.h"

namespace drover::cli {

struct ShellCommand {
  std::string_view name;
  std::string_view syntax;  // after the name, in listings and when too little was said
  std::span<const OptionSpec> options;
  std::size_t args_min = 0;   // beside the name
  bool needs_session = true;  // false: works without one, and takes its words as they are
  CommandResult (*run)(ShellSession& session, const ParsedWords& words) = nullptr;
  bool usage_lists_options = false;  // Apache does so for some commands

  // What is said when too little was.
  [[nodiscard]] std::string usage() const;
};

// One table for each family of commands.
[[nodiscard]] std::span<const ShellCommand> read_commands();
[[nodiscard]] std::span<const ShellCommand> write_commands();
[[nodiscard]] std::span<const ShellCommand> acl_commands();
[[nodiscard]] std::span<const ShellCommand> quota_commands();
[[nodiscard]] std::span<const ShellCommand> watch_commands();
[[nodiscard]] std::span<const ShellCommand> config_commands();
[[nodiscard]] std::span<const ShellCommand> session_commands();

// All of them, sorted by name.
[[nodiscard]] const std::vector<const ShellCommand*>& all_commands();

// Runs one line; what it says goes to the session's streams, its exit code into the session.
void run_line(ShellSession& session, const std::string& line);
// Runs a command that is already in words.
void run_words(ShellSession& session, const std::vector<std::string>& words);

// Error with ZooKeeper's text when the path cannot name a znode.
[[nodiscard]] CommandResult check_path(std::string_view path, bool sequential = false);

}  // namespace drover::cli
