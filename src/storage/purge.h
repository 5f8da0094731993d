#pragma once
// Autopurge: which old snapshots and logs may go. Safer than Apache's (docs/recovery.md): a
// snapshot counts as kept only when all its seals are right, and only strictly named files are ever
// touched.

#include <drover/result.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/log.h"
#include "storage/disk.h"

namespace drover::storage {

struct PurgeOptions {
  std::string snapshot_dir;
  std::string log_dir;
  std::int32_t retain = 3;  // autopurge.snapRetainCount; fewer than 3 counts as 3, as in Apache
  std::int32_t length_max = 2097150;  // bytes, see RestoreOptions
};

// Removes what is not needed to restore any of the `retain` newest good snapshots; answers the
// paths removed. Nothing is removed when there are fewer good ones. Reads whole snapshots: run it
// in the background. Safe beside a LogWriter and a SnapshotWriter on the same folders.
Result<std::vector<std::string>> purge(Disk& disk, const PurgeOptions& options, base::Log& log);

}  // namespace drover::storage
