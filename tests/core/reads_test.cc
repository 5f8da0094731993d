// Goal: the reads of section 4.5, their checks in order, and multi and multiRead of section 7.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "socketless.h"

namespace drover::core_test {
namespace {

using testing::ElementsAre;
using wire::OpCode;

class ReadsTest : public testing::Test {
 protected:
  std::vector<std::string> lines() {
    server.run();
    return client.heard();
  }
  Server server;
  Client& client = server.connect();
};

TEST_F(ReadsTest, ATreeThatIsNew) {
  client.get_children("/");
  client.get_children("/zookeeper");
  client.with_path(OpCode::kGetAllChildrenNumber, "/");
  client.get_data("/");
  client.get_data("");
  client.get_children("", false, OpCode::kGetChildren2);
  client.exists("");
  EXPECT_THAT(lines(),
              ElementsAre("1 @1 getChildren [zookeeper]", "2 @1 getChildren [config quota]",
                          "3 @1 getAllChildrenNumber 3", "4 @1 getData  v0", "5 @1 getData  v0",
                          "6 @1 getChildren2 [zookeeper] v0", "7 @1 exists v0"));
}

TEST_F(ReadsTest, ReadsDoNotValidatePaths) {
  client.create("/a");
  client.get_data("/a/");
  client.get_data("a");
  client.get_children("//");
  client.exists(std::string_view("/a\0b", 4));
  client.get_data(std::string_view("/a\0b", 4));
  EXPECT_THAT(lines(), ElementsAre("1 @2 create /a", "2 @2 getData NONODE", "3 @2 getData NONODE",
                                   "4 @2 getChildren NONODE", "5 @2 exists BADARGUMENTS",
                                   "6 @2 getData NONODE"));
}

TEST_F(ReadsTest, ANullPathIsAMarshallingError) {
  const std::string_view null_and_watch("\xff\xff\xff\xff\x00", 5);
  for (const OpCode op : {OpCode::kExists, OpCode::kGetData, OpCode::kGetChildren,
                          OpCode::kGetChildren2, OpCode::kGetAcl, OpCode::kGetAllChildrenNumber}) {
    client.raw(op, null_and_watch);
    EXPECT_THAT(lines(), ElementsAre(testing::EndsWith("MARSHALLINGERROR")));
  }
}

TEST_F(ReadsTest, NullDataIsNotEmptyData) {
  client.raw(OpCode::kCreate,
             std::string_view("\0\0\0\2/n\xff\xff\xff\xff\0\0\0\1\0\0\0\x1f\0\0\0\5world\0\0\0\6"
                              "anyone\0\0\0\0",
                              41));
  client.get_data("/n");
  client.set_data("/n", "");
  client.get_data("/n");
  EXPECT_THAT(lines(), ElementsAre("1 @2 create /n", "2 @2 getData null v0", "3 @3 setData v1",
                                   "4 @3 getData  v1"));
}

TEST_F(ReadsTest, ReadNeedsPermission) {
  client.authenticate("digest", "u:p");
  client.create("/a", "secret", 0, OpCode::kCreate, {{31, "auth", ""}});
  client.create("/w", "", 0, OpCode::kCreate, {{2, "world", "anyone"}});
  lines();
  Client& stranger = server.connect();
  stranger.get_data("/a");
  stranger.exists("/a");
  stranger.get_children("/a");
  stranger.with_path(OpCode::kGetAcl, "/a");
  stranger.with_path(OpCode::kGetAllChildrenNumber, "/a");
  stranger.get_data("/w");
  stranger.multi({read_op(OpCode::kGetData, "/a"), read_op(OpCode::kGetChildren, "/")},
                 OpCode::kMultiRead);
  server.run();
  EXPECT_THAT(
      stranger.heard(),
      ElementsAre("1 @4 getData NOAUTH", "2 @4 exists NOAUTH", "3 @4 getChildren NOAUTH",
                  "4 @4 getACL NOAUTH", "5 @4 getAllChildrenNumber NOAUTH", "6 @4 getData NOAUTH",
                  "7 @4 multiRead NOAUTH (getChildren [a w zookeeper])"));
  client.get_data("/a");
  EXPECT_THAT(lines(), ElementsAre("4 @4 getData secret v0"));
}

TEST_F(ReadsTest, GetAclMasksTheHashFromWhoMayNotAdminister) {
  client.authenticate("digest", "u:p");
  client.create("/a", "", 0, OpCode::kCreate,
                {{31, "auth", ""}, {1, "world", "anyone"}, {1, "ip", "10.0.0.1"}});
  client.with_path(OpCode::kGetAcl, "/a");
  client.with_path(OpCode::kGetAcl, "/");
  client.with_path(OpCode::kGetAcl, "/none");
  EXPECT_THAT(lines(), ElementsAre("1 @0 auth", "2 @2 create /a",
                                   "3 @2 getACL digest:u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=:31 "
                                   "world:anyone:1 ip:10.0.0.1:1",
                                   "4 @2 getACL world:anyone:31", "5 @2 getACL NONODE"));
  Client& stranger = server.connect();
  stranger.with_path(OpCode::kGetAcl, "/a");
  server.run();
  EXPECT_THAT(stranger.heard(),
              ElementsAre("1 @3 getACL digest:u:x:31 world:anyone:1 ip:10.0.0.1:1"));
}

TEST_F(ReadsTest, EphemeralsByPrefix) {
  for (const char* path : {"/ab", "/a"}) client.create(path, "", 1);
  client.create("/p");
  client.create("/p/e", "", 1);
  lines();
  Client& other = server.connect();
  other.create("/theirs", "", 1);
  server.run();
  for (const wire::NullableBytes prefix :
       {wire::NullableBytes(), wire::NullableBytes(""), wire::NullableBytes(" \t"),
        wire::NullableBytes("/"), wire::NullableBytes(" / ")}) {
    client.with_path(OpCode::kGetEphemerals, prefix);
    EXPECT_THAT(lines(), ElementsAre(testing::EndsWith("getEphemerals [/a /ab /p/e]")));
  }
  client.with_path(OpCode::kGetEphemerals, "/a");
  client.with_path(OpCode::kGetEphemerals, "/p/");
  client.with_path(OpCode::kGetEphemerals, "/none");
  EXPECT_THAT(lines(), ElementsAre(testing::EndsWith("[/a /ab]"), testing::EndsWith("[/p/e]"),
                                   testing::EndsWith("[]")));
}

TEST_F(ReadsTest, WhoAmIShowsUsersWithoutHashes) {
  client.authenticate("digest", "u:p");
  client.bare(OpCode::kWhoAmI);
  EXPECT_THAT(lines(), ElementsAre("1 @0 auth", "2 @1 whoAmI ip:127.0.0.1 digest:u"));
}

TEST_F(ReadsTest, MultiReadGoesOnAfterAnError) {
  client.create("/a", "x");
  client.multi({read_op(OpCode::kGetData, "/none"), read_op(OpCode::kGetData, "/a"),
                read_op(OpCode::kGetChildren, "/a")},
               OpCode::kMultiRead);
  client.multi({}, OpCode::kMultiRead);
  client.multi({read_op(OpCode::kGetData, "/a"), read_op(OpCode::kExists, "/a")},
               OpCode::kMultiRead);
  EXPECT_THAT(lines(),
              ElementsAre("1 @2 create /a", "2 @2 multiRead NONODE (getData x v0) (getChildren [])",
                          "3 @2 multiRead", "4 @2 multiRead MARSHALLINGERROR"));
  EXPECT_TRUE(server.lanes[0]->watches().empty()) << "the watch flag inside is ignored";
}

TEST_F(ReadsTest, MultiSucceedsOrFailsAsAWhole) {
  client.multi({create_op("/a"), create_op("/a/b", "x"), set_data_op("/a/b", "y", 0),
                check_op("/a/b", 1), delete_op("/a/b")});
  client.multi({check_op("/a", 9), delete_op("/a")});
  client.multi({});
  client.exists("/a");
  EXPECT_THAT(lines(), ElementsAre("1 @2 multi (create /a) (create /a/b) (setData v1) (check) "
                                   "(delete)",
                                   "2 @3 multi BADVERSION RUNTIMEINCONSISTENCY", "3 @4 multi",
                                   "4 @4 exists v0"));
}

TEST_F(ReadsTest, EveryKindOfCreateAnswersItsOwnWay) {
  Server extended({.replica = {.prepare = {.extended_types_enabled = true}}});
  Client& user = extended.connect();
  user.create("/s-", "", 2);
  user.create("/s-", "", 3);
  user.create("/c2", "", 0, OpCode::kCreate2);
  user.create("/container", "", 4, OpCode::kCreateContainer);
  user.create_ttl("/ttl", 1000);
  extended.run();
  EXPECT_THAT(user.heard(), ElementsAre("1 @2 create /s-0000000000", "2 @3 create /s-0000000001",
                                        "3 @4 create2 /c2 v0", "4 @5 createContainer /container v0",
                                        "5 @6 createTTL /ttl v0"));
}

TEST_F(ReadsTest, ReconfigOfAServerAlone) {
  client.raw(OpCode::kReconfig, std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                                                 "\xff\xff\xff\xff\xff\xff\xff\xff",
                                                 20));
  EXPECT_THAT(lines(), ElementsAre("1 @2 reconfig RECONFIGDISABLED"));
}

}  // namespace
}  // namespace drover::core_test
