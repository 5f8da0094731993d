#pragma once
// Fast leader election (FastLeaderElection), as a state machine: notifications and time in,
// notifications and a decision out. Answers those who look in every state of its server.
//
// Faster than Apache's where that is safe: when a quorum agrees and every other voter agrees too or
// cannot be reached, the round ends at once instead of after 200 ms. (The wait only improves the
// choice; safety rests on the quorums of discovery.)
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
  // The election stream to `sid` came up, or could not be had: who is unreachable is not waited
  // for.
  void on_reachable(ServerId sid, bool reachable, base::Instant now, ElectionEffects& effects);
  void on_timer(base::Instant now, ElectionEffects& effects);
  [[nodiscard]] std::optional<base::Instant> next_deadline() const;  // none outside a search

  // Synchronisation has ended: those who ask from now on hear the new epoch (ZOOKEEPER-1732).
  void settle(Epoch epoch);

  [[nodiscard]] Role role() const;
  [[nodiscard]] const Vote& current_vote() const;  // settled on, or proposed while looking
  [[nodiscard]] Round round() const;

 private:
};

}  // namespace drover::zab
