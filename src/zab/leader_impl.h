#pragma once
// What a Leader is made of; for leader*.cc alone.

#include <chrono>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "base/byte_buffer.h"
#include "zab/leader.h"
#include "zab/leader_acks.h"

namespace drover::zab {

enum class LeaderPhase : std::uint8_t {
  kEpoch,        // collects FOLLOWERINFO until a quorum has said what it promised to
  kSavingEpoch,  // our own promise is on its way to the disk
  kEpochAcks,    // collects ACKEPOCH
  kNewLeader,    // brings learners up to date, collects acks of NEWLEADER
  kBroadcast,
  kOver,  // stepped down
};

enum class HandlerStage : std::uint8_t {
  kHello,       // FOLLOWERINFO or OBSERVERINFO has to come
  kInfo,        // has come; LEADERINFO leaves when the epoch is durable
  kAckEpoch,    // LEADERINFO is out, ACKEPOCH has to come
  kEpochAcked,  // has come; waits for a quorum of those
  kSnapshot,    // the host streams its tree; nobody else writes
  kNewLeader,   // NEWLEADER is out, its ack has to come; what is proposed and committed follows
  kAcked,       // has come; waits for a quorum of those
  kServing,     // UPTODATE is out
};

// One learner.
struct LearnerHandler {
  Link* link = nullptr;
  HandlerStage stage = HandlerStage::kHello;
  bool dropped = false;  // `link` is to be closed; removed at the end of the call

  // From kInfo on:
  ServerId sid;
  bool observer = false;        // said OBSERVERINFO: gets INFORM
  std::uint64_t voter_bit = 0;  // 0: does not vote
  Zxid last_zxid;               // as it said in ACKEPOCH
  bool wants_snapshot = false;  // has nothing that it would vouch for

  base::Instant last_heard;
  base::Instant last_sent;
  base::Instant last_ping;

  // While kSnapshot:
  Zxid snapshot_after;
  std::uint64_t pin = 0;
  const char* seen_data = nullptr;  // of the output at the last look, to notice one that stalls
  std::size_t seen_size = 0;
  base::Instant seen_moving;
  base::Instant next_look;

  // From kNewLeader on. Acks of one link come in zxid order, so the newest says all.
  Zxid acked;
  Zxid acked_early;  // before the ack of NEWLEADER (3.6.3 to 3.8.4): counted after it
  // The ack waited for longest, and the proposal sent last; zxid 0: none.
  struct Awaited {
    Zxid zxid;
    base::Instant since;
  };
  Awaited awaited;
  Awaited newest;
  std::int64_t packets_received = 0;
  std::int64_t requests = 0;
  base::Distribution ack_ms;
  std::deque<Zxid> syncs;  // each to be answered behind the commit of this zxid; ascending

  [[nodiscard]] std::string_view kind() const { return observer ? "observer" : "follower"; }
};

struct Leader::Impl {
  Impl(ServerId self_in, const EnsembleConfig& config_in, LeaderOptions options_in,
       const History& history_in, ProposalLog& proposals_in, base::Log& log_in, base::Instant now);
  ~Impl();

  // ---- discovery, phases (leader.cc)
  void set_phase(LeaderPhase next, base::Instant now);
  void count_info(const LearnerHandler& handler, Epoch accepted, base::Instant now,
                  LeaderEffects& effects);
  void maybe_save_epoch(base::Instant now, LeaderEffects& effects);
  void maybe_end_discovery(base::Instant now, LeaderEffects& effects);
  void maybe_establish(base::Instant now, LeaderEffects& effects);
  void maybe_stop_waiting_for_epoch(base::Instant now, LeaderEffects& effects);
  void step_down(std::string why, LeaderEffects& effects);
  // Ends every call from outside: removes who was dropped, steps down without a quorum.
  void finish(LeaderEffects& effects);
  [[nodiscard]] bool quorum_is_connected() const;

  // ---- one learner, until it is up to date (leader_sync.cc)
  void on_hello(LearnerHandler& handler, const QuorumPacket& packet, base::Instant now,
                LeaderEffects& effects);
  void send_leader_info(LearnerHandler& handler, base::Instant now, LeaderEffects& effects);
  void on_ack_epoch(LearnerHandler& handler, const QuorumPacket& packet, base::Instant now,
                    LeaderEffects& effects);
  void synchronise(LearnerHandler& handler, base::Instant now, LeaderEffects& effects);
  void send_history(LearnerHandler& handler, Zxid after, base::Instant now, LeaderEffects& effects);
  void on_ack_of_new_leader(LearnerHandler& handler, const QuorumPacket& packet, base::Instant now,
                            LeaderEffects& effects);
  void serve(LearnerHandler& handler, base::Instant now, LeaderEffects& effects);

  // ---- broadcast (leader_broadcast.cc)
  void on_serving_packet(LearnerHandler& handler, const QuorumPacket& packet, base::Instant now,
                         LeaderEffects& effects);
  void on_ack(LearnerHandler& handler, Zxid zxid, base::Instant now, LeaderEffects& effects);
  void commit(base::Instant now, LeaderEffects& effects);
  void send_commits(LearnerHandler& handler, Zxid after, Zxid up_to);
  void drop_if_swamped(LearnerHandler& handler, LeaderEffects& effects);
  void await_ack(LearnerHandler& handler, Zxid zxid, base::Instant now);

  // ---- time (leader_timers.cc)
  void look_at_snapshot(LearnerHandler& handler, base::Instant now, LeaderEffects& effects);
  void ping(LearnerHandler& handler, base::Instant now, LeaderEffects& effects);
  [[nodiscard]] std::optional<base::Instant> phase_deadline() const;
  // When it will have been silent, or behind, for too long.
  [[nodiscard]] std::optional<base::Instant> silence_deadline(const LearnerHandler& handler) const;
  [[nodiscard]] std::optional<base::Instant> ack_deadline(const LearnerHandler& handler) const;
  [[nodiscard]] base::Instant ping_deadline(const LearnerHandler& handler) const;

  // ---- links
  LearnerHandler* find(LinkId link);
  void mark_dirty(LearnerHandler& handler, LeaderEffects& effects);
  void drop(LearnerHandler& handler, std::string_view why, LeaderEffects& effects);
  void close(LearnerHandler& handler, LeaderEffects& effects);

  [[nodiscard]] std::chrono::nanoseconds init_time() const {
    return std::chrono::milliseconds(options.init_limit * options.tick_ms);
  }
  [[nodiscard]] std::chrono::nanoseconds sync_time() const {
    return std::chrono::milliseconds(options.sync_limit * options.tick_ms);
  }
  [[nodiscard]] std::chrono::nanoseconds half_tick() const {
    return std::chrono::milliseconds(std::max<std::int64_t>(options.tick_ms / 2, 1));
  }
  [[nodiscard]] Zxid start_of_epoch() const { return Zxid::of(epoch, 0); }

  const ServerId self;
  const EnsembleConfig& config;
  const std::string config_text;
  const LeaderOptions options;
  const History history;
  ProposalLog& proposals;
  base::Log& log;
  const Quorum quorum;
  const std::uint64_t self_bit;

  LeaderPhase phase = LeaderPhase::kEpoch;
  base::Instant phase_since;
  Epoch epoch = 0;  // so far, in kEpoch
  bool supporter_looks = false;
  // Voters, as bits, who have said FOLLOWERINFO, ACKEPOCH, ACK of NEWLEADER. Who has is counted
  // also after its link broke: it is the promise on its disk that counts.
  std::uint64_t infos = 0;
  std::uint64_t epoch_acks = 0;
  std::uint64_t new_leader_acks = 0;

  std::map<LinkId, LearnerHandler> handlers;
  bool any_dropped = false;

  LeaderAcks acks;
  Zxid last_proposed;
  Zxid last_committed;
  Zxid self_acked;
  // When what is outstanding was proposed: those of one moment together, ascending.
  struct ProposedAt {
    Zxid last;
    std::int64_t count = 0;
    base::Instant at;
  };
  std::deque<ProposedAt> proposed_at;
  void count_acks(LearnerHandler& handler, Zxid after, Zxid up_to, base::Instant now);
  void count_commits(base::Instant now);
  LeaderProbe probe;
  base::ByteBuffer scratch;  // one encoded packet
};

}  // namespace drover::zab
