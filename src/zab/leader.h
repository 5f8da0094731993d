#pragma once
// One leadership (Leader, LearnerHandler): discovery, synchronisation, broadcast. Payload is
// opaque.
//
// Begins with the decision of the election and ends with step_down in the effects (all its links
// are then to be closed), after which it is destroyed; a later leadership is another object.
// Threads: one. Deterministic.
//
// The fences: LEADERINFO leaves only after on_accepted_epoch_saved; NEWLEADER is counted for
// ourselves only after on_current_epoch_saved; our own ack for a txn is on_persisted.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/distribution.h"
#include "base/log.h"
#include "base/time.h"
#include "zab/ensemble_config.h"
#include "zab/link.h"
#include "zab/proposal_log.h"
#include "zab/quorum.h"
#include "zab/quorum_packet.h"

namespace drover::zab {

struct LeaderOptions {
  std::int64_t tick_ms = 2000;
  std::int64_t init_limit = 10;  // ticks
  std::int64_t sync_limit = 5;   // ticks
  // Learners are pinged this often at least (Apache: tick/2), so that a frozen leader is noticed by
  // learners that watch for it. Never above tick_ms / 2.
  std::int64_t ping_interval_ms = 100;
  std::int64_t max_time_to_wait_for_epoch_ms = -1;  // leader.maxTimeToWaitForEpoch
  bool force_snapshot_sync = false;
  Epoch epoch_heard = 0;  // some member is known to have accepted it: ours begins behind it
  // More than this waiting for a learner that is up to date: it is let go, and synchronised anew
  // when it comes back.
  std::size_t output_bytes_max = std::size_t{256} << 20;
  // The last zxid of an epoch has this counter; then comes another election (ZOOKEEPER-1277).
  std::int64_t counter_max = 0xfffffffe;
};

struct LeaderEffects {
  std::vector<Link*> dirty;                  // links that have output or are to be closed
  std::optional<Epoch> save_accepted_epoch;  // then on_accepted_epoch_saved
  std::optional<Epoch> save_current_epoch;   // then on_current_epoch_saved
  std::optional<Epoch> established;          // a quorum follows: serve, propose from (epoch,1) on
  std::optional<Zxid> committed;             // everything up to it
  // The host streams its tree into link->output (at its own pace), then calls on_snapshot_sent.
  // `after`: the zxid that the SNAP packet named; the image holds at least everything up to it.
  struct Snapshot {
    Link* link = nullptr;
    Zxid after;
  };
  std::vector<Snapshot> snapshots;
  // From learners, in order. Views live as long as the bytes handed in.
  struct FromLearner {
    LinkId link;
    ServerId sid;
    PacketType type = PacketType::kRequest;  // kRequest, kRevalidate or kPing (touches)
    QuorumPacket packet;
  };
  std::vector<FromLearner> requests;
  std::vector<LinkId> gone;              // learners that were synced and are no more
  std::optional<std::string> step_down;  // why; nothing else of this leadership counts any more
  // With step_down: a member has accepted this epoch, one above ours.
  std::optional<Epoch> epoch_heard;
  void clear();
};

// Plain counters since the leadership began.
struct LeaderProbe {
  std::int64_t diffs = 0, snapshots = 0;  // how learners were brought up to date
  // How many were being brought up to date that way, counted as each begins.
  base::Distribution inflight_diffs, inflight_snapshots;
  base::Distribution quorum_ack_ms;  // from a proposal to the quorum's last ack
  // From a proposal to a learner's ack, of those that are connected.
  std::vector<std::pair<ServerId, base::Distribution>> ack_ms;
};

struct LearnerView {  // for operators
  LinkId link;
  ServerId sid;
  bool observer = false;
  bool voter = false;
  bool synced = false;
  Zxid last_acked;
  std::size_t queued_bytes = 0;
  std::int64_t packets_received = 0;
  std::int64_t requests = 0;  // of its clients
};

class Leader {
 public:
  // `history`: ours, durable and fully applied; `proposals` ends with it and has it committed
  // (ProposalLog::settle). `proposals`, `config` and `log` must outlive this. Requires that
  // `config` has us as a voter.
  Leader(ServerId self, const EnsembleConfig& config, LeaderOptions options, const History& history,
         ProposalLog& proposals, base::Log& log, base::Instant now, LeaderEffects& effects);
  ~Leader();

  // ---- learners. A link is theirs after on_accepted until on_closed; the host owns Link objects.
  // After `close` was set in one of them, what it says is ignored.
  void on_accepted(Link& link, base::Instant now);
  // One packet, cut by decode_packet. An error in it closes the link, with a line in the log.
  void on_packet(Link& link, const QuorumPacket& packet, base::Instant now, LeaderEffects& effects);
  void on_closed(LinkId link, base::Instant now, LeaderEffects& effects);
  void on_snapshot_sent(LinkId link, base::Instant now, LeaderEffects& effects);

  // ---- durability
  void on_accepted_epoch_saved(base::Instant now, LeaderEffects& effects);
  void on_current_epoch_saved(base::Instant now, LeaderEffects& effects);
  void on_persisted(Zxid up_to, base::Instant now, LeaderEffects& effects);  // our own acks

  // ---- broadcast. Requires established. In zxid order without gaps. Copies (into the proposal
  // log).
  void propose(const wire::TxnBytes& txn, base::Instant now, LeaderEffects& effects);
  // A learner's sync: answered behind the commit of everything proposed so far.
  void sync(LinkId link, LeaderEffects& effects);
  // To a learner, behind what is already queued for it: REVALIDATE. One that is gone, or does not
  // serve, gets nothing.
  void send(LinkId link, PacketType type, Zxid zxid, wire::NullableBytes data,
            LeaderEffects& effects);

  void on_timer(base::Instant now, LeaderEffects& effects);
  [[nodiscard]] std::optional<base::Instant> next_deadline() const;
  // The election heard a supporter look again (leader.maxTimeToWaitForEpoch).
  void on_supporter_looking(ServerId sid, base::Instant now, LeaderEffects& effects);

  [[nodiscard]] Epoch epoch() const;  // 0: not yet negotiated
  [[nodiscard]] bool established() const;
  [[nodiscard]] Zxid last_proposed() const;
  [[nodiscard]] Zxid last_committed() const;
  [[nodiscard]] std::vector<LearnerView> learners() const;
  [[nodiscard]] std::int64_t pending_syncs() const;  // not answered yet
  [[nodiscard]] LeaderProbe probe() const;
  void reset_observer_counters();
  void reset_probe();
  // Every voter among the learners has acked everything proposed (a clean stop waits for it).
  [[nodiscard]] bool all_acked() const;
  [[nodiscard]] std::string_view phase() const;  // discovery, synchronization, broadcast

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::zab
