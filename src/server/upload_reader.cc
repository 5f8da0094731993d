#include "server/upload_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "replica/restorer.h"
#include "server/clock.h"
#include "storage/snapshot_reader.h"

namespace drover::server {

namespace {

// Epochs are 32 bits, and there has to be room behind the last one.
constexpr std::int64_t kEpochMax = 0x7ffffff0;

// Hands everything on and notes the newest zxid. The digest stays here: it belongs to a moment
// that this file alone does not have to show.
class NotingSink final : public storage::RestoreSink {
 public:
  explicit NotingSink(storage::RestoreSink& next) : next_(next) {}

  void begin_snapshot(wire::Zxid zxid) override { next_.begin_snapshot(zxid); }
  void session(wire::SessionId id, std::int32_t timeout_ms) override {
    next_.session(id, timeout_ms);
  }
  void acl(std::int64_t key, AclList list) override { next_.acl(key, std::move(list)); }
  Result<void> node(std::string_view path, wire::NullableBytes data, std::int64_t acl_key,
                    const wire::StatPersisted& stat) override {
    for (const std::int64_t zxid : {stat.czxid, stat.mzxid, stat.pzxid}) note(wire::Zxid(zxid));
    return next_.node(path, data, acl_key, stat);
  }
  Result<void> end_snapshot(std::optional<SnapshotDigest>) override {
    return next_.end_snapshot(std::nullopt);
  }
  Result<void> txn(const wire::TxnBytes& txn) override { return next_.txn(txn); }

  void note(wire::Zxid zxid) { newest_ = std::max(newest_, zxid); }
  [[nodiscard]] wire::Zxid newest() const { return newest_; }

 private:
  storage::RestoreSink& next_;
  wire::Zxid newest_;
};

Result<storage::Compression> compression_of(storage::Disk& disk, const std::string& path) {
  const auto file = disk.open_read(path);
  if (!file) return std::unexpected(file.error());
  char head[2] = {};
  const auto got = (*file)->read_at(0, head);
  if (!got) return std::unexpected(got.error());
  const std::string_view magic(head, *got);
  if (magic == "\x1f\x8b") return storage::Compression::kGzip;
  if (magic == "\x82S") return storage::Compression::kSnappy;
  return storage::Compression::kNone;
}

// Whoever uploaded it does not know our name for it.
std::string without(std::string text, const std::string& path) {
  if (const auto at = text.find(path + ": "); at != std::string::npos) {
    text.erase(at, path.size() + 2);
  }
  return text;
}

}  // namespace

Result<UploadedState> read_upload(storage::Disk& disk, const std::string& path,
                                  std::int32_t length_max, std::int64_t tick_ms, base::Log& log) {
  const auto compression = compression_of(disk, path);
  if (!compression) return std::unexpected(compression.error());
  const storage::SnapshotName name{
      .zxid = wire::Zxid(), .compression = *compression, .name = path.substr(path.rfind('/') + 1)};
  UploadedState state{
      .tree = tree::Tree(), .sessions = session::SessionTable(tick_ms), .newest = wire::Zxid()};
  replica::Restorer restorer(state.tree, state.sessions, log, now());
  NotingSink noting(restorer);
  storage::SnapshotEnd end;
  const auto content =
      storage::read_snapshot(disk, storage::parent_dir(path), name, length_max, noting, &end);
  if (!content || !end.closed) {
    const std::string reason =
        content ? "the mark at its end is missing" : without(end.reason, path);
    return failure(fmt::format(
        "the snapshot is damaged at byte {}{}, behind {} znodes: {}", end.offset,
        *compression == storage::Compression::kNone ? "" : " (uncompressed)", end.nodes, reason));
  }
  if (content->last_zxid) noting.note(*content->last_zxid);
  if (content->digest) noting.note(content->digest->zxid);
  if (noting.newest().epoch() > kEpochMax) {
    return failure(fmt::format("the snapshot holds zxid 0x{:x}, behind which there is no room",
                               static_cast<std::uint64_t>(noting.newest().value)));
  }
  if (content->nodes_without_acl > 0) {
    log.warn(
        "restore: {} znodes have an ACL that the snapshot does not hold: they are open to "
        "everybody",
        content->nodes_without_acl);
  }
  if (content->digest && content->digest->digest.tree_digest != state.tree.digest()) {
    log.warn(
        "restore: the snapshot was written while txns were applied, and may lack some of the "
        "last of them: its digest is that of another tree");
  }
  state.newest = noting.newest();
  state.tree.set_last_zxid(state.newest);
  restorer.finish();
  return state;
}

}  // namespace drover::server
