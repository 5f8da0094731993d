// Rules that every row of the tables keeps.

#include "shell/command.h"

#include <gtest/gtest.h>

#include <set>

#include "shell/help.h"

namespace drover::shell {
namespace {

TEST(ShellCommandTest, EveryCommandIsThereOnceAndTaught) {
  std::set<std::string_view> names;
  for (const auto* command : all_commands()) {
    EXPECT_TRUE(names.insert(command->name).second) << command->name;
    EXPECT_NE(command->run, nullptr) << command->name;
    EXPECT_FALSE(command_summary(command->name).empty()) << command->name;
    EXPECT_NE(command_help(*command).find("Example"), std::string::npos) << command->name;
    for (const auto& option : command->options) {
      EXPECT_FALSE(option.description.empty()) << command->name << " -" << option.name;
    }
  }
}

TEST(ShellCommandTest, OnlyOurOwnOptionsHaveLongNames) {
  for (const auto* command : all_commands()) {
    for (const auto& option : command->options) {
      EXPECT_TRUE(command->is_ours || option.long_name.empty()) << command->name;
    }
  }
}

}  // namespace
}  // namespace drover::shell
