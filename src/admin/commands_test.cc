// Goal: what commands say when it depends on the state of the server. Whole pages are compared with
// Apache's in tests/integration/test_admin_commands.py.

#include "admin/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace drover::admin {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string page(std::string_view name, const StatusView& view) {
  const Command* command = find_command(name);
  return command == nullptr ? "unknown" : command_page(*command, view);
}

TEST(CommandsTest, NamesAreUniqueAndFound) {
  std::set<std::string_view> names;
  for (const Command& command : commands()) {
    for (const std::string_view name : command.names) {
      EXPECT_TRUE(names.insert(name).second) << name;
      EXPECT_EQ(find_command(name), &command);
    }
  }
  EXPECT_EQ(find_command("nosuch"), nullptr);
  EXPECT_EQ(find_command(""), nullptr);
}

TEST(CommandsTest, WithoutALeaderOnlySomeAnswer) {
  StatusView view;
  view.serving = false;
  EXPECT_EQ(page("stats", view), R"({
  "command" : "stats",
  "error" : "This ZooKeeper instance is not currently serving requests"
})");
  EXPECT_EQ(page("ruok", view), "{\n  \"command\" : \"ruok\",\n  \"error\" : null\n}");
  EXPECT_THAT(page("gtmk", view), HasSubstr("\"tracemask\" : 306"));
}

TEST(CommandsTest, AnErrorOfTheCommandItselfStandsFirst) {
  EXPECT_EQ(page("leader", {}), R"({
  "error" : "server is not initialized",
  "command" : "leader"
})");
}

TEST(CommandsTest, SessionIdsAreSignedDecimals) {
  StatusView view;
  view.data_watches = {{"/a\"b", wire::SessionId(-2)}};
  EXPECT_THAT(page("wchc", view), HasSubstr("\"-2\" : [ \"/a\\\"b\" ]"));
  EXPECT_THAT(page("wchp", view), HasSubstr("\"/a\\\"b\" : [ -2 ]"));
}

TEST(CommandsTest, WithoutASnapshot) {
  EXPECT_THAT(page("lsnp", {}), HasSubstr("\"zxid\" : \"ffffffffffffffff\""));
}

TEST(CommandsTest, AConnectionWithoutASessionHasFiveFields) {
  StatusView view;
  view.connections.emplace_back();
  EXPECT_THAT(page("cons", view), testing::Not(HasSubstr("session_id")));
  view.connections[0].session = wire::SessionId(1);
  EXPECT_THAT(page("cons", view), HasSubstr("\"session_id\" : 1"));
  EXPECT_THAT(page("stat", view), testing::Not(HasSubstr("session_id")));
}

TEST(CommandsTest, TheIndexIsHtml) {
  EXPECT_THAT(command_index("/zk"),
              StartsWith("<a href=\"/zk/configuration\">configuration</a>\n<br/>\n"));
}

}  // namespace
}  // namespace drover::admin
