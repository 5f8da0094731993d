#include "file_tools/snapshot_tree.h"

#include <fmt/format.h>

#include <unordered_set>

#include "file_tools/finding.h"
#include "file_tools/input.h"
#include "file_tools/progress.h"

namespace drover::file_tools {

namespace {

constexpr std::size_t kPathsMax = 100;  // that are kept to be named

class TreeSink final : public storage::RestoreSink {
 public:
  explicit TreeSink(SnapshotTree& into)
      : into_(into),
        progress_("reading " + into.input.name.name,
                  into.input.name.compression == storage::Compression::kNone
                      ? file_size(into.input.path)
                      : 0) {}

  void begin_snapshot(wire::Zxid) override { into_.tree.begin_load(); }
  void session(wire::SessionId id, std::int32_t timeout_ms) override {
    into_.sessions.emplace_back(id, timeout_ms);
  }
  void acl(std::int64_t key, AclList list) override {
    acl_keys_.insert(key);
    into_.tree.load_acl(key, std::move(list));
  }
  Result<void> node(std::string_view path, wire::NullableBytes data, std::int64_t acl_key,
                    const wire::StatPersisted& stat) override {
    read_ += path.size() + data.value_or("").size();
    progress_.at(read_);
    if (into_.tree.load_node(path, data, acl_key, stat) != ErrorCode::kOk) {
      if (++into_.dropped <= static_cast<std::int64_t>(kPathsMax)) {
        into_.dropped_paths.emplace_back(path);
      }
    } else if (acl_key != tree::kOpenAcl && !acl_keys_.contains(acl_key)) {
      into_.without_acl.emplace_back(path);
    }
    return {};
  }
  Result<void> end_snapshot(std::optional<SnapshotDigest>) override { return {}; }
  Result<void> txn(const wire::TxnBytes&) override { return {}; }

 private:
  SnapshotTree& into_;
  Progress progress_;
  std::unordered_set<std::int64_t> acl_keys_;
  std::uint64_t read_ = 0;
};

}  // namespace

Result<SnapshotTree> load_snapshot_tree(storage::Disk& disk, const SnapshotInput& input,
                                        std::int32_t length_max) {
  if (auto file = disk.open_read(input.path); !file) return std::unexpected(file.error());
  SnapshotTree loaded;
  loaded.input = input;
  TreeSink sink(loaded);
  const auto content =
      storage::read_snapshot(disk, input.dir, input.name, length_max, sink, &loaded.end);
  if (content) {
    loaded.content = *content;
  } else {
    loaded.failure = content.error().message;
    if (loaded.end.nodes == 0) return failure(content.error().message);
  }
  loaded.tree.end_load();
  return loaded;
}

}  // namespace drover::file_tools
