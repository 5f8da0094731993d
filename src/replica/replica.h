#pragma once
// The replica: a whole server without a socket. Requests in, txns to persist out; persisted in,
// committed txns applied to the tree and deliveries for the lanes out. Standalone for now:
// persisted is committed.
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
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "session/session_table.h"
#include "tree/tree.h"
#include "txn/prepare.h"
#include "txn/request.h"
#include "wire/txn_records.h"

namespace drover::replica {

struct ReplicaOptions {
  std::uint8_t server_id = 1;  // of standalone, as in Apache
  std::int64_t tick_ms = 3000;
  std::uint32_t lanes = 1;
  txn::PrepareOptions prepare{};
  std::int64_t container_check_interval_ms = 60000;  // znode.container.checkIntervalMs
  std::int64_t container_max_per_minute = 10000;     // znode.container.maxPerMinute
  std::int64_t container_max_never_used_ms = 0;  // znode.container.maxNeverUsedIntervalMs, 0: never
};

struct Effects {
  std::vector<wire::TxnBytes> persist;  // in zxid order
  void clear() { persist.clear(); }
};

struct ReplicaProbe {
  std::int64_t txns = 0;
  std::int64_t sessions_expired = 0;
  std::int64_t containers_deleted = 0;
  std::int64_t digest_mismatches = 0;
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
  // when that lane has emptied its deliveries. `watched` says whether any lane holds a watch
  // (changes are collected only then). `lanes` has one entry per lane; entries are appended to.
  void apply_committed(base::Instant now, bool watched, std::span<txn::Deliveries> lanes);

  [[nodiscard]] std::size_t outstanding() const;  // proposed or queued, not yet answered
  [[nodiscard]] wire::Zxid last_proposed() const;
  [[nodiscard]] const ReplicaProbe& probe() const;
  // Digest of the tree after each txn whose zxid is a multiple of 128, oldest first, the newest
  // 1024 of this run: what `hash` shows, so that servers can be compared at the same zxid. Empty
  // when digests are off.
  struct DigestAt {
    wire::Zxid zxid;
    std::uint64_t digest = 0;
  };
  [[nodiscard]] const std::deque<DigestAt>& digests() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::replica
