// Which events reach the listener, and what is re-registered.
#include "client/watch_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/client_records.h"

namespace drover::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using enum EventType;

TEST(WatchRegistryTest, OneShotsAreUsedUp) {
  WatchRegistry watches;
  watches.add(WatchKind::kData, "/a");
  EXPECT_FALSE(watches.take(kNodeDataChanged, "/b"));
  EXPECT_FALSE(watches.take(kNodeChildrenChanged, "/a"));
  EXPECT_TRUE(watches.take(kNodeDataChanged, "/a"));
  EXPECT_FALSE(watches.take(kNodeDataChanged, "/a"));

  watches.add(WatchKind::kExist, "/a");
  EXPECT_TRUE(watches.take(kNodeCreated, "/a"));
  EXPECT_FALSE(watches.take(kNodeCreated, "/a"));
}

TEST(WatchRegistryTest, DeletionTakesDataAndChildTogether) {
  WatchRegistry watches;
  watches.add(WatchKind::kData, "/a");
  watches.add(WatchKind::kChild, "/a");
  EXPECT_TRUE(watches.take(kNodeDeleted, "/a"));
  EXPECT_FALSE(watches.take(kNodeDeleted, "/a"));
  EXPECT_FALSE(watches.take(kNodeChildrenChanged, "/a"));
}

TEST(WatchRegistryTest, PersistentStaysAndIsExact) {
  WatchRegistry watches;
  watches.add(WatchKind::kPersistent, "/a");
  for (int round = 0; round < 2; ++round) {
    for (const auto type : {kNodeCreated, kNodeDeleted, kNodeDataChanged, kNodeChildrenChanged}) {
      EXPECT_TRUE(watches.take(type, "/a"));
      EXPECT_FALSE(watches.take(type, "/a/b"));
    }
  }
}

TEST(WatchRegistryTest, RecursiveCoversTheSubtreeButNoChildEvents) {
  WatchRegistry watches;
  watches.add(WatchKind::kPersistentRecursive, "/a");
  EXPECT_TRUE(watches.take(kNodeCreated, "/a/b/c"));
  EXPECT_TRUE(watches.take(kNodeDataChanged, "/a"));
  EXPECT_FALSE(watches.take(kNodeChildrenChanged, "/a"));
  EXPECT_FALSE(watches.take(kNodeCreated, "/ab"));

  watches.clear();
  watches.add(WatchKind::kPersistentRecursive, "/");
  EXPECT_TRUE(watches.take(kNodeCreated, "/x/y"));
  EXPECT_TRUE(watches.take(kNodeDataChanged, "/"));
}

TEST(WatchRegistryTest, RemovalTellsWhatWentAway) {
  WatchRegistry watches;
  watches.add(WatchKind::kData, "/a");
  watches.add(WatchKind::kExist, "/a");
  watches.add(WatchKind::kChild, "/a");
  watches.add(WatchKind::kPersistent, "/a");
  EXPECT_THAT(watches.remove(WatcherType::kChildren, "/a"), ElementsAre(kChildWatchRemoved));
  EXPECT_FALSE(watches.contains(WatcherType::kChildren, "/a"));
  EXPECT_TRUE(watches.contains(WatcherType::kAny, "/a"));
  EXPECT_THAT(watches.remove(WatcherType::kAny, "/a"),
              ElementsAre(kDataWatchRemoved, kPersistentWatchRemoved));
  EXPECT_THAT(watches.remove(WatcherType::kAny, "/a"), IsEmpty());
}

TEST(WatchRegistryTest, RearmUsesSetWatches2OnlyForPersistentOnes) {
  WatchRegistry watches;
  EXPECT_THAT(watches.rearm(wire::Zxid(5)), IsEmpty());
  watches.add(WatchKind::kData, "/d");
  watches.add(WatchKind::kExist, "/e");
  watches.add(WatchKind::kChild, "/c");
  auto rearm = watches.rearm(wire::Zxid(5));
  ASSERT_EQ(rearm.size(), 1u);
  EXPECT_EQ(rearm[0].op, wire::OpCode::kSetWatches);
  wire::JuteReader in(rearm[0].body);
  const auto request = wire::SetWatchesRequest::decode(in, false);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.remaining(), 0u);
  EXPECT_EQ(request.relative_zxid, wire::Zxid(5));
  EXPECT_THAT(*request.data, ElementsAre("/d"));
  EXPECT_THAT(*request.exist, ElementsAre("/e"));
  EXPECT_THAT(*request.child, ElementsAre("/c"));

  watches.add(WatchKind::kPersistentRecursive, "/r");
  rearm = watches.rearm(wire::Zxid(5));
  ASSERT_EQ(rearm.size(), 1u);
  EXPECT_EQ(rearm[0].op, wire::OpCode::kSetWatches2);
  wire::JuteReader in2(rearm[0].body);
  EXPECT_THAT(*wire::SetWatchesRequest::decode(in2, true).persistent_recursive, ElementsAre("/r"));
}

TEST(WatchRegistryTest, RearmIsSplitAndLosesNothing) {
  WatchRegistry watches;
  for (int i = 0; i < 2000; ++i) {
    watches.add(i % 2 == 0 ? WatchKind::kData : WatchKind::kChild,
                "/" + std::string(200, 'x') + std::to_string(i));
  }
  std::size_t count = 0;
  const auto rearm = watches.rearm(wire::Zxid(1));
  EXPECT_GE(rearm.size(), 3u);
  for (const auto& part : rearm) {
    EXPECT_LE(part.body.size(), 160u << 10);
    wire::JuteReader in(part.body);
    const auto request = wire::SetWatchesRequest::decode(in, false);
    ASSERT_TRUE(in.ok());
    count += request.data->size() + request.child->size();
  }
  EXPECT_EQ(count, 2000u);
}

}  // namespace
}  // namespace drover::client
