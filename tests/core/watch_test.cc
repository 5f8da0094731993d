// Goal: section 9 of the protocol from request to event frame: which txn tells whom what, in which
// order.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "socketless.h"

namespace drover::core_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using wire::OpCode;

constexpr std::int32_t kPersistent = 0;
constexpr std::int32_t kRecursive = 1;

// A writer and a watcher on lanes of their own; the watcher's lines are what each test reads.
class WatchTest : public testing::TestWithParam<std::uint32_t> {
 protected:
  std::vector<std::string> events() {
    server.run();
    writer.heard();
    return watcher.heard();
  }
  void quiet() {
    server.run();
    writer.heard();
    watcher.heard();
  }

  Server server{{.lanes = 2}};
  Client& writer = server.connect(0);
  Client& watcher = server.connect(GetParam());
};
INSTANTIATE_TEST_SUITE_P(SameLaneAndOther, WatchTest, testing::Values(0, 1));

TEST_P(WatchTest, ExistsWatchesAnAbsentZnode) {
  watcher.exists("/a", true);
  quiet();
  writer.create("/a");
  EXPECT_THAT(events(), ElementsAre("event @3 Created /a"));
  writer.set_data("/a", "x");
  EXPECT_THAT(events(), IsEmpty()) << "one shot";
}

TEST_P(WatchTest, GetDataAndExistsShareOneWatch) {
  writer.create("/a");
  quiet();
  watcher.exists("/a", true);
  watcher.get_data("/a", true);
  quiet();
  writer.set_data("/a", "x");
  EXPECT_THAT(events(), ElementsAre("event @4 DataChanged /a"));
}

TEST_P(WatchTest, AReadThatFailsLeavesNoWatch) {
  watcher.get_data("/a", true);
  watcher.get_children("/a", true);
  quiet();
  writer.create("/a");
  writer.create("/a/b");
  EXPECT_THAT(events(), IsEmpty());
}

TEST_P(WatchTest, ChildWatch) {
  writer.create("/a");
  quiet();
  watcher.get_children("/a", true);
  quiet();
  writer.set_data("/a", "x");
  EXPECT_THAT(events(), IsEmpty());
  writer.create("/a/b");
  EXPECT_THAT(events(), ElementsAre("event @5 ChildrenChanged /a"));
  watcher.get_children("/a", true, OpCode::kGetChildren2);
  quiet();
  writer.remove("/a/b");
  EXPECT_THAT(events(), ElementsAre("event @6 ChildrenChanged /a"));
}

TEST_P(WatchTest, CreateTellsTheZnodeThenItsParent) {
  watcher.get_children("/", true);
  watcher.exists("/a", true);
  quiet();
  writer.create("/a");
  EXPECT_THAT(events(), ElementsAre("event @3 Created /a", "event @3 ChildrenChanged /"));
}

TEST_P(WatchTest, DeleteTellsOnceThenTheParent) {
  writer.create("/a");
  quiet();
  watcher.get_children("/", true);
  watcher.get_children("/a", true);
  watcher.get_data("/a", true);
  quiet();
  writer.remove("/a");
  EXPECT_THAT(events(), ElementsAre("event @4 Deleted /a", "event @4 ChildrenChanged /"));
  writer.create("/a");
  writer.create("/a/b");
  EXPECT_THAT(events(), IsEmpty()) << "the delete consumed the data and the child watch";
}

TEST_P(WatchTest, AChildWatchAloneHearsOfTheDelete) {
  writer.create("/a");
  quiet();
  watcher.get_children("/a", true);
  quiet();
  writer.remove("/a");
  EXPECT_THAT(events(), ElementsAre("event @4 Deleted /a"));
}

TEST_P(WatchTest, PersistentWatch) {
  watcher.with_path_and_mode(OpCode::kAddWatch, "/a", kPersistent);
  server.run();
  EXPECT_THAT(watcher.heard(), ElementsAre("1 @2 addWatch 0"));
  writer.create("/a");
  writer.set_data("/a", "x");
  writer.set_data("/a", "y");
  writer.create("/a/b");
  writer.set_data("/a/b", "z");
  writer.remove("/a/b");
  writer.remove("/a");
  writer.create("/a");
  EXPECT_THAT(events(), ElementsAre("event @3 Created /a", "event @4 DataChanged /a",
                                    "event @5 DataChanged /a", "event @6 ChildrenChanged /a",
                                    "event @8 ChildrenChanged /a", "event @9 Deleted /a",
                                    "event @10 Created /a"));
}

TEST_P(WatchTest, RecursiveWatch) {
  watcher.with_path_and_mode(OpCode::kAddWatch, "/a", kRecursive);
  quiet();
  writer.create("/a");
  writer.create("/a/b");
  writer.create("/a/b/c");
  writer.set_data("/a/b/c", "x");
  writer.create("/ab");
  writer.remove("/a/b/c");
  writer.remove("/a/b");
  writer.remove("/a");
  EXPECT_THAT(events(),
              ElementsAre("event @3 Created /a", "event @4 Created /a/b", "event @5 Created /a/b/c",
                          "event @6 DataChanged /a/b/c", "event @8 Deleted /a/b/c",
                          "event @9 Deleted /a/b", "event @10 Deleted /a"));
}

TEST_P(WatchTest, PersistentAndRecursiveTogether) {
  writer.create("/a");
  quiet();
  watcher.with_path_and_mode(OpCode::kAddWatch, "/a", kPersistent);
  watcher.with_path_and_mode(OpCode::kAddWatch, "/a", kRecursive);
  watcher.get_data("/a", true);
  quiet();
  writer.create("/a/b");
  writer.set_data("/a", "x");
  EXPECT_THAT(events(), ElementsAre("event @4 Created /a/b", "event @4 ChildrenChanged /a",
                                    "event @5 DataChanged /a"));
}

TEST_P(WatchTest, FailedWritesAndOnesWithoutChangeTellNothing) {
  writer.create("/a");
  quiet();
  watcher.with_path_and_mode(OpCode::kAddWatch, "/", kRecursive);
  quiet();
  writer.create("/a");
  writer.set_data("/a", "x", 7);
  writer.set_acl("/a", {{31, "world", "anyone"}});
  writer.multi({create_op("/b"), check_op("/none", -1)});
  EXPECT_THAT(events(), IsEmpty());
}

TEST_P(WatchTest, AMultiTellsOperationByOperation) {
  watcher.with_path_and_mode(OpCode::kAddWatch, "/", kRecursive);
  watcher.get_children("/", true);
  quiet();
  writer.multi({create_op("/a"), set_data_op("/a", "x"), create_op("/a/b"), delete_op("/a/b"),
                delete_op("/a")});
  EXPECT_THAT(events(), ElementsAre("event @3 Created /a", "event @3 ChildrenChanged /",
                                    "event @3 DataChanged /a", "event @3 Created /a/b",
                                    "event @3 Deleted /a/b", "event @3 Deleted /a"));
}

TEST_P(WatchTest, EveryWatcherIsTold) {
  Client& third = server.connect(1);
  watcher.exists("/a", true);
  third.exists("/a", true);
  quiet();
  third.heard();
  writer.create("/a");
  EXPECT_THAT(events(), ElementsAre("event @4 Created /a"));
  EXPECT_THAT(third.heard(), ElementsAre("event @4 Created /a"));
}

TEST_P(WatchTest, WatchesGoWithTheirConnection) {
  watcher.with_path_and_mode(OpCode::kAddWatch, "/a", kPersistent);
  quiet();
  watcher.disconnect();
  for (const auto& lane : server.lanes) EXPECT_TRUE(lane->watches().empty());
  writer.create("/a");
  server.run();
  EXPECT_THAT(writer.heard(), ElementsAre("1 @3 create /a"));
}

// ---- ACL filter

TEST_P(WatchTest, AnEventIsOnlyForWhoMayRead) {
  writer.authenticate("digest", "u:p");
  watcher.with_path_and_mode(OpCode::kAddWatch, "/", kRecursive);
  quiet();
  writer.create("/secret", "", 0, OpCode::kCreate, {{31, "auth", ""}});
  writer.set_data("/secret", "x");
  writer.create("/open");
  EXPECT_THAT(events(), ElementsAre("event @5 Created /open"));
  watcher.authenticate("digest", "u:p");
  quiet();
  writer.remove("/secret");
  EXPECT_THAT(events(), ElementsAre("event @6 Deleted /secret"));
}

TEST_P(WatchTest, AChildEventIsOnlyForWhoMayReadTheParent) {
  writer.authenticate("digest", "u:p");
  writer.create("/a");
  quiet();
  watcher.with_path_and_mode(OpCode::kAddWatch, "/a", kPersistent);
  quiet();
  writer.set_acl("/a", {{31, "auth", ""}});
  writer.create("/a/b");
  EXPECT_THAT(events(), IsEmpty());
}

TEST_P(WatchTest, AFilteredStandardWatchIsSpentAllTheSame) {
  writer.authenticate("digest", "u:p");
  watcher.exists("/a", true);
  quiet();
  writer.create("/a", "", 0, OpCode::kCreate, {{31, "auth", ""}});
  EXPECT_THAT(events(), IsEmpty());
  writer.set_acl("/a", {{31, "world", "anyone"}});
  writer.set_data("/a", "x");
  EXPECT_THAT(events(), IsEmpty());
}

TEST_P(WatchTest, ExistsOfWhatMayNotBeReadLeavesNoWatch) {
  writer.authenticate("digest", "u:p");
  writer.create("/a", "", 0, OpCode::kCreate, {{31, "auth", ""}});
  quiet();
  watcher.exists("/a", true);
  server.run();
  EXPECT_THAT(watcher.heard(), ElementsAre("1 @3 exists NOAUTH"));
  EXPECT_TRUE(server.lanes[GetParam()]->watches().empty());
}

// An answer is on its way for a while; what commits meanwhile must not be missed by the watch it
// leaves.
TEST_P(WatchTest, ChangesAreWantedFromTheMomentAWatchIsAskedFor) {
  writer.create("/a");
  quiet();
  const lane::Lane& lane = *server.lanes[GetParam()];
  server.hold_disk();
  watcher.set_data("/a", "1");
  watcher.get_data("/a", false);
  server.run();
  EXPECT_FALSE(lane.wants_changes());
  watcher.get_data("/a", true);
  server.run();
  EXPECT_TRUE(lane.wants_changes());
  watcher.disconnect();
  server.run();
  EXPECT_FALSE(lane.wants_changes());
  server.release_disk();
}

TEST_P(WatchTest, ChangesAreWantedFromTheMomentAWatchIsAdded) {
  quiet();
  const lane::Lane& lane = *server.lanes[GetParam()];
  server.hold_disk();
  watcher.create("/a");
  watcher.with_path_and_mode(OpCode::kAddWatch, "/a", kPersistent);
  server.run();
  EXPECT_TRUE(lane.wants_changes());
  server.release_disk();
  server.run();
  EXPECT_TRUE(lane.wants_changes());
  EXPECT_FALSE(lane.watches().empty());
}

// ---- checkWatches, removeWatches

TEST_P(WatchTest, CheckAndRemove) {
  watcher.with_path_and_mode(OpCode::kCheckWatches, "/a", 2);
  watcher.exists("/a", true);
  watcher.with_path_and_mode(OpCode::kCheckWatches, "/a", 2);
  watcher.with_path_and_mode(OpCode::kCheckWatches, "/a", 1);
  watcher.with_path_and_mode(OpCode::kRemoveWatches, "/a", 3);
  watcher.with_path_and_mode(OpCode::kRemoveWatches, "/a", 3);
  watcher.with_path_and_mode(OpCode::kCheckWatches, "/a", 0);
  watcher.with_path_and_mode(OpCode::kRemoveWatches, "/a", 6);
  watcher.with_path_and_mode(OpCode::kCheckWatches, std::nullopt, 3);
  server.run();
  EXPECT_THAT(watcher.heard(),
              ElementsAre("1 @2 checkWatches NOWATCHER", "2 @2 exists NONODE", "3 @2 checkWatches",
                          "4 @2 checkWatches NOWATCHER", "5 @2 removeWatches",
                          "6 @2 removeWatches NOWATCHER", "7 @2 checkWatches MARSHALLINGERROR",
                          "8 @2 removeWatches MARSHALLINGERROR", "9 @2 checkWatches NOWATCHER"));
  writer.create("/a");
  EXPECT_THAT(events(), IsEmpty());
}

TEST_P(WatchTest, AddWatchKnowsTwoModes) {
  watcher.with_path_and_mode(OpCode::kAddWatch, "/a", 2);
  watcher.with_path_and_mode(OpCode::kAddWatch, "/a", -1);
  watcher.with_path_and_mode(OpCode::kAddWatch, std::nullopt, 0);
  watcher.with_path_and_mode(OpCode::kAddWatch, "not a path", 1);
  server.run();
  EXPECT_THAT(watcher.heard(),
              ElementsAre("1 @2 addWatch MARSHALLINGERROR", "2 @2 addWatch MARSHALLINGERROR",
                          "3 @2 addWatch 0", "4 @2 addWatch 0"));
}

// ---- setWatches

using Paths = std::vector<wire::NullableBytes>;

TEST_P(WatchTest, SetWatchesTellsWhatWasMissed) {
  writer.create("/same");                  // 3
  writer.create("/changed");               // 4
  writer.create("/parent-same");           // 5
  writer.create("/parent-changed");        // 6
  writer.set_data("/changed", "x");        // 7
  writer.create("/parent-changed/child");  // 8
  quiet();
  watcher.set_watches(set_watches_request(6, Paths{"/same", "/changed", "/deleted"},
                                          Paths{"/same", "/absent"},
                                          Paths{"/parent-same", "/parent-changed", "/deleted"}));
  EXPECT_THAT(events(),
              ElementsAre("event @-1 DataChanged /changed", "event @-1 Deleted /deleted",
                          "event @-1 Created /same", "event @-1 ChildrenChanged /parent-changed",
                          "event @-1 Deleted /deleted", "1 @8 setWatches"));
  // What was not told is watched again, what was told is not.
  writer.set_data("/same", "y");
  writer.set_data("/changed", "y");
  writer.create("/deleted");
  writer.create("/absent");
  writer.create("/parent-same/child");
  writer.create("/parent-changed/other");
  EXPECT_THAT(events(), ElementsAre("event @9 DataChanged /same", "event @12 Created /absent",
                                    "event @13 ChildrenChanged /parent-same"));
}

TEST_P(WatchTest, SetWatches2BringsPersistentWatchesBack) {
  auto request = set_watches_request(1, Paths{}, Paths{}, Paths{});
  request.persistent = Paths{"/a"};
  request.persistent_recursive = Paths{"/a"};
  watcher.set_watches(request, true);
  EXPECT_THAT(events(), ElementsAre("1 @2 setWatches2"));
  writer.create("/a");
  writer.create("/a/b");
  EXPECT_THAT(events(), ElementsAre("event @3 Created /a", "event @4 Created /a/b",
                                    "event @4 ChildrenChanged /a"));
}

TEST_P(WatchTest, SetWatchesWithANullListDoesNothing) {
  watcher.set_watches(set_watches_request(1, Paths{"/none"}, Paths{}, std::nullopt));
  EXPECT_THAT(events(), ElementsAre("1 @2 setWatches MARSHALLINGERROR"));
  EXPECT_TRUE(server.lanes[GetParam()]->watches().empty());
}

TEST_P(WatchTest, SetWatchesBehindAnOwnWriteSeesItsResult) {
  server.hold_disk();
  watcher.create("/a");
  watcher.set_watches(set_watches_request(2, Paths{"/a"}, Paths{"/a"}, Paths{}));
  server.run();
  server.release_disk();
  EXPECT_THAT(watcher.heard(), ElementsAre("1 @3 create /a", "event @-1 DataChanged /a",
                                           "event @-1 Created /a", "2 @3 setWatches"));
}

}  // namespace
}  // namespace drover::core_test
