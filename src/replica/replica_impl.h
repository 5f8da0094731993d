#pragma once
// The inside of a replica. One class, told in chapters: replica.cc (roles; a request becomes a
// txn), learning.cc (a learner's clients), applying.cc (a txn becomes changes and answers).

#include <deque>
#include <optional>

#include "replica/outstanding_queue.h"
#include "replica/pending_requests.h"
#include "replica/reaper.h"
#include "replica/replica.h"
#include "replica/session_owners.h"
#include "txn/read.h"

namespace drover::replica {

struct Replica::Impl {
  enum class Mode : std::uint8_t { kStandalone, kPaused, kIdle, kLeading, kLearning };

  Impl(ReplicaOptions replica_options, tree::Tree& shared_tree,
       session::SessionTable& session_table, const txn::AuthOptions& auth_options,
       base::Log& line_log, base::Instant now, base::WallTime now_wall);

  [[nodiscard]] bool makes_txns() const {
    return mode == Mode::kStandalone || mode == Mode::kLeading;
  }
  // Whoever asked before is no longer there.
  [[nodiscard]] bool has_no_clients() const { return mode == Mode::kIdle || mode == Mode::kPaused; }

  // ---- replica.cc: deciding
  void on_request(const txn::Request& request, std::string_view body, base::Instant now);
  void on_write(const txn::Request& request, std::string_view body);
  void on_create_session(const txn::Request& request);
  void on_reattach(const txn::Request& request, base::Instant now);
  void on_query(Outstanding::Kind kind, const txn::Request& request, std::string_view body);
  void refuse(const txn::Request& request, ErrorCode error);
  void push_outcome(Outstanding entry, const txn::Prepare::Outcome& outcome, std::size_t offset);
  void push_answer(Outstanding::Kind kind, const txn::Request& request);
  void decide_commit();
  [[nodiscard]] bool is_used_up() const;

  // ---- learning.cc
  void send_on(const txn::Request& request, std::string_view body, Effects& effects);
  void send_on_write(const txn::Request& request, std::string_view body, Effects& effects);
  void ask_to_reattach(const txn::Request& request, Effects& effects);

  // ---- applying.cc
  [[nodiscard]] bool is_ready(const Outstanding& entry) const {
    return entry.kind != Outstanding::Kind::kTxn || entry.zxid <= committed;
  }
  void apply_txn(Outstanding entry, std::string_view bytes, base::Instant now, bool watched,
                 std::span<txn::Deliveries> lanes);
  void find_client(Outstanding& entry, std::string_view bytes);
  void tell_lanes(std::span<txn::Deliveries> lanes);
  void answer_pending(std::span<txn::Deliveries> lanes);
  [[nodiscard]] bool may_release_sync() const;
  void release_syncs();
  void keep_digest(wire::Zxid zxid, wire::Zxid before);
  void deliver_changes(std::span<txn::Deliveries> lanes);
  void end_session(const Outstanding& entry, std::span<txn::Deliveries> lanes);
  void answer(const Outstanding& entry, std::string_view bytes, std::span<txn::Deliveries> lanes);
  void read(const Outstanding& entry, std::string_view bytes, txn::Deliveries& lane,
            txn::Reply& reply);

  ReplicaOptions options;
  tree::Tree& tree;
  session::SessionTable& sessions;
  const txn::AuthOptions& auth;
  base::Log& log;
  Mode mode;
  std::optional<txn::Prepare> prepare;  // while makes_txns()
  txn::Reader reader;
  Reaper reaper;
  SessionOwners owners;
  OutstandingQueue queue;
  ReplicaProbe probe;
  std::deque<DigestAt> digests;
  bool fuzzy = false;  // the tree may hold what txns to come will do

  base::WallTime wall;  // of the latest event; never runs back
  wire::SessionId next_session;
  // Invariant: committed <= proposed and persisted <= proposed.
  wire::Zxid proposed;
  wire::Zxid persisted;
  wire::Zxid committed;

  // ---- standalone
  std::uint32_t term = 0;              // as in txn::RequestBatch: how often it was paused
  std::vector<std::uint32_t> notices;  // for the lanes: kServing in this term, or 0: kNotServing

  // ---- learning
  PendingRequests pending;
  std::deque<wire::Zxid> sync_releases;   // each for the oldest sync, when this zxid is applied
  std::deque<txn::Request> revalidating;  // reattaches that wait for the leader's word

  std::vector<txn::Change>
      changes;  // of the txn being applied, before they are copied to each lane
  base::ByteBuffer change_bytes;
  base::ByteBuffer no_body;  // where the record of a txn without a client would go
};

}  // namespace drover::replica
