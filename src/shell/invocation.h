#pragma once
// How the shell was called: zkCli's options, and the client properties that Java programs are given
// in a file (-client-configuration) or as -Dname=value.

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "shell/shell_session.h"

namespace drover::shell {

struct Invocation {
  ShellSession::Options session;
  bool waits_for_connection = false;
  bool wants_help = false;
  std::vector<std::string> command;   // empty: read lines
  std::vector<std::string> warnings;  // for stderr, one line each
};

// Error: a value that makes no sense, with the exit code that Apache's shell ends with.
[[nodiscard]] std::expected<Invocation, CommandError> parse_invocation(
    const std::vector<std::string>& words);

}  // namespace drover::shell
