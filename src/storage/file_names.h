#pragma once
// Which names in a version-2 folder are ours to read: strictly `log.<hex>` and
// `snapshot.<hex>[.gz|.snappy]` with one to sixteen lower-case hex digits. Apache also parses
// `log.1.bak` or `snapshot.5.tmp`; loading a copy that somebody put aside has cost people data, so
// we never do (docs/recovery.md).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/compression.h"
#include "wire/zxid.h"

namespace drover::storage {

struct LogName {
  wire::Zxid zxid;  // of its first txn
  std::string name;
};

struct SnapshotName {
  wire::Zxid zxid;  // every txn up to here is inside
  Compression compression = Compression::kNone;
  std::string name;
};

[[nodiscard]] std::optional<LogName> parse_log_name(std::string_view name);
[[nodiscard]] std::optional<SnapshotName> parse_snapshot_name(std::string_view name);
[[nodiscard]] std::string log_name(wire::Zxid zxid);
[[nodiscard]] std::string snapshot_name(wire::Zxid zxid, Compression compression);

// What a folder listing holds, oldest first. `ignored`: names that begin with log. or snapshot. and
// are not strictly named.
struct FolderNames {
  std::vector<LogName> logs;
  std::vector<SnapshotName> snapshots;
  std::vector<std::string> ignored;
};
[[nodiscard]] FolderNames sort_names(const std::vector<std::string>& listing);

// Our temporary files. Not `log.*.tmp`: Apache would load it as a log.
inline constexpr std::string_view kTemporaryPrefix = "tmp.";
// What a change to the history leaves until it is complete (storage/history.h): `staged.snapshot.*`
// and `staged.truncate`. No reader takes them for a snapshot, no purge removes them.
inline constexpr std::string_view kStagedPrefix = "staged.";

}  // namespace drover::storage
