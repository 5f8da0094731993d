#include "storage/purge.h"

#include <algorithm>
#include <optional>

#include "storage/file_names.h"
#include "storage/snapshot_reader.h"

namespace drover::storage {
namespace {

constexpr std::int32_t kRetainMin = 3;

// The zxid of the oldest of the `retain` newest good snapshots; nullopt when there are fewer.
Result<std::optional<wire::Zxid>> oldest_needed(Disk& disk, const PurgeOptions& options,
                                                base::Log& log,
                                                const std::vector<SnapshotName>& snapshots) {
  const std::int32_t retain = std::max(options.retain, kRetainMin);
  std::int32_t good = 0;
  for (auto name = snapshots.rbegin(); name != snapshots.rend(); ++name) {
    // The same state twice, in two compressions, is one snapshot.
    if (name != snapshots.rbegin() && std::prev(name)->zxid == name->zxid) continue;
    const auto content = verify_snapshot(disk, options.snapshot_dir, *name, options.length_max);
    if (!content) {
      log.warn("purge does not count a bad snapshot: {}", content.error().message);
      continue;
    }
    if (++good == retain) return name->zxid;
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<std::string>> purge(Disk& disk, const PurgeOptions& options, base::Log& log) {
  // Logs first: a log made after this listing is newer than anything that may go.
  const auto log_listing = disk.list(options.log_dir);
  if (!log_listing) return std::unexpected(log_listing.error());
  const auto snapshot_listing = disk.list(options.snapshot_dir);
  if (!snapshot_listing) return std::unexpected(snapshot_listing.error());
  const auto logs = sort_names(*log_listing).logs;
  const auto snapshots = sort_names(*snapshot_listing).snapshots;

  const auto needed = oldest_needed(disk, options, log, snapshots);
  if (!needed) return std::unexpected(needed.error());
  std::vector<std::string> removed;
  if (!*needed) return removed;

  std::vector<std::string> candidates;
  for (const auto& name : snapshots) {
    if (name.zxid < **needed) candidates.push_back(options.snapshot_dir + "/" + name.name);
  }
  // The newest log that begins at or before that snapshot may hold the txns behind it.
  wire::Zxid first_log;
  for (const auto& name : logs) {
    if (name.zxid <= **needed) first_log = name.zxid;
  }
  for (const auto& name : logs) {
    if (name.zxid < first_log) candidates.push_back(options.log_dir + "/" + name.name);
  }
  // Oldest snapshots go before the logs that would lead on from them.
  for (auto& path : candidates) {
    if (auto done = disk.remove(path); !done) return std::unexpected(done.error());
    log.info("purge removed {}", path);
    removed.push_back(std::move(path));
  }
  return removed;
}

}  // namespace drover::storage
