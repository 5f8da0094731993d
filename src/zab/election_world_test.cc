// Whole elections on a simulated network: the examples that books tell, one of them to be read as a
// transcript, and thousands of random ones.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "zab/election_test_support.h"

namespace drover::zab {
namespace {

using testing::ElectionWorld;
using testing::ensemble_of;

TEST(ElectionWorldTest, FiveServersStartedOneByOneElectTheThird) {
  ElectionWorld world(ensemble_of(5), {}, 1);
  world.start(1);
  world.run_ms(1000);
  EXPECT_EQ(world.leader_of(1), 0);
  world.start(2);
  world.run_ms(1000);
  EXPECT_EQ(world.leader_of(1), 0) << "two of five are no quorum";
  EXPECT_EQ(world.leader_of(2), 0);
  EXPECT_EQ(world.election(1).current_vote().leader, ServerId(2));
  world.start(3);
  world.run_ms(150);
  EXPECT_EQ(world.leader_of(3), 0) << "the others may be on their way";
  world.run_ms(100);
  EXPECT_EQ(world.agreed(), 3) << world.state();
  world.run_ms(1000);
  world.start(4);
  world.run_ms(10);
  EXPECT_EQ(world.agreed(), 3) << world.state();
  world.start(5);
  world.run_ms(10);
  EXPECT_EQ(world.agreed(), 3) << world.state();
}

TEST(ElectionWorldTest, TheNewestTxnWinsAfterTheLeaderIsLost) {
  ElectionWorld world(ensemble_of(5), {}, 1);
  const std::int64_t counters[] = {10, 10, 9, 9, 8};
  for (int sid = 1; sid <= 5; ++sid) world.history(sid) = {1, 1, Zxid::of(1, counters[sid - 1])};
  world.start_all({1});
  world.run_ms(20);
  EXPECT_EQ(world.agreed(), 2) << world.state();
}

// A later epoch beats any zxid of an earlier one.
TEST(ElectionWorldTest, TheEpochCountsFirst) {
  ElectionWorld world(ensemble_of(3), {}, 1);
  world.history(1) = {2, 2, Zxid::of(1, 5)};
  world.history(2) = world.history(3) = {1, 1, Zxid::of(1, 9)};
  world.start_all();
  world.run_ms(20);
  EXPECT_EQ(world.agreed(), 1) << world.state();
}

TEST(ElectionWorldTest, AFrozenServerIsWaitedForOnce) {
  ElectionWorld world(ensemble_of(3), {}, 1);
  for (int sid = 1; sid <= 3; ++sid) world.start(sid);
  world.run_ms(20);
  ASSERT_EQ(world.agreed(), 3) << world.state();
  world.stop(3, true);
  world.run_ms(150);  // until its followers look
  ASSERT_EQ(world.leader_of(1), 0) << world.state();
  world.run_ms(150);
  EXPECT_EQ(world.leader_of(1), 0) << "3 may have a better vote";
  world.run_ms(150);
  EXPECT_EQ(world.agreed(), 2) << world.state();
}

TEST(ElectionWorldTest, ObserversLearnWhoLeads) {
  ElectionWorld world(ensemble_of(3, 2), {}, 1);
  world.start(4);
  world.start(5);
  world.run_ms(3000);
  EXPECT_EQ(world.leader_of(4), 0);
  for (int sid = 1; sid <= 3; ++sid) world.start(sid);
  world.run_ms(1600);  // their questions have become rare
  EXPECT_EQ(world.agreed(), 3) << world.state();
  EXPECT_EQ(world.role(4), Role::kObserving);
}

TEST(ElectionWorldTest, GroupsElectToo) {
  auto config = ensemble_of(6);
  for (int sid = 1; sid <= 6; ++sid) config.groups[ServerId(sid)] = (sid - 1) / 2;
  for (const int sid : {5, 6}) config.weights[ServerId(sid)] = 0;
  ElectionWorld world(config, {}, 1);
  for (int sid = 1; sid <= 6; ++sid) world.start(sid);
  world.run_ms(1000);
  EXPECT_EQ(world.agreed(), 4) << "5 and 6 have no weight\n" << world.state();
}

TEST(ElectionWorldTest, AServerWithoutHistoryDoesNotVote) {
  ElectionWorld world(ensemble_of(3), {}, 1);
  world.start(3, {0, 0, Zxid(-1)});
  world.start(2, {0, 0, Zxid(-1)});
  world.run_ms(2000);
  EXPECT_EQ(world.leader_of(2), 0) << "two empty servers are no quorum";
  world.start(1, {0, 0, Zxid(0)});
  world.run_ms(2000);
  EXPECT_EQ(world.leader_of(1), 0) << "one with history is none either";
  world.stop(2);
  world.start(2, {0, 0, Zxid(0)});
  world.run_ms(2000);
  EXPECT_EQ(world.agreed(), 2) << world.state();
  EXPECT_EQ(world.role(3), Role::kFollowing);
}

std::string contents(const std::string& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

// To be read: testdata/election_transcript.txt. A changed election shows there as a diff.
TEST(ElectionWorldTest, Transcript) {
  ElectionWorld world(ensemble_of(3), {}, 1);
  world.start(1, {1, 1, Zxid::of(1, 7)});
  world.run_ms(300);
  world.start(2, {1, 1, Zxid::of(1, 9)});
  world.run_ms(300);
  world.start(3, {1, 1, Zxid::of(1, 8)});
  world.run_ms(300);
  world.stop(2);
  world.run_ms(400);
  EXPECT_EQ(world.agreed(), 3) << world.state();
  EXPECT_EQ(world.text(), contents(DROVER_TESTDATA "/election_transcript.txt"));
}

// When every message gets through in time, the best server wins, in one round.
TEST(ElectionWorldTest, RandomElectionsChooseTheBest) {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    base::Prng prng(seed);
    const int voters = 1 + static_cast<int>(prng.below(7));
    ElectionWorld world(ensemble_of(voters, static_cast<int>(prng.below(2))),
                        {.delay_ms_min = 1, .delay_ms_max = 20}, seed);
    int best = 0;
    std::pair<std::int64_t, std::int64_t> best_history;
    for (int sid = 1; sid <= voters; ++sid) {
      const auto epoch = static_cast<std::int64_t>(prng.below(3));
      const auto zxid = Zxid::of(epoch, static_cast<std::int64_t>(prng.below(4)));
      world.history(sid) = {epoch, epoch, zxid};
      if (best == 0 || std::pair(epoch, zxid.value) >= best_history) {
        best = sid;
        best_history = {epoch, zxid.value};
      }
    }
    world.start_all();
    world.run_ms(400);
    ASSERT_EQ(world.agreed(), best) << "seed " << seed << "\n" << world.text();
  }
}

// Losses, deaths, freezes, restarts; then peace, after which all must agree.
TEST(ElectionWorldTest, RandomFaultsEndInOneLeader) {
  std::int64_t longest_ms = 0;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    base::Prng prng(seed);
    const int voters = 2 + static_cast<int>(prng.below(6));
    const int all = voters + static_cast<int>(prng.below(3));
    ElectionWorld world(ensemble_of(voters, all - voters),
                        {.delay_ms_min = 0,
                         .delay_ms_max = static_cast<std::int64_t>(prng.below(100)),
                         .loss_percent = static_cast<int>(prng.below(50)),
                         .election = {.notification_interval_ms_max = 2000}},
                        seed);
    for (int event = 0; event < 12; ++event) {
      const int sid = 1 + static_cast<int>(prng.below(static_cast<std::uint64_t>(all)));
      if (world.is_up(sid)) {
        world.stop(sid, prng.chance(1, 3));
      } else {
        world.start(sid);
      }
      world.run_ms(static_cast<std::int64_t>(prng.below(700)));
    }
    world.set_loss(0);
    for (int sid = 1; sid <= all; ++sid) {
      if (!world.is_up(sid)) world.start(sid);
    }
    const auto peace = world.now();
    while (world.agreed() == 0 && (world.now() - peace) < std::chrono::seconds(30)) {
      world.run_ms(100);
    }
    ASSERT_NE(world.agreed(), 0) << "seed " << seed << "\n" << world.state();
    longest_ms = std::max(longest_ms, (world.now() - peace).count() / 1'000'000);
    const int leader = world.agreed();
    world.run_ms(5000);
    ASSERT_EQ(world.agreed(), leader) << "seed " << seed << ": what is settled stays\n"
                                      << world.state();
  }
  RecordProperty("longest_ms", static_cast<int>(longest_ms));
}

}  // namespace
}  // namespace drover::zab
