#include "zab/election.h"

#include <fmt/format.h>

#include <algorithm>

namespace drover::zab {

namespace {

// No honest server has seen so many elections; more could only make our own clock overflow.
constexpr Round kRoundMax = Round{1} << 62;

base::Instant after_ms(base::Instant now, std::int64_t ms) {
  return now + std::chrono::milliseconds(ms);
}

}  // namespace

Election::Election(ServerId self, const EnsembleConfig& config, ElectionOptions options,
                   base::Log& log)
    : self_(self),
      config_(config),
      quorum_(config),
      options_(options),
      log_(log),
      am_voter_(config.is_voter(self)),
      config_text_(config.text()),
      initial_(no_vote()),
      proposal_(no_vote()) {}

void Election::look(const History& mine, base::Instant now, ElectionEffects& effects) {
  role_ = Role::kLooking;
  searching_ = true;
  silent_ = false;
  ++round_;
  initial_ = am_voter_ ? Vote{self_, mine.last_zxid, mine.current_epoch, round_} : no_vote();
  if (!settled_) settled_ = initial_;
  this_round_.clear();
  settled_elsewhere_.clear();
  finalize_at_.reset();
  askers_.clear();
  blamed_.clear();
  notification_interval_ms_ = options_.notification_interval_ms_min;
  log_.debug("sid={} looking round={:#x} zxid={:#x} epoch={:#x}", self_.value, round_,
             mine.last_zxid.value, mine.current_epoch);
  propose(initial_, now, effects);
  tally(now, effects);
}

void Election::on_notification(ServerId from, const Notification& notification, base::Instant now,
                               ElectionEffects& effects) {
  if (silent_ || from == self_) return;
  if (!config_.is_voter(from)) {
    // Only those who look need an answer; two servers that are no voters to each other would answer
    // answers for ever.
    if (notification.state != Role::kLooking) return;
    Vote vote = *settled_;
    vote.round = round_;
    tell(from, role_, vote, effects);
    if (searching_ && config_.find(from) != nullptr) askers_.insert(from);
    return;
  }
  if (!searching_) {
    if (notification.state == Role::kLooking) tell(from, role_, *settled_, effects);
    return;
  }
  const bool looks = notification.state == Role::kLooking;
  if (looks && notification.vote.round < round_) {
    tell(from, Role::kLooking, proposal_, effects);
  }
  if (!is_usable(from, notification.vote)) return;
  if (looks) {
    on_looking(from, notification.vote, now, effects);
  } else if (notification.state != Role::kObserving) {
    on_settled(from, notification, effects);
  }
}

// Votes are about voters, and of rounds that can be.
bool Election::is_usable(ServerId from, const Vote& vote) {
  if (config_.is_voter(vote.leader) && vote.round <= kRoundMax) return true;
  if (blamed_.insert(from).second) {
    log_.warn("sid={} ignores a vote of sid={} for sid={} in round {:#x}: {}", self_.value,
              from.value, vote.leader.value, vote.round,
              vote.round > kRoundMax ? "no such round" : "not a voter");
  }
  return false;
}

void Election::on_looking(ServerId from, const Vote& vote, base::Instant now,
                          ElectionEffects& effects) {
  // A server without history must not help to elect: all it can do is to hear who was.
  if (vote.zxid.value == -1) askers_.insert(from);
  // Nor can those who have no vote learn anything from those who do not know either.
  if (!may_vote() || vote.zxid.value == -1) return;
  if (vote.round < round_) return;
  const bool better_than_ours = is_better(vote, initial_, quorum_.weight_of(vote.leader));
  if (vote.round > round_) {
    round_ = vote.round;
    this_round_.clear();
    propose(better_than_ours ? vote : initial_, now, effects);
  } else if (is_better(vote, proposal_, quorum_.weight_of(vote.leader))) {
    propose(vote, now, effects);
  } else if (vote != proposal_) {
    // It began to look after we told everyone, and heard us as something else: FLE would leave it
    // to the next repetition, 200 ms away.
    tell(from, Role::kLooking, proposal_, effects);
  }
  this_round_[from] = {vote, Role::kLooking, 0};
  tally(now, effects);
}

void Election::on_settled(ServerId from, const Notification& notification,
                          ElectionEffects& effects) {
  const Ballot ballot{notification.vote, notification.state, notification.version};
  if (ballot.vote.round == round_) {
    // Version 0 whatever was sent, as Java has it: agree() then takes the leader's name for enough.
    this_round_[from] = {ballot.vote, ballot.state, 0};
    if (is_elected(this_round_, ballot)) return finish(ballot.vote, effects);
  }
  settled_elsewhere_[from] = ballot;
  if (!is_elected(settled_elsewhere_, ballot)) return;
  round_ = ballot.vote.round;  // may go backwards
  finish(ballot.vote, effects);
}

void Election::on_reachable(ServerId sid, bool reachable, base::Instant now,
                            ElectionEffects& effects) {
  if (!config_.is_voter(sid)) return;
  if (reachable) {
    seen_.insert(sid);
    gone_.erase(sid);
  } else if (seen_.contains(sid)) {
    gone_.insert(sid);
  }
  if (searching_) tally(now, effects);
}

void Election::on_timer(base::Instant now, ElectionEffects& effects) {
  if (!searching_) return;
  if (finalize_at_ && now >= *finalize_at_) return finish(proposal_, effects);
  if (now < *notify_at_) return;
  notification_interval_ms_ =
      std::min(2 * notification_interval_ms_, options_.notification_interval_ms_max);
  propose(proposal_, now, effects);
}

std::optional<base::Instant> Election::next_deadline() const {
  if (!searching_) return std::nullopt;
  return finalize_at_ ? std::min(*finalize_at_, *notify_at_) : *notify_at_;
}

void Election::settle(Epoch epoch) {
  if (settled_) settled_->peer_epoch = epoch;
}

Role Election::role() const {
  return role_;
}

const Vote& Election::current_vote() const {
  return searching_ || !settled_ ? proposal_ : *settled_;
}

Round Election::round() const {
  return round_;
}

// Who proposes something new waits anew for better votes.
void Election::propose(Vote vote, base::Instant now, ElectionEffects& effects) {
  vote.round = round_;
  if (vote != proposal_) finalize_at_.reset();
  proposal_ = vote;
  notify_at_ = after_ms(now, notification_interval_ms_);
  if (may_vote()) this_round_[self_] = {proposal_, Role::kLooking, 0};
  for (const auto sid : quorum_.voters()) {
    if (sid != self_) tell(sid, Role::kLooking, proposal_, effects);
  }
}

// Ends the search, or begins the wait for better votes, when a quorum agrees with our proposal.
void Election::tally(base::Instant now, ElectionEffects& effects) {
  if (!may_vote()) return;
  const auto agreeing = supporters(this_round_, {proposal_, Role::kLooking, 0});
  if (!quorum_.contains(agreeing)) {
    finalize_at_.reset();
    return;
  }
  const bool nobody_left = std::ranges::all_of(quorum_.voters(), [&](ServerId sid) {
    return agreeing.contains(sid) || gone_.contains(sid) || quorum_.weight_of(sid) == 0;
  });
  if (nobody_left) return finish(proposal_, effects);
  if (!finalize_at_) finalize_at_ = after_ms(now, options_.finalize_wait_ms);
}

void Election::finish(const Vote& vote, ElectionEffects& effects) {
  const Vote chosen = vote;
  if (chosen.leader == self_) {
    role_ = Role::kLeading;
  } else {
    role_ = am_voter_ ? Role::kFollowing : Role::kObserving;
  }
  searching_ = false;
  finalize_at_.reset();
  notify_at_.reset();
  settled_ = chosen;
  this_round_.clear();
  settled_elsewhere_.clear();
  log_.debug("sid={} {} leader={} round={:#x} zxid={:#x} epoch={:#x}", self_.value, name_of(role_),
             chosen.leader.value, chosen.round, chosen.zxid.value, chosen.peer_epoch);
  for (const auto sid : askers_) tell(sid, role_, chosen, effects);
  askers_.clear();
  effects.decision = {role_, chosen};
}

// A quorum says so, and the leader itself says that it leads; of ourselves we know it only when the
// vote is of our own round.
bool Election::is_elected(const Ballots& ballots, const Ballot& ballot) const {
  if (!quorum_.contains(supporters(ballots, ballot))) return false;
  if (ballot.vote.leader == self_) return ballot.vote.round == round_;
  const auto leader = ballots.find(ballot.vote.leader);
  return leader != ballots.end() && leader->second.state == Role::kLeading;
}

std::set<ServerId> Election::supporters(const Ballots& ballots, const Ballot& of) const {
  std::set<ServerId> result;
  for (const auto& [sid, ballot] : ballots) {
    if (agree(ballot, of)) result.insert(sid);
  }
  return result;
}

// Servers that settled long ago may name different zxids and rounds for one leadership
// (ZOOKEEPER-1732, 1805): among them the leader and its epoch count, or, when one of the two is of
// the old format, the leader alone.
bool Election::agree(const Ballot& a, const Ballot& b) {
  if (a.state == Role::kLooking || b.state == Role::kLooking) return a.vote == b.vote;
  if (a.vote.leader != b.vote.leader) return false;
  return (a.version == 0) != (b.version == 0) || a.vote.peer_epoch == b.vote.peer_epoch;
}

void Election::tell(ServerId to, Role state, const Vote& vote, ElectionEffects& effects) const {
  effects.sends.push_back(
      {to, {.state = state, .vote = vote, .version = 2, .config = config_text_}});
}

}  // namespace drover::zab
