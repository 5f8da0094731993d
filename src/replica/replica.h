#pragma once
// The replica: what a server does with requests and txns. Requests in, txns to persist out;
// committed txns applied to the tree and deliveries for the lanes out. Standalone it is whole:
// persisted is committed. In an ensemble a Peer tells it its role and what is committed; as a
// learner it makes no txns but sends its clients' requests on and waits for theirs to come back.
//
// Threads: one, the tree's only writer. Deterministic: events carry the time.
// The caller's duties:
//   1. Call on_requests / on_timer / on_persisted as things happen, never concurrently.
//   2. Make everything in Effects::persist durable, in order, then call on_persisted with its last
//   zxid.
//      The bytes live until that call returns.
//   3. Whenever has_committed(), take all tree slots, call apply_committed, hand each lane its
//   deliveries.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "session/session_table.h"
#include "tree/tree.h"
#include "txn/prepare.h"
#include "txn/request.h"
#include "wire/txn_records.h"
#include "zab/learner.h"
#include "zab/quorum_packet.h"

namespace drover::replica {

struct ReplicaOptions {
  bool standalone = true;      // false: idle until lead() or learn()
  std::uint8_t server_id = 1;  // of standalone, as in Apache
  std::int64_t tick_ms = 3000;
  std::uint32_t lanes = 1;
  txn::PrepareOptions prepare{};
  std::int64_t container_check_interval_ms = 60000;  // znode.container.checkIntervalMs
  std::int64_t container_max_per_minute = 10000;     // znode.container.maxPerMinute
  std::int64_t container_max_never_used_ms = 0;  // znode.container.maxNeverUsedIntervalMs, 0: never
  std::int64_t digest_interval =
      128;  // a digest is kept of each zxid divisible by this; as Apache's
  std::size_t digests_max = 1024;
};

struct Effects {
  std::vector<wire::TxnBytes> persist;  // in zxid order
  // Of a learner, to its leader, in order. Views live as long as the batch that was handed in.
  struct Forward {
    wire::SessionId session;
    std::int32_t cxid = 0;
    wire::OpCode op = wire::OpCode::kError;
    std::string_view body;
    std::int32_t timeout_ms = 0;  // kCreateSession, whose body is this number
    txn::Identities identities;
  };
  std::vector<Forward> forwards;
  struct Session {
    wire::SessionId id;
    std::int32_t timeout_ms = 0;
  };
  std::vector<Session> revalidations;  // of a learner: then on_revalidated, in the same order
  std::vector<Session> touches;        // of a learner
  void clear() {
    persist.clear();
    forwards.clear();
    revalidations.clear();
    touches.clear();
  }
};

struct ReplicaProbe {
  std::int64_t txns = 0;
  std::int64_t sessions_expired = 0;
  std::int64_t containers_deleted = 0;
  std::int64_t digest_mismatches = 0;
  std::int64_t revalidations = 0;  // of a learner: sessions it asked its leader about
  std::int64_t ttl_nodes_created = 0, ttl_nodes_deleted = 0;
};

class Replica {
 public:
  // `tree` and `sessions` are as restored; their last txn is tree.last_zxid().
  Replica(ReplicaOptions options, tree::Tree& tree, session::SessionTable& sessions,
          const txn::AuthOptions& auth, base::Log& log, base::Instant now, base::WallTime wall);
  ~Replica();

  void on_requests(const txn::RequestBatch& batch, base::Instant now, base::WallTime wall,
                   Effects& effects);
  void on_persisted(wire::Zxid last, Effects& effects);
  // Expires sessions, reaps containers and TTL znodes.
  void on_timer(base::Instant now, base::WallTime wall, Effects& effects);
  [[nodiscard]] std::optional<base::Instant> next_deadline() const;

  // True when a commit, or an answer that waited for one, is ready.
  [[nodiscard]] bool has_committed() const;
  // Applies committed txns and answers what stands between them. Stops early at a read whose lane
  // has many bytes to take already; has_committed() then still holds, and the caller calls again
  // when that lane has emptied its deliveries. `watched` says whether any lane wants
  // changes (they are collected only then). `lanes` has one entry per lane; entries are appended
  // to.
  void apply_committed(base::Instant now, bool watched, std::span<txn::Deliveries> lanes);

  // ---- roles in an ensemble. Requires to be idle, with nothing outstanding.
  // Makes txns from (epoch, 1) on; what is committed is told by commit().
  void lead(zab::Epoch epoch, base::Instant now);
  void learn();
  // No role any more. Clients are forgotten; what is proposed stays until settle() or discard().
  void stop();
  // Everything proposed and persisted counts as committed: the tree is to show what is on disk.
  // Requires to be idle and all of it persisted; then apply_committed.
  void settle();
  // Tree and sessions were replaced from outside. Requires to be idle or learning, and an empty
  // queue.
  void reloaded();
  // After reloaded(): the tree is an image that a leader wrote while it applied txns. Until
  // image_is_whole() it may hold what txns to come will do, so no digest is compared or kept.
  void image_is_fuzzy();
  void image_is_whole();
  [[nodiscard]] bool all_persisted() const;

  // ---- another state for a standalone server (an operator's restore), in three steps:
  //   1. pause(): the next deliveries send every client away, and nothing new is decided. What was
  //      proposed is still to be persisted and applied.
  //   2. may_replace(): tree and sessions may be replaced from outside, or be left as they are.
  //   3. resume(): clients are taken again; zxids continue from the tree's, which must not be less
  //      than last_proposed() was.
  void pause();
  [[nodiscard]] bool may_replace() const;
  void resume(base::Instant now);
  [[nodiscard]] bool is_paused() const;

  // ---- leading: what learners' clients ask. The link's number says whom to answer.
  struct LearnerRequest {
    std::uint64_t link = 0;
    zab::ForwardedRequest request;
    txn::Identities identities;
  };
  void on_learner_requests(std::span<const LearnerRequest> requests, base::WallTime wall,
                           Effects& effects);
  [[nodiscard]] bool on_revalidate(std::uint64_t link, wire::SessionId session,
                                   std::int32_t timeout_ms, base::Instant now);
  void touch(wire::SessionId session, std::int32_t timeout_ms, base::Instant now);
  // The epoch has no zxids left: no more txns are made (ZOOKEEPER-1277).
  [[nodiscard]] bool is_used_up() const;

  // ---- learning
  // Copies. `durable` false: a snapshot will hold it, it is not to be logged.
  void on_proposals(std::span<const zab::LearnerEffects::Txn> txns, Effects& effects);
  // The oldest sync is answered when everything up to `after` is applied, before what comes behind.
  void on_synced(wire::Zxid after);
  void on_revalidated(wire::SessionId session, bool valid, base::Instant now);

  void commit(wire::Zxid up_to);  // leading and learning

  [[nodiscard]] std::size_t outstanding() const;  // proposed or queued, not yet answered
  [[nodiscard]] wire::Zxid last_proposed() const;
  [[nodiscard]] const ReplicaProbe& probe() const;
  // As Prepare::quota_refusals; empty where no txns are made.
  [[nodiscard]] std::map<std::string, std::int64_t> quota_refusals() const;
  // Digest of the tree after each txn whose zxid is a multiple of digest_interval, oldest
  // first, the newest digests_max of this run: what `hash` shows, so that servers can be compared
  // at the same zxid. Empty when digests are off.
  struct DigestAt {
    wire::Zxid zxid;
    std::uint64_t digest = 0;
    wire::Zxid before;  // the txn before it
  };
  [[nodiscard]] const std::deque<DigestAt>& digests() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::replica
