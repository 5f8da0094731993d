#include "file_tools/snapshot_repair.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "file_tools/progress.h"
#include "storage/snapshot_sink.h"
#include "storage/snapshot_source.h"
#include "storage/snapshot_writer.h"
#include "toolbox/utf8.h"

namespace drover::file_tools {

namespace {

constexpr std::size_t kSliceBytes = 1 << 20;

// Who lost an ACL shall not become open to all: nobody but the super user passes this one.
const AclList& closed_acl() {
  static const AclList acl{{0, {"world", "anyone"}}};
  return acl;
}

Result<void> refuse_existing(storage::Disk& disk, const std::string& path) {
  const auto there = disk.exists(path);
  if (!there) return std::unexpected(there.error());
  if (*there) return failure(fmt::format("{}: exists already, choose another name", path));
  return {};
}

storage::Compression compression_for(const std::string& path) {
  if (path.ends_with(".gz")) return storage::Compression::kGzip;
  if (path.ends_with(".snappy")) return storage::Compression::kSnappy;
  return storage::Compression::kNone;
}

Result<void> write_nodes(storage::SnapshotWriter& writer, tree::Tree& tree) {
  std::string path;
  for (tree::Tree::Walk walk(tree); walk.node() != tree::kNoNode; walk.advance()) {
    path.clear();
    tree.append_path(walk.node(), path);
    writer.node(path, tree.data(walk.node()), tree.acl_key(walk.node()),
                tree.node_stat(walk.node()));
    if (writer.buffered() < kSliceBytes) continue;
    if (auto done = writer.flush(); !done) return done;
  }
  return writer.flush();
}

}  // namespace

Result<SalvagePlan> plan_salvage(storage::Disk& disk, const SnapshotInput& input,
                                 std::int32_t length_max) {
  auto loaded = load_snapshot_tree(disk, input, length_max);
  if (!loaded) return std::unexpected(loaded.error());
  SalvagePlan plan{.loaded = std::move(*loaded)};
  const SnapshotTree& tree = plan.loaded;
  plan.loses = tree.failure.has_value() || tree.dropped > 0;
  plan.changes = plan.loses || !tree.without_acl.empty() || !tree.end.closed;
  return plan;
}

Result<void> write_salvaged(storage::Disk& disk, SalvagePlan& plan, const std::string& to) {
  if (auto done = refuse_existing(disk, to); !done) return done;
  SnapshotTree& loaded = plan.loaded;
  for (const auto& path : loaded.without_acl) {
    const auto node = loaded.tree.find(path);
    if (node == tree::kNoNode) continue;
    loaded.tree.set_acl(path, closed_acl(), loaded.tree.node_stat(node).aversion);
  }
  std::vector<storage::SnapshotSession> sessions;
  for (const auto& [id, timeout_ms] : loaded.sessions) sessions.push_back({id, timeout_ms});
  // A writer names its file itself: in a folder of its own, then to its place.
  const std::string folder = to + ".partial";
  if (auto done = disk.create_dirs(folder); !done) return done;
  const auto acls = loaded.tree.acl_table();
  storage::SnapshotWriter writer(disk, {.dir = folder, .compression = compression_for(to)},
                                 loaded.input.name.zxid, sessions, acls);
  if (auto done = write_nodes(writer, loaded.tree); !done) return done;
  // The digest of a tree that lost something would only be wrong.
  const auto digest = plan.loses ? std::nullopt : loaded.content.digest;
  const auto file =
      writer.finish(digest, loaded.content.last_zxid.value_or(loaded.input.name.zxid));
  if (!file) return std::unexpected(file.error());
  if (auto done = disk.rename(file->path, to); !done) return done;
  std::error_code ignored;
  std::filesystem::remove(folder, ignored);
  return disk.sync_dir(storage::parent_dir(to));
}

std::string salvage_text(const SalvagePlan& plan) {
  const SnapshotTree& loaded = plan.loaded;
  std::string text = loaded.input.path + "\n";
  if (!plan.changes) return text + "  nothing to repair\n";
  text += fmt::format("  kept        {}, {}\n", counted(loaded.end.nodes - loaded.dropped, "znode"),
                      counted(loaded.end.sessions, "session"));
  if (loaded.failure && loaded.end.nodes_complete) {
    text += fmt::format(
        "  DOUBTFUL    {}: all znodes were read, but some byte of them is wrong and "
        "nobody can tell which\n",
        *loaded.failure);
  } else if (loaded.failure) {
    text += fmt::format("  LOST        everything behind byte {}: {}\n", loaded.end.offset,
                        *loaded.failure);
  }
  if (loaded.dropped > 0) {
    text += fmt::format("  LOST        {} without a place in the tree:\n",
                        counted(loaded.dropped, "znode"));
    for (const auto& path : loaded.dropped_paths) {
      text += fmt::format("              {}\n", toolbox::utf8_or_replaced(path));
    }
  }
  if (!loaded.without_acl.empty()) {
    text += fmt::format("  CLOSED      {} whose ACL is lost: only the super user passes\n",
                        counted(static_cast<std::int64_t>(loaded.without_acl.size()), "znode"));
    for (const auto& path : loaded.without_acl) {
      text += fmt::format("              {}\n", toolbox::utf8_or_replaced(path));
    }
  }
  if (!loaded.failure && !loaded.end.closed)
    text += "  mended      the mark behind the last seal\n";
  return text;
}

boost::json::object salvage_json(const SalvagePlan& plan) {
  const SnapshotTree& loaded = plan.loaded;
  boost::json::array dropped;
  for (const auto& path : loaded.dropped_paths)
    dropped.emplace_back(toolbox::utf8_or_replaced(path));
  boost::json::array closed;
  for (const auto& path : loaded.without_acl) closed.emplace_back(toolbox::utf8_or_replaced(path));
  boost::json::object object{{"file", toolbox::utf8_or_replaced(loaded.input.path)},
                             {"changes", plan.changes},
                             {"loses", plan.loses},
                             {"nodes_kept", loaded.end.nodes - loaded.dropped},
                             {"nodes_dropped", loaded.dropped},
                             {"dropped", std::move(dropped)},
                             {"closed", std::move(closed)},
                             {"nodes_complete", loaded.end.nodes_complete},
                             {"offset", loaded.end.offset}};
  if (loaded.failure) object["why"] = *loaded.failure;
  return object;
}

Result<void> convert_snapshot(storage::Disk& disk, const SnapshotInput& input,
                              storage::Compression to, const std::string& path,
                              std::int32_t length_max) {
  if (auto done = refuse_existing(disk, path); !done) return done;
  const auto whole = storage::verify_snapshot(disk, input.dir, input.name, length_max);
  if (!whole) return std::unexpected(whole.error());
  auto source = storage::SnapshotSource::open(disk, input.path, input.name.compression);
  if (!source) return std::unexpected(source.error());
  // Not `snapshot.*` before it is whole.
  const std::string dir = storage::parent_dir(path);
  const std::string fresh =
      fmt::format("{}/tmp.converted.{}", dir, path.substr(path.rfind('/') + 1));
  auto file = disk.create(fresh);
  if (!file) return std::unexpected(file.error());
  const auto sink = storage::SnapshotSink::make(to, **file);
  Progress progress("converting " + input.name.name, 0);
  std::string chunk(kSliceBytes, '\0');
  for (std::uint64_t copied = 0;;) {
    const auto got = (*source)->read(chunk);
    if (!got) return std::unexpected(got.error());
    if (*got == 0) break;
    if (auto done = sink->write({chunk.data(), *got}); !done) return done;
    progress.at(copied += *got);
  }
  if (auto done = sink->finish(); !done) return done;
  if (auto done = (*file)->sync_data(); !done) return done;
  storage::SnapshotName name = input.name;
  name.compression = to;
  name.name = fresh.substr(dir.size() + 1);
  const auto again = storage::verify_snapshot(disk, dir, name, length_max);
  if (!again) return std::unexpected(again.error());
  if (auto done = disk.rename(fresh, path); !done) return done;
  return disk.sync_dir(dir);
}

}  // namespace drover::file_tools
