#pragma once
// `drover shell`: Apache's zkCli, word for word.

#include <string>
#include <vector>

namespace drover::cli {

// `words` are those after "shell": options, then perhaps a command. Returns the exit code: that of
// the last command; 0 good, 1 failed, 127 no such command.
int shell(const std::vector<std::string>& words);

// What `drover shell --help` prints, for the manual page.
[[nodiscard]] std::string shell_help();

}  // namespace drover::cli
