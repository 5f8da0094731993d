#include "replica/restorer.h"

#include <string>

#include "txn/apply.h"

namespace drover::replica {

Restorer::Restorer(tree::Tree& tree, session::SessionTable& sessions, base::Log& log,
                   base::Instant now)
    : tree_(tree), sessions_(sessions), log_(log), now_(now) {}

void Restorer::begin_snapshot(wire::Zxid zxid) {
  for (const auto& [session, timeout_ms] : sessions_.list()) sessions_.remove(session);
  tree_.begin_load();
  snapshot_zxid_ = zxid;
  snapshot_digest_.reset();
}

void Restorer::session(wire::SessionId id, std::int32_t timeout_ms) {
  sessions_.add(id, timeout_ms, now_);
}

void Restorer::acl(std::int64_t key, AclList list) {
  tree_.load_acl(key, std::move(list));
}

Result<void> Restorer::node(std::string_view path, wire::NullableBytes data, std::int64_t acl_key,
                            const wire::StatPersisted& stat) {
  const ErrorCode error = tree_.load_node(path, data, acl_key, stat);
  if (error == ErrorCode::kOk) return {};
  return failure(fmt::format("znode {} cannot be placed: {}", path, error_name(error)), error);
}

// A snapshot is fuzzy: written while txns were applied, it holds some of what came after its name
// says. Its digest belongs to the last of those txns, and until that one is replayed no digest can
// be compared.
Result<void> Restorer::end_snapshot(std::optional<SnapshotDigest> digest) {
  tree_.end_load();
  tree_.set_last_zxid(snapshot_zxid_);
  const bool usable = digest && digest->digest.version == wire::TxnDigest::kVersion &&
                      digest->zxid >= snapshot_zxid_ && digest->zxid.value != 0;
  if (!usable) return {};
  snapshot_digest_ = digest;
  compare_snapshot_digest();
  return {};
}

void Restorer::compare_snapshot_digest() {
  if (!snapshot_digest_ || snapshot_digest_->zxid != tree_.last_zxid()) return;
  if (snapshot_digest_->digest.tree_digest != tree_.digest()) {
    mismatch("the snapshot's digest", tree_.last_zxid());
  }
  snapshot_digest_.reset();
}

void Restorer::mismatch(std::string_view whose, wire::Zxid zxid) {
  // One line tells; the count tells how often.
  if (++digest_mismatches_ > 1) return;
  log_.error("zxid=0x{:x} {} is not that of the restored tree", zxid.value, whose);
}

Result<void> Restorer::txn(const wire::TxnBytes& txn) {
  // No client waits, so there is no reply body: the buffer stays empty.
  base::ByteBuffer body;
  const txn::Applied applied =
      txn::apply(txn.bytes, tree_, sessions_, now_, wire::OpCode::kError, nullptr, body,
                 {.compare_digest = !snapshot_digest_.has_value()});
  if (!applied.ok) {
    return failure(
        fmt::format("txn zxid=0x{:x} is not a record that this server knows", txn.zxid.value));
  }
  if (!applied.digest_matches) mismatch("the txn's digest", txn.zxid);
  compare_snapshot_digest();
  return {};
}

void Restorer::finish() {
  if (snapshot_digest_) {
    log_.warn(
        "the log ends at zxid=0x{:x}, before zxid=0x{:x} at which the snapshot's digest could "
        "be compared",
        tree_.last_zxid().value, snapshot_digest_->zxid.value);
    snapshot_digest_.reset();
  }
  for (const wire::SessionId session : tree_.sessions_with_ephemerals()) {
    if (sessions_.contains(session)) continue;
    std::vector<std::string> paths;
    for (const tree::NodeId node : tree_.ephemerals(session)) {
      tree_.append_path(node, paths.emplace_back());
    }
    for (const std::string& path : paths) tree_.remove(path, tree_.last_zxid());
    log_.info("session=0x{:x} is unknown, its {} ephemerals are gone",
              static_cast<std::uint64_t>(session.value), paths.size());
  }
}

}  // namespace drover::replica
