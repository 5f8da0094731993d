#pragma once
// What can be saved of a damaged snapshot, and a whole one in another compression.

#include <string>

#include "file_tools/finding.h"
#include "file_tools/snapshot_tree.h"
#include "storage/compression.h"

namespace drover::file_tools {

struct SalvagePlan {
  SnapshotTree loaded;
  bool changes = false;  // something is wrong that a new file would not have
  bool loses = false;    // znodes, or nobody knows whether some
};

Result<SalvagePlan> plan_salvage(storage::Disk& disk, const SnapshotInput& input,
                                 std::int32_t length_max);
// Writes what was read as a new snapshot; refuses a path that is there. A znode whose ACL is lost
// gets one that only the super user passes.
Result<void> write_salvaged(storage::Disk& disk, SalvagePlan& plan, const std::string& to);
[[nodiscard]] std::string salvage_text(const SalvagePlan& plan);
[[nodiscard]] boost::json::object salvage_json(const SalvagePlan& plan);

// Verifies `input`, copies its bytes into another container, verifies the copy. Refuses a path that
// is there.
Result<void> convert_snapshot(storage::Disk& disk, const SnapshotInput& input,
                              storage::Compression to, const std::string& path,
                              std::int32_t length_max);

}  // namespace drover::file_tools
