// DIFF, TRUNC or SNAP. Goal: the decisions of Apache's leader (LearnerHandlerTest) as far as they
// rest on the log in memory; where Apache would read the log on disk, a snapshot. Method: one row
// per case.

#include "zab/sync_plan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace drover::zab {
namespace {

Zxid z(std::int64_t counter) {
  return Zxid(counter);
}
Zxid z(std::int64_t epoch, std::int64_t counter) {
  return Zxid::of(epoch, counter);
}

ProposalLog log_of(const std::vector<Zxid>& txns) {
  ProposalLog log;
  for (const Zxid zxid : txns) log.append({zxid, "txn"});
  log.settle();
  return log;
}

ProposalLog log_behind(Zxid base, const std::vector<Zxid>& txns) {
  ProposalLog log;
  log.reset(base);
  for (const Zxid zxid : txns) log.append({zxid, "txn"});
  log.settle();
  return log;
}

std::string text(Zxid zxid) {
  return fmt::format("{}:{}", zxid.epoch(), zxid.counter());
}

// `DIFF 1:2 after 1:0`, or `DIFF 1:2` when nothing follows it.
std::string plan(const ProposalLog& log, Zxid last_processed, Zxid learner, bool force = false) {
  const SyncPlan decided = plan_sync(learner, last_processed, log, force);
  const char* const names[] = {"DIFF", "TRUNC", "SNAP"};
  std::string head =
      fmt::format("{} {}", names[static_cast<int>(decided.kind)], text(decided.zxid));
  if (decided.send_after == decided.zxid) return head;
  return fmt::format("{} after {}", head, text(decided.send_after));
}

TEST(SyncPlanTest, EmptyLog) {
  const ProposalLog log = log_behind(z(1), {});
  EXPECT_EQ(plan(log, z(1), z(3)), "TRUNC 0:1");
  EXPECT_EQ(plan(log, z(1), z(1)), "DIFF 0:1");
  EXPECT_EQ(plan(log, z(1), z(0)), "SNAP 0:1");
}

TEST(SyncPlanTest, NobodyHasAnything) {
  EXPECT_EQ(plan(ProposalLog(), z(0), z(0)), "DIFF 0:0");
}

TEST(SyncPlanTest, InsideTheLog) {
  const ProposalLog log = log_of({z(2), z(3), z(4), z(5)});
  EXPECT_EQ(plan(log, z(5), z(2)), "DIFF 0:5 after 0:2");
  EXPECT_EQ(plan(log, z(5), z(4)), "DIFF 0:5 after 0:4");
  EXPECT_EQ(plan(log, z(5), z(5)), "DIFF 0:5");
  EXPECT_EQ(plan(log, z(5), z(6)), "TRUNC 0:5");
  EXPECT_EQ(plan(log, z(5), z(1)), "SNAP 0:5");
}

TEST(SyncPlanTest, NothingFromBeforeAHole) {
  const ProposalLog log = log_of({z(2), z(3), z(5)});
  EXPECT_EQ(plan(log, z(5), z(2)), "SNAP 0:5");
  EXPECT_EQ(plan(log, z(5), z(4)), "SNAP 0:5");
  EXPECT_EQ(plan(log, z(5), z(5)), "DIFF 0:5");
}

TEST(SyncPlanTest, WhatOnlyTheDiskHas) {
  const ProposalLog log = log_of({z(6), z(7), z(8)});
  EXPECT_EQ(plan(log, z(8), z(4)), "SNAP 0:8");
  EXPECT_EQ(plan(log, z(8), z(3)), "SNAP 0:8");
  EXPECT_EQ(plan(log_behind(z(7), {}), z(7), z(1)), "SNAP 0:7");
  EXPECT_EQ(plan(log_of({z(7), z(8)}), z(8), z(3)), "SNAP 0:8");
}

TEST(SyncPlanTest, JustBeforeTheLog) {
  const ProposalLog log = log_behind(z(1, 7), {z(2, 1), z(2, 2)});
  EXPECT_EQ(plan(log, z(2, 2), z(1, 7)), "DIFF 2:2 after 1:7");
  EXPECT_EQ(plan(log, z(2, 2), z(1, 6)), "SNAP 2:2");
  EXPECT_EQ(plan(log, z(2, 2), z(1, 8)), "SNAP 2:2");
}

TEST(SyncPlanTest, JustBeforeWhatWasEvicted) {
  ProposalLog log({.txns_min = 1, .txns_max = 2, .bytes_max = 1000});
  for (std::int64_t n = 1; n <= 5; ++n) log.append({z(1, n), "txn"});
  log.settle();
  EXPECT_EQ(plan(log, z(1, 5), z(1, 3)), "DIFF 1:5 after 1:3");
  EXPECT_EQ(plan(log, z(1, 5), z(1, 2)), "SNAP 1:5");
}

TEST(SyncPlanTest, StartsOfEpochs) {
  const ProposalLog log = log_of({z(1, 1), z(1, 2)});
  EXPECT_EQ(plan(log, z(2, 0), z(0)), "SNAP 2:0");
  EXPECT_EQ(plan(log, z(2, 0), z(1, 0)), "DIFF 1:2 after 1:0");
  EXPECT_EQ(plan(log, z(2, 0), z(2, 0)), "DIFF 2:0");
  EXPECT_EQ(plan(log, z(1, 2), z(2, 0)), "SNAP 1:2");
  const ProposalLog two_epochs = log_of({z(1, 1), z(1, 2), z(3, 1)});
  EXPECT_EQ(plan(two_epochs, z(3, 1), z(2, 0)), "DIFF 3:1 after 2:0");
  EXPECT_EQ(plan(two_epochs, z(3, 1), z(3, 0)), "DIFF 3:1 after 3:0");
}

TEST(SyncPlanTest, AForeignEndOfAnEpochIsNotTruncated) {
  const ProposalLog log = log_of({z(1, 1), z(2, 1), z(2, 2), z(4, 1)});
  EXPECT_EQ(plan(log, z(6, 0), z(3, 1)), "SNAP 6:0");
  EXPECT_EQ(plan(log, z(4, 1), z(2, 3)), "SNAP 4:1");
  EXPECT_EQ(plan(log, z(4, 1), z(5, 3)), "TRUNC 4:1")
      << "above all: Apache crosses epochs here too";
}

TEST(SyncPlanTest, OnlyWhatIsCommittedCounts) {
  ProposalLog log;
  for (std::int64_t n = 1; n <= 4; ++n) log.append({z(1, n), "txn"});
  EXPECT_EQ(plan(log, z(0), z(1, 2)), "TRUNC 0:0") << "nothing is committed";
  log.commit(z(1, 2));
  EXPECT_EQ(plan(log, z(1, 2), z(1, 1)), "DIFF 1:2 after 1:1");
  EXPECT_EQ(plan(log, z(1, 2), z(1, 4)), "TRUNC 1:2");
}

TEST(SyncPlanTest, AnEmptyServerAndAForcedOne) {
  const ProposalLog log = log_of({z(1, 1), z(1, 2)});
  EXPECT_EQ(plan(log, z(1, 2), Zxid(-1)), "SNAP 1:2");
  EXPECT_EQ(plan(log, z(1, 2), z(0)), "SNAP 1:2") << "0 is the base here, and is not trusted";
  EXPECT_EQ(plan(log, z(1, 2), z(1, 2), true), "SNAP 1:2");
}

}  // namespace
}  // namespace drover::zab
