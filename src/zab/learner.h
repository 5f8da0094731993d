#pragma once
// One following of one leader, by a follower or an observer (Learner, Follower, Observer):
// discovery, synchronisation, broadcast. Payload is opaque.
//
// Begins with the decision of the election and ends with `leave` in the effects, after which it is
// destroyed. Threads: one. Deterministic.
//
// The fences: ACKEPOCH leaves only after on_accepted_epoch_saved; ACK of NEWLEADER only after the
// history it names is durable (on_persisted, on_snapshot_installed) and then
// on_current_epoch_saved; ACK of a txn only after on_persisted, and never before the one of
// NEWLEADER (ZOOKEEPER-3911, 4643, 4646, 4685).

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "zab/ensemble_config.h"
#include "zab/link.h"
#include "zab/quorum_packet.h"

namespace drover::zab {

struct LearnerOptions {
  bool observer = false;
  std::int64_t tick_ms = 2000;
  std::int64_t init_limit = 10;
  std::int64_t sync_limit = 5;
  std::int64_t connect_limit = 0;       // connectToLearnerMasterLimit, ticks; 0: init_limit
  std::int64_t connect_retry_ms = 100;  // leaderConnectDelayDuringRetryMs
  // A leader that pings at least every silence_ms_max / 4 and then says nothing for silence_ms_max
  // is taken for frozen. 0: only sync_limit counts. Learned from its own pings: a leader that pings
  // seldom (Apache) is judged by sync_limit alone.
  std::int64_t silence_ms_max = 600;
  // Refuses to trust what is on disk (a truncation that could not be done): asks for a snapshot by
  // saying that its last zxid is 0, and not to be counted: a quorum that such an answer made could
  // elect a leader without what is committed here.
  bool wants_snapshot = false;
};

struct LearnerEffects {
  std::vector<Link*> dirty;
  std::optional<Dial> dial;                  // of Link `link()`; then on_connected or on_closed
  std::optional<Epoch> save_accepted_epoch;  // then on_accepted_epoch_saved
  std::optional<Epoch> save_current_epoch;   // then on_current_epoch_saved
  std::optional<Zxid> truncate;              // then on_truncated
  // From here on the stream carries a snapshot: the host feeds it to a parser until its end, loads
  // it into a new tree as of `zxid`, then calls on_snapshot_received.
  std::optional<Zxid> receive_snapshot;
  // Txns to keep until their commit, ascending. `durable`: append to the log, then on_persisted.
  // (During SNAP they are not logged: the snapshot that install_snapshot writes holds them.)
  struct Txn {
    // Lives as long as the bytes handed in with the packet; without any (a txn that was kept back),
    // until it is both committed and persisted.
    wire::TxnBytes txn;
    bool durable = true;
  };
  std::vector<Txn> txns;
  std::optional<Zxid> committed;  // apply everything up to it
  // The tree as it is now, with everything committed applied, becomes the disk's content in one
  // step: older logs and snapshots are gone. Then on_snapshot_installed.
  bool install_snapshot = false;
  std::optional<Epoch> serving;          // UPTODATE: clients may come
  std::vector<Revalidated> revalidated;  // answers, in order
  // Our SYNCs that are answered, oldest first: each when everything up to its zxid is applied, and
  // before what is committed behind that.
  std::vector<Zxid> synced;
  std::optional<std::string> leave;  // why
  void clear();
};

class Learner {
 public:
  // Dials at once. `link`: ours, of port kQuorum, its id already given; owned by the host.
  Learner(ServerId self, const EnsembleConfig& config, LearnerOptions options, ServerId leader,
          const History& history, Link& link, base::Log& log, base::Instant now,
          LearnerEffects& effects);
  ~Learner();

  void on_connected(base::Instant now, LearnerEffects& effects);
  // Gone or never had. A dial that failed is tried again (with the same link) while time is left.
  void on_closed(base::Instant now, LearnerEffects& effects);
  // One packet. The host stops handing in packets after receive_snapshot until the snapshot's end.
  void on_packet(const QuorumPacket& packet, base::Instant now, LearnerEffects& effects);
  void on_bytes_of_snapshot(base::Instant now);  // a sign of life while a snapshot comes in
  void on_snapshot_received(base::Instant now, LearnerEffects& effects);
  void on_truncated(bool done, base::Instant now, LearnerEffects& effects);

  void on_accepted_epoch_saved(base::Instant now, LearnerEffects& effects);
  void on_current_epoch_saved(base::Instant now, LearnerEffects& effects);
  void on_persisted(Zxid up_to, base::Instant now, LearnerEffects& effects);
  void on_snapshot_installed(base::Instant now, LearnerEffects& effects);

  // ---- while serving
  void forward(const ForwardedRequest& request, const std::vector<Id>& authinfo,
               LearnerEffects& effects);
  void revalidate(SessionTimeout session, LearnerEffects& effects);
  void touch(SessionTimeout session);  // goes out with the next answer to a ping; the latest counts

  void on_timer(base::Instant now, LearnerEffects& effects);
  [[nodiscard]] std::optional<base::Instant> next_deadline() const;

  [[nodiscard]] Epoch epoch() const;  // 0: not yet known
  [[nodiscard]] ServerId leader() const;
  [[nodiscard]] bool serving() const;
  [[nodiscard]] std::string_view phase() const;  // discovery, synchronization, broadcast

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::zab
