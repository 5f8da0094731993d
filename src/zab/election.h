#pragma once
// Fast leader election (FastLeaderElection), as a state machine: notifications and time in,
// notifications and a decision out. Answers those who look in every state of its server.
//
// Faster than Apache's where that is safe: when a quorum agrees and every other voter agrees too or
// has gone away, the round ends at once instead of after 200 ms. (The wait only improves the
// choice; safety rests on the quorums of discovery.) Who was never seen may be starting, as we are,
// and is waited for: were we to follow while an Apache server in the same quorum waits, and a
// better voter came, that server would find its new vote and our settled one both elected, and one
// of two leaders would lead nobody for initLimit.
//
// Threads: one. Deterministic.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "zab/ensemble_config.h"
#include "zab/notification.h"
#include "zab/quorum.h"
#include "zab/vote.h"

namespace drover::zab {

struct ElectionOptions {
  std::int64_t finalize_wait_ms = 200;
  std::int64_t notification_interval_ms_min = 200;    // fastleader.minNotificationInterval
  std::int64_t notification_interval_ms_max = 60000;  // fastleader.maxNotificationInterval
};

struct ElectionEffects {
  struct Send {
    ServerId to;
    Notification notification;  // `config` is a view into the election's own text
  };
  std::vector<Send> sends;  // to others only, in order
  struct Decision {
    Role role = Role::kLooking;  // kLeading, kFollowing or kObserving
    Vote vote;
  };
  std::optional<Decision> decision;  // the search that look() began is over
  void clear() {
    sends.clear();
    decision.reset();
  }
};

class Election {
 public:
  // `config` and `log` must outlive the election. Starts out looking, but silent until look().
  Election(ServerId self, const EnsembleConfig& config, ElectionOptions options, base::Log& log);

  // Begins a search. `mine` is what is durable here; a last_zxid of -1 keeps us out of the vote.
  void look(const History& mine, base::Instant now, ElectionEffects& effects);
  // In any role. From a sid that is no voter: answered, not counted.
  void on_notification(ServerId from, const Notification& notification, base::Instant now,
                       ElectionEffects& effects);
  // The election stream to `sid` came up, or could not be had: who had one and lost it is not
  // waited for.
  void on_reachable(ServerId sid, bool reachable, base::Instant now, ElectionEffects& effects);
  void on_timer(base::Instant now, ElectionEffects& effects);
  [[nodiscard]] std::optional<base::Instant> next_deadline() const;  // none outside a search

  // Synchronisation has ended: those who ask from now on hear the new epoch (ZOOKEEPER-1732).
  void settle(Epoch epoch);

  [[nodiscard]] Role role() const;
  [[nodiscard]] const Vote& current_vote() const;  // settled on, or proposed while looking
  [[nodiscard]] Round round() const;

 private:
  // What somebody told us, as the tallies compare it.
  struct Ballot {
    Vote vote;
    Role state = Role::kLooking;
    std::int32_t version = 0;
  };
  using Ballots = std::map<ServerId, Ballot>;

  static bool agree(const Ballot& a, const Ballot& b);
  [[nodiscard]] std::set<ServerId> supporters(const Ballots& ballots, const Ballot& of) const;
  [[nodiscard]] bool is_elected(const Ballots& ballots, const Ballot& ballot) const;

  [[nodiscard]] bool is_usable(ServerId from, const Vote& vote);
  void on_looking(ServerId from, const Vote& vote, base::Instant now, ElectionEffects& effects);
  void on_settled(ServerId from, const Notification& notification, ElectionEffects& effects);
  void propose(Vote vote, base::Instant now, ElectionEffects& effects);
  void tally(base::Instant now, ElectionEffects& effects);
  void finish(const Vote& vote, ElectionEffects& effects);
  void tell(ServerId to, Role state, const Vote& vote, ElectionEffects& effects) const;
  [[nodiscard]] bool may_vote() const { return am_voter_ && initial_.zxid.value != -1; }

  const ServerId self_;
  const EnsembleConfig& config_;
  const Quorum quorum_;
  const ElectionOptions options_;
  base::Log& log_;
  const bool am_voter_;
  const std::string config_text_;

  Role role_ = Role::kLooking;
  bool searching_ = false;
  bool silent_ = true;  // before the first look()
  Round round_ = 0;
  Vote initial_;   // what we would propose if nobody else were there. Its round is meaningless
  Vote proposal_;  // Invariant: while searching, its round is round_
  std::optional<Vote> settled_;  // what the last search ended with; before it: our first initial_

  // ---- of this search
  Ballots this_round_;                        // ours too, when we may vote
  Ballots settled_elsewhere_;                 // of those who lead or follow, of any round
  std::optional<base::Instant> finalize_at_;  // set: a quorum agrees with proposal_
  std::optional<base::Instant> notify_at_;    // set while searching
  std::int64_t notification_interval_ms_ = 0;
  std::set<ServerId> askers_;  // members that cannot vote and asked: told when it is over
  std::set<ServerId> blamed_;  // who sent votes of no use, so that the log says it once a search

  std::set<ServerId> seen_;  // voters that were reachable once
  std::set<ServerId> gone_;  // those of them that are not now
};

}  // namespace drover::zab
