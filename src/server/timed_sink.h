#pragma once
// A RestoreSink that hands everything on and notes how long snapshot and log took.

#include "server/clock.h"
#include "storage/restore.h"

namespace drover::server {

class TimedSink final : public storage::RestoreSink {
 public:
  explicit TimedSink(storage::RestoreSink& next) : next_(next), since_(now()) {}

  [[nodiscard]] std::int64_t snapshot_ms() const { return snapshot_ms_; }
  [[nodiscard]] std::int64_t txns_ms() const {
    return (now() - since_) / std::chrono::milliseconds(1);
  }

  void begin_snapshot(wire::Zxid zxid) override {
    since_ = now();
    next_.begin_snapshot(zxid);
  }
  void session(wire::SessionId id, std::int32_t timeout_ms) override {
    next_.session(id, timeout_ms);
  }
  void acl(std::int64_t key, AclList list) override { next_.acl(key, std::move(list)); }
  Result<void> node(std::string_view path, wire::NullableBytes data, std::int64_t acl_key,
                    const wire::StatPersisted& stat) override {
    return next_.node(path, data, acl_key, stat);
  }
  Result<void> end_snapshot(std::optional<SnapshotDigest> digest) override {
    auto ended = next_.end_snapshot(digest);
    snapshot_ms_ = (now() - since_) / std::chrono::milliseconds(1);
    since_ = now();
    return ended;
  }
  Result<void> txn(const wire::TxnBytes& txn) override { return next_.txn(txn); }

 private:
  storage::RestoreSink& next_;
  base::Instant since_;  // the snapshot began, or the log
  std::int64_t snapshot_ms_ = 0;
};

}  // namespace drover::server
