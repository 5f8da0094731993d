#pragma once
// A whole member of an ensemble without a socket, disk or clock (QuorumPeer): election, leading or
// learning, and the replica that the lanes talk to. The server runs it on a real machine, the
// simulator on a simulated one: the same object.
//
// Threads: one, the tree's only writer. Deterministic: events carry the time.
// The caller's duties:
//   1. Hand in what happens, one call at a time, and carry out the effects of each call in the
//   order
//      of the fields of PeerEffects.
//   2. Whenever has_tree_work(), take all tree slots, call do_tree_work, hand each lane its
//      deliveries. Nothing else here changes the tree, so lanes may read between calls.
//   3. Disk effects are carried out in the order given, each reported when it is durable. A disk
//      that fails ends the process.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "replica/replica.h"
#include "zab/election.h"
#include "zab/election_links.h"
#include "zab/ensemble_config.h"
#include "zab/leader.h"
#include "zab/learner.h"
#include "zab/link.h"
#include "zab/proposal_log.h"

namespace drover::replica {

struct PeerOptions {
  zab::ServerId self;
  zab::EnsembleConfig config;
  zab::ElectionOptions election{};
  zab::ElectionLinksOptions election_links{};
  zab::LeaderOptions leader{};
  zab::LearnerOptions learner{};  // `observer` is set from the configuration
  zab::ProposalLogOptions proposals{};
  ReplicaOptions replica{};
  std::int32_t length_max = 2097150;        // of one buffer in a packet, bytes
  std::size_t snapshot_chunk = 256u << 10;  // a snapshot is streamed in pieces of this many bytes
};

struct PeerEffects {
  std::vector<zab::Dial> dials;
  std::vector<zab::Link*> dirty;  // have output, or are to be closed when it is sent

  // ---- the disk
  std::vector<wire::TxnBytes> persist;       // then on_persisted(last); bytes live until then
  std::optional<zab::Epoch> accepted_epoch;  // write the file, then on_accepted_epoch_saved
  std::optional<zab::Epoch> current_epoch;   // write the file, then on_current_epoch_saved
  // Never together with what is above, and nothing of it is under way:
  struct Reload {
    std::optional<wire::Zxid> truncate_to;  // cut the log there first (storage::truncate_history)
  };
  // Give up a snapshot under way, cut, restore tree and sessions from disk (holding all slots),
  // then on_reloaded.
  std::optional<Reload> reload;
  // Write the tree as a snapshot that replaces all that is on disk, then on_snapshot_installed.
  bool install_snapshot = false;
  void clear();
};

// What `srvr`, `mntr` and the log say.
struct PeerView {
  zab::Role role = zab::Role::kLooking;
  std::string_view phase;  // election, discovery, synchronization, broadcast
  bool serving = false;
  zab::ServerId leader;  // meaningless while looking
  zab::Epoch epoch = 0;
  wire::Zxid last_proposed, last_committed;
  std::vector<zab::LearnerView> learners;  // of a leader
  std::int64_t pending_syncs = 0;          // of a leader, from learners
  std::int64_t election_ms = 0;            // the last one took
};

class Peer {
 public:
  // `tree` and `sessions` are as restored. `stored`: the epoch files (last_zxid is taken from the
  // tree). `seed`: chance (observers' waits). Silent until start().
  Peer(PeerOptions options, tree::Tree& tree, session::SessionTable& sessions,
       const txn::AuthOptions& auth, zab::History stored, std::uint64_t seed, base::Log& log,
       base::Instant now, base::WallTime wall);
  ~Peer();

  void start(base::Instant now, PeerEffects& effects);

  // ---- lanes
  void on_requests(const txn::RequestBatch& batch, base::Instant now, base::WallTime wall,
                   PeerEffects& effects);
  [[nodiscard]] bool has_tree_work() const;
  // As Replica::apply_committed, and: loads a snapshot that comes in, streams one that goes out,
  // tells lanes whether they may serve. Call again while has_tree_work() unless a lane is full.
  void do_tree_work(base::Instant now, base::WallTime wall, bool watched,
                    std::span<txn::Deliveries> lanes, PeerEffects& effects);

  // ---- streams. Link objects are the peer's; they live until on_link_closed returns.
  zab::LinkId on_link_accepted(zab::Port port, base::Instant now, PeerEffects& effects);
  [[nodiscard]] zab::Link* link(zab::LinkId id);
  void on_link_connected(zab::LinkId id, base::Instant now, PeerEffects& effects);
  void on_link_bytes(zab::LinkId id, std::string_view bytes, base::Instant now, base::WallTime wall,
                     PeerEffects& effects);
  void on_link_drained(zab::LinkId id, base::Instant now, PeerEffects& effects);  // output is empty
  // The stream ended (also when we asked for it), or the dial failed.
  void on_link_closed(zab::LinkId id, base::Instant now, PeerEffects& effects);

  // ---- disk
  void on_persisted(wire::Zxid up_to, base::Instant now, PeerEffects& effects);
  void on_accepted_epoch_saved(base::Instant now, PeerEffects& effects);
  void on_current_epoch_saved(base::Instant now, PeerEffects& effects);
  // `truncated`: false when the disk cannot get exactly there; then nothing was changed but that
  // tree and sessions are as restored.
  void on_reloaded(bool truncated, base::Instant now, PeerEffects& effects);
  void on_snapshot_installed(base::Instant now, PeerEffects& effects);

  void on_timer(base::Instant now, base::WallTime wall, PeerEffects& effects);
  [[nodiscard]] std::optional<base::Instant> next_deadline() const;

  // ---- a clean stop: takes no more requests; a leader waits until its followers have everything.
  void begin_stop(base::Instant now, PeerEffects& effects);
  [[nodiscard]] bool may_stop() const;

  [[nodiscard]] PeerView view() const;
  [[nodiscard]] std::optional<zab::LeaderProbe> leader_probe() const;  // while it leads
  void reset_leader_probe();
  // What view().learners says of observers.
  void reset_observer_counters();
  [[nodiscard]] zab::Role role() const;  // as in view(), at no cost
  // A search for a leader runs: what is said of our history is what the tree shows.
  [[nodiscard]] bool is_searching() const;
  [[nodiscard]] const Replica& replica() const;
  // Fuzzy snapshots are good only now: the tree holds nothing but what is committed.
  [[nodiscard]] bool may_snapshot() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::replica
