// Texts as Apache's shell prints them; the samples were taken from it.
#include "shell/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace drover::shell {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ShellFormatTest, Stat) {
  setenv("TZ", "UTC", 1);
  const Stat stat{.czxid = 0x2d6b4,
                  .mzxid = 0x2d6bf,
                  .ctime = 1795270213000,
                  .mtime = 0,
                  .version = 2,
                  .cversion = -2,
                  .aversion = 1,
                  .ephemeral_owner = static_cast<std::int64_t>(0x8000'0000'0000'0001u),
                  .data_length = 5,
                  .num_children = 2,
                  .pzxid = 0x2d6b4};
  EXPECT_EQ(
      stat_text(stat),
      "cZxid = 0x2d6b4\nctime = Sat Nov 21 14:10:13 UTC 2026\nmZxid = 0x2d6bf\n"
      "mtime = Thu Jan 01 00:00:00 UTC 1970\npZxid = 0x2d6b4\ncversion = -2\ndataVersion = 2\n"
      "aclVersion = 1\nephemeralOwner = 0x8000000000000001\ndataLength = 5\nnumChildren = 2\n");
}

TEST(ShellFormatTest, Acl) {
  EXPECT_EQ(acl_text({{perms::kAll, {"world", "anyone"}}, {perms::kRead, {"digest", "u:x"}}}),
            "'world,'anyone\n: cdrwa\n'digest,'u:x\n: r\n");
}

TEST(ShellFormatTest, AclSplitsAtTheFirstAndLastColon) {
  const auto parsed = parse_acl("digest:u:hash=:rw,world:anyone:cdrwa");
  EXPECT_THAT(parsed.complaints, IsEmpty());
  EXPECT_THAT(parsed.acl, ElementsAre(Acl{perms::kRead | perms::kWrite, {"digest", "u:hash="}},
                                      Acl{perms::kAll, {"world", "anyone"}}));
}

TEST(ShellFormatTest, AclPartsThatMakeNoSenseAreNamed) {
  const auto parsed = parse_acl("foo,a:b,x:y:rz");
  EXPECT_THAT(parsed.complaints,
              ElementsAre("foo does not have the form scheme:id:perm",
                          "a:b does not have the form scheme:id:perm", "Unknown perm type: z"));
  EXPECT_THAT(parsed.acl, ElementsAre(Acl{perms::kRead, {"x", "y"}}));
}

TEST(ShellFormatTest, Errors) {
  EXPECT_EQ(error_text({ErrorCode::kNoNode, "/a"}), "Node does not exist: /a");
  EXPECT_EQ(error_text({ErrorCode::kInvalidAcl, ""}), "Acl is not valid : null");
  EXPECT_EQ(error_text({ErrorCode::kConnectionLoss, "/"}),
            "KeeperErrorCode = ConnectionLoss for /");
  EXPECT_EQ(error_text({ErrorCode::kUnimplemented, ""}), "KeeperErrorCode = Unimplemented");
  EXPECT_EQ(error_text({ErrorCode::kNoWatcher, "/x"}), "KeeperErrorCode = No such watcher for /x");
}

TEST(ShellFormatTest, Events) {
  EXPECT_EQ(event_text({EventType::kNone, KeeperState::kSyncConnected, "", -1}),
            "WatchedEvent state:SyncConnected type:None path:null zxid: -1");
  EXPECT_EQ(event_text({EventType::kNodeDeleted, KeeperState::kSyncConnected, "/a", 16}),
            "WatchedEvent state:SyncConnected type:NodeDeleted path:/a zxid: 16");
}

TEST(ShellFormatTest, HexDump) {
  EXPECT_EQ(hex_dump("abc\n"),
            "         +-------------------------------------------------+\n"
            "         |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |\n"
            "+--------+-------------------------------------------------+----------------+\n"
            "|00000000| 61 62 63 0a                                     |abc.            |\n"
            "+--------+-------------------------------------------------+----------------+");
  EXPECT_EQ(hex_dump(""), "");
}

TEST(ShellFormatTest, NumbersAsJavaReadsThem) {
  EXPECT_EQ(parse_number<std::int32_t>("-5"), -5);
  EXPECT_EQ(parse_number<std::int32_t>("+5"), 5);
  for (const char* bad : {"", "x", "5x", "+-5", "2147483648", " 5"}) {
    EXPECT_EQ(parse_number<std::int32_t>(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace drover::shell
