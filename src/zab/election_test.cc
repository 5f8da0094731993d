// One election, event by event.

#include "zab/election.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zab/election_test_support.h"

namespace drover::zab {
namespace {

using ::testing::ElementsAre;
using testing::ensemble_of;
using ::testing::IsEmpty;

constexpr std::int64_t kEpoch = 1;

Vote vote_for(int leader, std::int64_t zxid, Round round = 1, Epoch epoch = kEpoch) {
  return {ServerId(leader), Zxid(zxid), epoch, round};
}

// Server `self` of an ensemble; its history ends with zxid 10 unless said otherwise.
class ElectionTest : public ::testing::Test {
 protected:
  void make(int self, int voters, int observers = 0) {
    config_ = ensemble_of(voters, observers);
    election_.emplace(ServerId(self), config_, ElectionOptions{}, log_);
  }
  void look(std::int64_t zxid = 10) {
    effects_.clear();
    election_->look({kEpoch, kEpoch, Zxid(zxid)}, now_, effects_);
  }
  void hear(int from, Role state, Vote vote, std::int32_t version = 2) {
    effects_.clear();
    election_->on_notification(
        ServerId(from), {.state = state, .vote = vote, .version = version, .config = "version=0"},
        now_, effects_);
  }
  void reachable(int sid, bool reachable) {
    effects_.clear();
    election_->on_reachable(ServerId(sid), reachable, now_, effects_);
  }
  void pass_ms(std::int64_t ms) {
    effects_.clear();
    now_ = now_ + std::chrono::milliseconds(ms);
    election_->on_timer(now_, effects_);
  }
  std::vector<int> told() const {
    std::vector<int> sids;
    for (const auto& send : effects_.sends) sids.push_back(static_cast<int>(send.to.value));
    return sids;
  }
  bool decided(Role role, int leader) const {
    return effects_.decision && effects_.decision->role == role &&
           effects_.decision->vote.leader == ServerId(leader) && election_->role() == role &&
           election_->current_vote() == effects_.decision->vote;
  }
  Role role() const { return election_->role(); }

  EnsembleConfig config_;
  base::NullLog log_;
  std::optional<Election> election_;
  ElectionEffects effects_;
  base::Instant now_ = base::Instant::from_ms(5000);
};

TEST_F(ElectionTest, IsSilentUntilItLooks) {
  make(1, 3);
  hear(2, Role::kLooking, vote_for(2, 20));
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_EQ(election_->next_deadline(), std::nullopt);
  reachable(2, false);
  pass_ms(1000);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(ElectionTest, TellsEveryOtherVoterWhatItProposes) {
  make(2, 3, 1);
  look();
  EXPECT_THAT(told(), ElementsAre(1, 3));
  const auto& notification = effects_.sends[0].notification;
  EXPECT_EQ(notification.state, Role::kLooking);
  EXPECT_EQ(notification.vote, vote_for(2, 10));
  EXPECT_EQ(notification.version, 2);
  EXPECT_EQ(notification.config, config_.text());
  EXPECT_EQ(election_->current_vote(), vote_for(2, 10));
}

TEST_F(ElectionTest, AloneItLeadsAtOnce) {
  make(1, 1, 2);
  look();
  EXPECT_TRUE(decided(Role::kLeading, 1));
  EXPECT_EQ(election_->next_deadline(), std::nullopt);
}

TEST_F(ElectionTest, AdoptsBetterVotesAndKeepsItsOwnOtherwise) {
  make(2, 5);
  look();
  hear(1, Role::kLooking, vote_for(1, 9));
  EXPECT_THAT(told(), ElementsAre(1)) << "it may have missed what we told all";
  hear(3, Role::kLooking, vote_for(3, 11));
  EXPECT_THAT(told(), ElementsAre(1, 3, 4, 5));
  EXPECT_EQ(effects_.sends[0].notification.vote, vote_for(3, 11));
  EXPECT_EQ(election_->current_vote(), vote_for(3, 11));
}

TEST_F(ElectionTest, WaitsForBetterVotesWhenAQuorumAgrees) {
  make(1, 3);
  look();
  hear(2, Role::kLooking, vote_for(2, 20));
  EXPECT_FALSE(effects_.decision) << "3 may have more";
  EXPECT_EQ(election_->next_deadline(), now_ + std::chrono::milliseconds(200));
  pass_ms(199);
  EXPECT_FALSE(effects_.decision);
  pass_ms(1);
  EXPECT_TRUE(decided(Role::kFollowing, 2));
}

TEST_F(ElectionTest, ABetterVoteDuringTheWaitBeginsANewOne) {
  make(1, 5);
  look();
  hear(2, Role::kLooking, vote_for(3, 20));
  hear(3, Role::kLooking, vote_for(3, 20));
  pass_ms(150);
  hear(4, Role::kLooking, vote_for(4, 30));
  EXPECT_THAT(told(), ElementsAre(2, 3, 4, 5));
  pass_ms(100);
  EXPECT_FALSE(effects_.decision) << "nobody but 4 agrees by now";
  hear(2, Role::kLooking, vote_for(4, 30));
  pass_ms(199);
  EXPECT_FALSE(effects_.decision);
  pass_ms(1);
  EXPECT_TRUE(decided(Role::kFollowing, 4));
}

TEST_F(ElectionTest, AQuorumThatChangesItsMindIsNone) {
  make(3, 3);
  look();
  hear(1, Role::kLooking, vote_for(3, 10));
  ASSERT_EQ(election_->next_deadline(), now_ + std::chrono::milliseconds(200));
  hear(1, Role::kLooking, vote_for(1, 5));
  pass_ms(300);
  EXPECT_FALSE(effects_.decision);
}

TEST_F(ElectionTest, WhenAllAgreeNobodyIsWaitedFor) {
  make(3, 3);
  look();
  hear(1, Role::kLooking, vote_for(3, 10));
  EXPECT_FALSE(effects_.decision);
  hear(2, Role::kLooking, vote_for(3, 10));
  EXPECT_TRUE(decided(Role::kLeading, 3));
}

// At a start in a mixed ensemble: an Apache server that elects with us waits 200 ms, and if we went
// ahead and 3 came with a better vote meanwhile, it would count our settled vote and its new one.
TEST_F(ElectionTest, WhoWasNeverSeenIsWaitedFor) {
  make(2, 3);
  reachable(3, false);
  look();
  hear(1, Role::kLooking, vote_for(2, 10));
  EXPECT_FALSE(effects_.decision);
  reachable(3, false);
  EXPECT_FALSE(effects_.decision);
  pass_ms(200);
  EXPECT_TRUE(decided(Role::kLeading, 2));
}

TEST_F(ElectionTest, WhoHasGoneIsNotWaitedFor) {
  make(2, 3);
  reachable(3, true);
  reachable(3, false);
  look();
  hear(1, Role::kLooking, vote_for(2, 10));
  EXPECT_TRUE(decided(Role::kLeading, 2)) << "known before";
  look();
  reachable(3, true);
  hear(1, Role::kLooking, vote_for(2, 10, 2));
  EXPECT_FALSE(effects_.decision) << "it is there again";
  reachable(3, false);
  EXPECT_TRUE(decided(Role::kLeading, 2)) << "learnt during the wait";
}

TEST_F(ElectionTest, ThoseWithoutWeightAreNotWaitedFor) {
  config_ = ensemble_of(4);
  for (int sid = 1; sid <= 4; ++sid) config_.groups[ServerId(sid)] = 1;
  config_.weights[ServerId(4)] = 0;
  election_.emplace(ServerId(3), config_, ElectionOptions{}, log_);
  look();
  hear(4, Role::kLooking, vote_for(4, 99));
  EXPECT_EQ(election_->current_vote(), vote_for(3, 10)) << "it is never elected";
  hear(1, Role::kLooking, vote_for(3, 10));
  hear(2, Role::kLooking, vote_for(3, 10));
  EXPECT_TRUE(decided(Role::kLeading, 3));
}

TEST_F(ElectionTest, ALaterRoundStartsOver) {
  make(1, 3);
  look();
  hear(2, Role::kLooking, vote_for(1, 10));
  hear(3, Role::kLooking, vote_for(3, 5, 7));
  EXPECT_EQ(election_->round(), 7);
  EXPECT_EQ(election_->current_vote(), vote_for(1, 10, 7)) << "ours is the better one";
  EXPECT_THAT(told(), ElementsAre(2, 3));
  pass_ms(250);
  EXPECT_FALSE(effects_.decision) << "what 2 said belongs to another round";
  hear(2, Role::kLooking, vote_for(2, 20, 9));
  EXPECT_EQ(election_->current_vote(), vote_for(2, 20, 9));
}

TEST_F(ElectionTest, AnEarlierRoundIsAnsweredAndNotCounted) {
  make(1, 3);
  look();
  look();
  hear(2, Role::kLooking, vote_for(2, 99, 1));
  EXPECT_THAT(told(), ElementsAre(2));
  EXPECT_EQ(effects_.sends[0].notification.vote, vote_for(1, 10, 2));
  EXPECT_EQ(effects_.sends[0].notification.state, Role::kLooking);
  EXPECT_EQ(election_->current_vote(), vote_for(1, 10, 2));
}

TEST_F(ElectionTest, RepeatsItselfMoreAndMoreRarely) {
  make(1, 3);
  look();
  for (const std::int64_t ms :
       {200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000}) {
    EXPECT_EQ(election_->next_deadline(), now_ + std::chrono::milliseconds(ms));
    pass_ms(ms - 1);
    EXPECT_THAT(told(), IsEmpty());
    pass_ms(1);
    EXPECT_THAT(told(), ElementsAre(2, 3));
  }
  look();
  EXPECT_EQ(election_->next_deadline(), now_ + std::chrono::milliseconds(200)) << "a new search";
}

TEST_F(ElectionTest, JoinsWhereAQuorumAndTheLeaderItselfSaySo) {
  make(1, 5);
  look();
  // Rounds and zxids differ among those who settled at different times.
  hear(3, Role::kFollowing, vote_for(5, 100, 4));
  hear(4, Role::kFollowing, vote_for(5, 101, 6));
  hear(2, Role::kFollowing, vote_for(5, 100, 4));
  EXPECT_FALSE(effects_.decision) << "three say so, but not the leader";
  hear(5, Role::kLeading, vote_for(5, 100, 4));
  EXPECT_TRUE(decided(Role::kFollowing, 5));
  EXPECT_EQ(election_->round(), 4) << "backwards or forwards, it is the leader's";
}

TEST_F(ElectionTest, EpochsMustAgreeAmongTheSettled) {
  make(1, 5);
  look();
  hear(5, Role::kLeading, vote_for(5, 100, 4, 2));
  hear(3, Role::kFollowing, vote_for(5, 100, 4, 1));
  hear(4, Role::kFollowing, vote_for(5, 100, 4, 2));
  EXPECT_FALSE(effects_.decision);
  hear(3, Role::kFollowing, vote_for(5, 100, 4, 2));
  EXPECT_TRUE(decided(Role::kFollowing, 5));
}

TEST_F(ElectionTest, InTheSameRoundTheLeadersNameIsEnough) {
  make(1, 5);
  look();
  hear(5, Role::kLeading, vote_for(5, 100, 1, 2));
  hear(3, Role::kFollowing, vote_for(5, 100, 1, 1));
  EXPECT_FALSE(effects_.decision);
  hear(4, Role::kFollowing, vote_for(5, 90, 1, 2));
  EXPECT_TRUE(decided(Role::kFollowing, 5));
}

TEST_F(ElectionTest, OldFormatsInTheSameRoundMustAgreeOnTheEpoch) {
  make(1, 5);
  look();
  hear(5, Role::kLeading, vote_for(5, 100, 1, 2), 0);
  hear(3, Role::kFollowing, vote_for(5, 100, 1, 1), 0);
  hear(4, Role::kFollowing, vote_for(5, 90, 1, 2), 0);
  EXPECT_FALSE(effects_.decision);
  hear(2, Role::kFollowing, vote_for(5, 90, 1, 2), 0);
  EXPECT_TRUE(decided(Role::kFollowing, 5));
}

TEST_F(ElectionTest, OurOwnVoteCountsWithThoseWhoSettledInOurRound) {
  make(1, 3);
  look();
  hear(3, Role::kLooking, vote_for(3, 20));
  ASSERT_EQ(election_->current_vote(), vote_for(3, 20));
  hear(3, Role::kLeading, vote_for(3, 20));
  EXPECT_TRUE(decided(Role::kFollowing, 3)) << "two of three";
}

TEST_F(ElectionTest, OthersMakeItLeaderOnlyInItsOwnRound) {
  make(1, 3);
  look();
  hear(2, Role::kFollowing, vote_for(1, 10, 5));
  hear(3, Role::kFollowing, vote_for(1, 10, 5));
  EXPECT_FALSE(effects_.decision) << "followers of an earlier life of ours";
  hear(2, Role::kFollowing, vote_for(1, 10, 1));
  EXPECT_TRUE(decided(Role::kLeading, 1)) << "with our own vote";
}

TEST_F(ElectionTest, ThoseWhoSettledAnswerOnlyThoseWhoLook) {
  make(1, 3);
  look();
  hear(2, Role::kLooking, vote_for(2, 20));
  pass_ms(200);
  ASSERT_TRUE(decided(Role::kFollowing, 2));
  hear(3, Role::kLooking, vote_for(3, 30, 9));
  EXPECT_THAT(told(), ElementsAre(3));
  EXPECT_EQ(effects_.sends[0].notification.state, Role::kFollowing);
  EXPECT_EQ(effects_.sends[0].notification.vote, vote_for(2, 20, 1)) << "with its own round";
  EXPECT_EQ(role(), Role::kFollowing);
  for (const auto state : {Role::kFollowing, Role::kLeading, Role::kObserving}) {
    hear(3, state, vote_for(3, 30, 9));
    EXPECT_THAT(told(), IsEmpty());
  }
}

TEST_F(ElectionTest, SettlingTellsTheNewEpoch) {
  make(1, 1);
  config_ = ensemble_of(1, 1);
  election_.emplace(ServerId(1), config_, ElectionOptions{}, log_);
  look();
  election_->settle(7);
  EXPECT_EQ(election_->current_vote(), vote_for(1, 10, 1, 7)) << "zxid and round stay";
  hear(2, Role::kLooking, no_vote());
  EXPECT_EQ(effects_.sends[0].notification.vote.peer_epoch, 7);
}

TEST_F(ElectionTest, ObserversAreAnsweredAndNeverCounted) {
  make(3, 3, 2);
  look();
  hear(4, Role::kLooking, vote_for(3, 10));
  EXPECT_THAT(told(), ElementsAre(4));
  EXPECT_EQ(effects_.sends[0].notification.state, Role::kLooking);
  hear(5, Role::kLooking, vote_for(3, 10));
  pass_ms(300);
  EXPECT_FALSE(effects_.decision);
  hear(1, Role::kLooking, vote_for(3, 10));
  hear(2, Role::kLooking, vote_for(3, 10));
  EXPECT_TRUE(decided(Role::kLeading, 3));
  EXPECT_THAT(told(), ElementsAre(4, 5)) << "who asked meanwhile hears the end";
}

TEST_F(ElectionTest, StrangersAreAnsweredAndForgotten) {
  make(1, 1);
  look();
  hear(77, Role::kLooking, vote_for(77, 10));
  EXPECT_THAT(told(), ElementsAre(77));
  hear(77, Role::kFollowing, vote_for(77, 10));
  EXPECT_THAT(told(), IsEmpty()) << "or two strangers would talk for ever";
}

TEST_F(ElectionTest, AnObserverAsksAndFollowsTheVoters) {
  make(4, 3, 1);
  look();
  EXPECT_THAT(told(), ElementsAre(1, 2, 3));
  EXPECT_EQ(effects_.sends[0].notification.vote.leader, no_vote().leader);
  for (int sid = 1; sid <= 3; ++sid) hear(sid, Role::kLooking, vote_for(3, 10));
  EXPECT_FALSE(effects_.decision) << "those who look know nothing yet";
  EXPECT_EQ(election_->current_vote().leader, no_vote().leader);
  hear(2, Role::kFollowing, vote_for(3, 10));
  hear(3, Role::kLeading, vote_for(3, 10));
  EXPECT_TRUE(decided(Role::kObserving, 3));
}

TEST_F(ElectionTest, AnEmptyServerNeitherVotesNorCounts) {
  make(1, 3);
  look(-1);
  EXPECT_THAT(told(), ElementsAre(2, 3)) << "but it asks";
  hear(2, Role::kLooking, vote_for(2, 20));
  pass_ms(1000);
  EXPECT_FALSE(effects_.decision);
  hear(2, Role::kLeading, vote_for(2, 20));
  hear(3, Role::kFollowing, vote_for(2, 20));
  EXPECT_TRUE(decided(Role::kFollowing, 2));

  make(1, 3);
  look(10);
  hear(2, Role::kLooking, vote_for(1, -1));
  pass_ms(1000);
  EXPECT_FALSE(effects_.decision);
  EXPECT_EQ(election_->round(), 1);
}

TEST_F(ElectionTest, VotesOfNoUseAreIgnored) {
  make(1, 3);
  look();
  hear(1, Role::kLooking, vote_for(3, 99));
  EXPECT_EQ(election_->current_vote(), vote_for(1, 10)) << "from ourselves";
  hear(2, Role::kLooking, vote_for(9, 99));
  EXPECT_EQ(election_->current_vote(), vote_for(1, 10)) << "for a stranger";
  hear(2, Role::kLooking, vote_for(3, 99, INT64_MAX));
  EXPECT_EQ(election_->round(), 1) << "a round that would overflow";
  hear(2, Role::kObserving, vote_for(3, 99));
  EXPECT_EQ(election_->current_vote(), vote_for(1, 10)) << "who observes does not know";
  for (int from = 2; from <= 3; ++from) hear(from, Role::kLeading, vote_for(3, 9, INT64_MAX));
  EXPECT_FALSE(effects_.decision);
  hear(2, Role::kLooking, {ServerId(3), Zxid(INT64_MAX), INT64_MAX, INT64_MIN});
  EXPECT_EQ(election_->current_vote(), vote_for(1, 10));
}

}  // namespace
}  // namespace drover::zab
