#pragma once
// `drover shell`: Apache's zkCli, word for word.

#include <string>
#include <vector>

namespace drover::shell {

// `words` are those after "shell": options, then perhaps a command. Returns the exit code: that of
// the last command; 0 good, 1 failed, 127 no such command.
int run(const std::vector<std::string>& words);

// What `drover shell --help` prints, for the manual page.
[[nodiscard]] std::string usage();

}  // namespace drover::shell
