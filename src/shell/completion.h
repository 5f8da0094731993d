#pragma once
// What Tab offers: commands, their options, live paths.

#include <string>
#include <vector>

#include "shell/shell_session.h"

namespace drover::shell {

// Whole replacements for the last of `words`, sorted. Asks the server for the children of a path.
[[nodiscard]] std::vector<std::string> completions(ShellSession& session,
                                                   const std::vector<std::string>& words);

}  // namespace drover::shell
