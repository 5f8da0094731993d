#pragma once
// Rebuilds tree and sessions from what storage reads.

#include "base/log.h"
#include "base/time.h"
#include "session/session_table.h"
#include "storage/restore.h"
#include "tree/tree.h"

namespace drover::replica {

class Restorer final : public storage::RestoreSink {
 public:
  // Both must outlive the restorer; whatever they hold is dropped by the first begin_snapshot.
  Restorer(tree::Tree& tree, session::SessionTable& sessions, base::Log& log, base::Instant now);

  void begin_snapshot(wire::Zxid zxid) override;
  void session(wire::SessionId id, std::int32_t timeout_ms) override;
  void acl(std::int64_t key, AclList list) override;
  Result<void> node(std::string_view path, wire::NullableBytes data, std::int64_t acl_key,
                    const wire::StatPersisted& stat) override;
  Result<void> end_snapshot(std::optional<SnapshotDigest> digest) override;
  Result<void> txn(const wire::TxnBytes& txn) override;

  // After the last txn: ephemerals whose session is unknown are deleted (without a txn, as Apache
  // does).
  void finish();
  [[nodiscard]] std::int64_t digest_mismatches() const { return digest_mismatches_; }

 private:
  void compare_snapshot_digest();
  void mismatch(std::string_view whose, wire::Zxid zxid);

  tree::Tree& tree_;
  session::SessionTable& sessions_;
  base::Log& log_;
  base::Instant now_;
  wire::Zxid snapshot_zxid_;
  std::optional<SnapshotDigest> snapshot_digest_;  // until it could be compared
  std::int64_t digest_mismatches_ = 0;
};

}  // namespace drover::replica
