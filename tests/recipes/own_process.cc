#include "recipes/own_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <unistd.h>

#include <cstdlib>

namespace drover::test {

namespace {

constexpr const char* kServerVariable = "DROVER_TEST_OWN_PROCESS_SERVER";

}  // namespace

pid_t start_own_process(const std::string& name, const std::string& server) {
  setenv(kServerVariable, server.c_str(), 1);
  char program[] = "/proc/self/exe";
  std::string filter = "--gtest_filter=" + name;
  char disabled[] = "--gtest_also_run_disabled_tests";
  char* arguments[] = {program, filter.data(), disabled, nullptr};
  pid_t process = 0;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  EXPECT_EQ(posix_spawn(&process, program, &actions, nullptr, arguments, environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  return process;
}

const char* server_of_own_process() {
  return std::getenv(kServerVariable);
}

}  // namespace drover::test
