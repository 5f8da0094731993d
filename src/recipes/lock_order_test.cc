// Goal: contenders are ordered as Curator's and kazoo's own code orders them. Cases: Curator's
// answers to the same names, and its rules for names of others.
#include "recipes/lock_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::recipes {
namespace {

using testing::ElementsAre;
using Place = Standing::Place;

constexpr auto kFirst = "_c_ffffffff-0000-4000-8000-000000000000-lock-0000000001";
constexpr auto kSecond = "_c_00000000-0000-4000-8000-000000000000-lock-0000000002";
constexpr auto kThird = "_c_77777777-0000-4000-8000-000000000000-lock-0000000003";

TEST(LockOrderTest, TheUuidDoesNotCount) {
  EXPECT_THAT(sorted_children({kThird, kSecond, kFirst}, {"lock-"}),
              ElementsAre(kFirst, kSecond, kThird));
}

TEST(LockOrderTest, OnlyTheLastLockNameCounts) {
  EXPECT_THAT(sorted_children({"lock-9-lock-0000000001", "lock-0000000000"}, {"lock-"}),
              ElementsAre("lock-0000000000", "lock-9-lock-0000000001"));
}

TEST(LockOrderTest, ForeignChildrenTakePartByTheirWholeNames) {
  const auto order = first_come_order("lock-", 1);
  EXPECT_EQ(order({kFirst, "aaa"}, kFirst).place, Place::kHolds);
  const auto blocked = order({kFirst, "!x"}, kFirst);
  EXPECT_EQ(blocked.place, Place::kWaits);
  EXPECT_EQ(blocked.blocker, "!x");
  // kazoo's name has no `lock-`: it counts by its first letters.
  EXPECT_EQ(order({kFirst, "a3f1__lock__0000000000"}, kFirst).place, Place::kHolds);
  EXPECT_EQ(order({kFirst, "00000000000000000000__lock__0000000000"}, kFirst).place, Place::kWaits);
}

TEST(LockOrderTest, EveryoneWatchesTheOneBefore) {
  const auto order = first_come_order("lock-", 1);
  EXPECT_EQ(order({kThird, kFirst, kSecond}, kThird).blocker, kSecond);
  EXPECT_EQ(order({kThird, kFirst, kSecond}, kSecond).blocker, kFirst);
  EXPECT_EQ(order({kThird, kFirst}, kSecond).place, Place::kMissing);
}

TEST(LockOrderTest, SeveralHolders) {
  const auto order = first_come_order("lock-", 2);
  EXPECT_EQ(order({kThird, kFirst, kSecond}, kSecond).place, Place::kHolds);
  EXPECT_EQ(order({kThird, kFirst, kSecond}, kThird).blocker, kFirst);
}

constexpr auto kReader1 = "_c_a-__READ__0000000001";
constexpr auto kWriter2 = "_c_b-__WRIT__0000000002";
constexpr auto kReader2 = "_c_a-__READ__0000000002";  // of the owner of writer 2
constexpr auto kWriter3 = "_c_0-__WRIT__0000000003";
constexpr auto kReader4 = "_c_0-__READ__0000000004";

TEST(LockOrderTest, ReadersShareWritersDoNot) {
  EXPECT_EQ(read_order()({kWriter2, kReader1}, kReader1).place, Place::kHolds);
  EXPECT_EQ(write_order()({kWriter2, kReader1}, kWriter2).blocker, kReader1);
  EXPECT_EQ(write_order()({kWriter3, kWriter2}, kWriter2).place, Place::kHolds);
}

TEST(LockOrderTest, ReadersWaitForTheFirstWriter) {
  EXPECT_EQ(read_order()({kReader4, kWriter3, kWriter2}, kReader4).blocker, kWriter2);
}

TEST(LockOrderTest, AReaderWithItsWritersNumberStandsBehindItAndBeforeTheNextWriter) {
  EXPECT_THAT(sorted_children({kReader2, kWriter3, kWriter2}, read_write_names()),
              ElementsAre(kWriter2, kReader2, kWriter3));
  EXPECT_EQ(write_order()({kReader2, kWriter3}, kWriter3).blocker, kReader2);
  EXPECT_EQ(read_order()({kReader2, kWriter2}, kReader2).blocker, kWriter2);
  const auto beside = read_beside_order(kWriter2);
  EXPECT_EQ(beside({kReader2, kWriter2}, kReader2).place, Place::kHolds);
  EXPECT_EQ(beside({kWriter2}, kReader2).place, Place::kMissing);
  EXPECT_EQ(beside({kReader2, kWriter3}, kReader2).place, Place::kMissing);
}

constexpr auto kKazooLock1 = "ffff__lock__0000000001";
constexpr auto kKazooRead2 = "eeee__rlock__0000000002";
constexpr auto kKazooLock3 = "0000__lock__0000000003";

TEST(LockOrderTest, KazooOrdersByTheNumberAndSeesNothingElse) {
  const auto order = kazoo_order({"__lock__"});
  EXPECT_EQ(order({kKazooLock3, kKazooLock1, kKazooRead2, kFirst}, kKazooLock1).place,
            Place::kHolds);
  EXPECT_EQ(order({kKazooLock3, kKazooLock1, kKazooRead2, kFirst}, kKazooLock3).blocker,
            kKazooLock1);
  EXPECT_EQ(order({kKazooLock1}, kKazooLock3).place, Place::kMissing);
  EXPECT_EQ(kazoo_order({"__lock__", "-lock-"})({kFirst, kKazooLock3}, kKazooLock3).blocker,
            kFirst);
}

TEST(LockOrderTest, KazooReadersWaitForEarlierWritersOnly) {
  const auto read = kazoo_order({"__lock__"});
  EXPECT_EQ(read({kKazooRead2, kKazooLock3}, kKazooRead2).place, Place::kHolds);
  EXPECT_EQ(read({kKazooRead2, kKazooLock1, kKazooLock3}, kKazooRead2).blocker, kKazooLock1);
  const auto write = kazoo_order({"__lock__", "__rlock__"});
  EXPECT_EQ(write({kKazooRead2, kKazooLock3}, kKazooLock3).blocker, kKazooRead2);
}

TEST(LockOrderTest, KazooTakesANumberPastTheEnd) {
  constexpr auto kPastTheEnd = "dddd__lock__-2147483648";
  EXPECT_THAT(
      kazoo_contenders({kKazooLock1, kPastTheEnd, "short", "x__lock__00000000xx"}, {"__lock__"}),
      ElementsAre(kPastTheEnd, kKazooLock1));
}

}  // namespace
}  // namespace drover::recipes
