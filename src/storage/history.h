#pragma once
// Changes to what a server will remember: cutting its history (TRUNC) and replacing it by another
// (SNAP). Each is one step for recovery: after a crash at any moment restore() finds the old
// history or the new one, never a mixture.
//
// Threads: one. No LogWriter may have a file open, no SnapshotWriter be at work in these folders.

#include <drover/result.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/log.h"
#include "storage/disk.h"
#include "storage/snapshot_writer.h"
#include "wire/zxid.h"

namespace drover::storage {

struct HistoryOptions {
  std::string snapshot_dir;  // <dataDir>/version-2
  std::string log_dir;       // <dataLogDir>/version-2
  std::int32_t length_max = 2097150;
};

// Durably removes every log record above `to` and every snapshot above it. False, and nothing is
// changed: what is on disk does not lead exactly to `to` (no snapshot at or below it that is whole,
// or no record `to` behind that; a snapshot named `to` itself will do), so that a later restore
// would stop short of it or bring removed txns back (ZOOKEEPER-1549, 4837; Apache's truncate keeps
// the first record above a zxid that is not in the log).
Result<bool> truncate_history(Disk& disk, const HistoryOptions& options, wire::Zxid to,
                              base::Log& log);

// `staged` was written by a SnapshotWriter with `staged` set in its options, so that no restore has
// looked at it yet. From the moment its name was durable restore() finishes this call after a
// crash: all other snapshots and all logs are removed, then the staged file gets its real name.
Result<void> install_snapshot(Disk& disk, const HistoryOptions& options,
                              const SnapshotFile& staged);

// Behind a snapshot that is newer than every txn here, and is no successor of them (an operator's
// restore): moves all logs and all other snapshots into `<folder>.before-0x<zxid>` beside each
// folder, from where an operator may take them back. `keep` names the snapshot's file. Nothing
// depends on it: restore() loads that snapshot and skips what is older. Answers the folders made.
Result<std::vector<std::string>> set_history_aside(Disk& disk, const HistoryOptions& options,
                                                   const SnapshotFile& keep);

// Finishes an install that a crash cut short. restore() calls it first.
Result<void> finish_install(Disk& disk, const HistoryOptions& options, base::Log& log);

}  // namespace drover::storage
