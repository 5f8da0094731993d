#pragma once
// What `help` teaches: a sentence, the meaning of what the syntax names, an example with its
// answer.

#include <string>
#include <string_view>

#include "shell/command.h"

namespace drover::shell {

// One line for lists. Empty: nobody wrote one, which a test forbids.
[[nodiscard]] std::string_view command_summary(std::string_view name);
// All about one command.
[[nodiscard]] std::string command_help(const Command& command);
// One line for each command.
[[nodiscard]] std::string all_help();

}  // namespace drover::shell
