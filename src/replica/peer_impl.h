#pragma once
// The inside of a peer. One class, told in chapters: peer.cc (roles and time), peer_links.cc
// (streams and packets), peer_tree.cc (what touches the tree).

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "base/prng.h"
#include "replica/peer.h"
#include "replica/restorer.h"
#include "storage/snapshot_stream.h"

namespace drover::replica {

struct Peer::Impl {
  // What the peer is busy with; Role says what it is to others.
  enum class Phase : std::uint8_t {
    kIdle,      // before start()
    kDraining,  // the last role has ended; the disk still has work of it
    kReloading,
    kWaiting,  // an observer lets some time pass before it looks
    kLooking,
    kLeading,
    kLearning,
  };

  Impl(PeerOptions peer_options, tree::Tree& shared_tree, session::SessionTable& session_table,
       const txn::AuthOptions& auth, zab::History history, std::uint64_t seed, base::Log& line_log,
       base::Instant now, base::WallTime wall);

  // ---- peer.cc
  void end_role(std::string_view why, PeerEffects& effects, base::Instant now);
  // Goes on towards the next search as far as disk and tree allow.
  void drain(base::Instant now, PeerEffects& effects);
  void look(base::Instant now, PeerEffects& effects);
  void decided(const zab::ElectionEffects::Decision& decision, base::Instant now,
               PeerEffects& effects);
  void begin_to_lead(base::Instant now, PeerEffects& effects);
  void begin_to_learn(zab::ServerId leader_sid, base::Instant now, PeerEffects& effects);
  // Each carries out what the last calls left in its scratch effects, and what follows from that.
  void take_leader_effects(base::Instant now, PeerEffects& effects);
  void take_learner_effects(base::Instant now, PeerEffects& effects);
  void take_replica_effects(base::Instant now, PeerEffects& effects);
  void take_election_effects(base::Instant now, PeerEffects& effects);
  void serve(bool yes);
  [[nodiscard]] zab::History history() const;
  [[nodiscard]] bool between_roles() const {
    return phase == Phase::kDraining || phase == Phase::kReloading || phase == Phase::kWaiting;
  }

  // ---- peer_links.cc
  struct QuorumLink {
    zab::Link link;
    base::ByteBuffer input;  // not yet understood
    base::Instant since;     // when it was accepted
    bool in_lobby = false;   // accepted before we knew whether we would lead
  };
  QuorumLink& new_quorum_link(bool dialled, base::Instant now);
  [[nodiscard]] QuorumLink* quorum_link(zab::LinkId id);
  static void mark_dirty(zab::Link& link, PeerEffects& effects);
  static void close_link(zab::Link& link, PeerEffects& effects);
  void close_quorum_links(PeerEffects& effects);
  void open_lobby(base::Instant now, PeerEffects& effects);
  void clear_lobby(base::Instant now, PeerEffects& effects);
  void read_packets(QuorumLink& from, base::Instant now, PeerEffects& effects);
  void read_as_leader(QuorumLink& from, base::Instant now, PeerEffects& effects);
  void read_as_learner(QuorumLink& from, base::Instant now, PeerEffects& effects);
  void answer_learners(base::Instant now, PeerEffects& effects);
  void answer_learner(const zab::LeaderEffects::FromLearner& from, base::Instant now,
                      PeerEffects& effects);
  void propose_learner_requests(base::Instant now, PeerEffects& effects);

  // ---- peer_tree.cc
  struct OutgoingSnapshot {
    zab::LinkId link;
    std::unique_ptr<tree::Tree::Walk> walk;  // null: not begun
    std::int64_t nodes = 0;
  };
  [[nodiscard]] bool wants_to_stream() const;
  void load_snapshot(base::Instant now, PeerEffects& effects);
  void stream_snapshots(base::Instant now, PeerEffects& effects);
  // True when it is all in the link's output.
  bool stream(OutgoingSnapshot& snapshot, base::ByteBuffer& out);
  void give_up_stream(zab::LinkId link);
  void give_up_streams();

  const PeerOptions options;
  tree::Tree& tree;
  session::SessionTable& sessions;
  base::Log& log;
  base::Prng prng;
  Replica replica;
  zab::ProposalLog proposals;
  std::uint64_t next_link = 1;
  zab::Election election;
  zab::ElectionLinks election_links;
  zab::History stored;  // the epochs as they are on disk; last_zxid is the tree's

  Phase phase = Phase::kIdle;
  std::unique_ptr<zab::Leader> leader;
  std::unique_ptr<zab::Learner> learner;
  zab::LinkId leader_link;  // of learner
  std::map<zab::LinkId, std::unique_ptr<QuorumLink>> quorum_links;

  base::WallTime wall;  // of the latest event that told it
  bool serving = false;
  std::uint32_t term = 0;  // how often we have begun to serve
  std::deque<std::uint32_t>
      notices;                   // for the lanes, in order: the term that begins, 0: it is over
  bool tree_is_foreign = false;  // loaded from a leader, and the disk says something else
  bool wants_snapshot = false;   // the disk could not be truncated
  bool config_to_show = false;   // the tree was taken from disk
  bool stopping = false;
  zab::Epoch epoch_heard = 0;  // a member of the ensemble has accepted it
  // What the disk is at; a new search waits for all of it.
  std::optional<zab::Epoch> accepted_being_saved, current_being_saved;
  bool reloading = false;
  bool installing = false;

  std::optional<wire::Zxid> receiving;  // a snapshot comes in over leader_link
  bool snapshot_bytes_came = false;
  std::unique_ptr<Restorer> restorer;  // null: the first piece is not here yet
  std::unique_ptr<storage::SnapshotStreamParser> parser;
  bool install_wanted = false;
  std::vector<OutgoingSnapshot> outgoing;
  std::vector<std::unique_ptr<tree::Tree::Walk>> dead_walks;  // to be destroyed under a hold

  std::vector<zab::ElectionLinksEffects::Received> deferred;  // heard between two roles
  base::Instant look_at;                                      // kWaiting
  base::Instant looking_since;
  std::int64_t election_ms = 0;

  // Scratch, kept for their memory.
  Effects replica_effects;
  zab::LeaderEffects leader_effects;
  zab::LearnerEffects learner_effects;
  zab::ElectionEffects election_effects;
  zab::ElectionLinksEffects link_effects;
  std::vector<Replica::LearnerRequest> learner_requests;
};

}  // namespace drover::replica
