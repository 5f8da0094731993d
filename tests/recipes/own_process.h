#pragma once
// One test of this program in a process of its own, to be killed.

#include <sys/types.h>

#include <string>

namespace drover::test {

// Runs the disabled test `name` ("Suite.DISABLED_Name"); its output is thrown away.
[[nodiscard]] pid_t start_own_process(const std::string& name, const std::string& server);
// In such a process: the `server` that it was given; nullptr in any other.
[[nodiscard]] const char* server_of_own_process();

}  // namespace drover::test
