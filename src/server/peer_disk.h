#pragma once
// What a member of an ensemble asks of the disk beside its txns: epoch files, going back to what is
// on disk, replacing it by the tree in memory. Each is done on the thread that owns the files and
// reported on reactor 0, in the order asked. Any failure ends the process: what is on disk is
// unknown then, and nothing may be promised any more.
//
// Threads: reactor 0's, but for boot().

#include <drover/result.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>
#include <string>

#include "base/log.h"
#include "server/disk_thread.h"
#include "server/shared_tree.h"
#include "server/snapshot_thread.h"
#include "session/session_table.h"
#include "storage/history.h"
#include "storage/restore.h"
#include "zab/ids.h"

namespace drover::server {

struct PeerDiskOptions {
  storage::RestoreOptions restore;
  std::int64_t tick_ms = 3000;
};

// The epoch files as they are to be at the start, written where they were missing. `last_zxid` is
// what restore() found. Errors say which file contradicts which.
Result<zab::History> read_epochs(storage::Disk& disk, const std::string& dir, wire::Zxid last_zxid,
                                 base::Log& log);

class PeerDisk {
 public:
  using Report = std::function<void()>;
  using FatalError = std::function<void(const Error&)>;  // does not return; any thread

  // `context` is reactor 0's. All referenced must outlive this and the two threads.
  PeerDisk(boost::asio::io_context& context, storage::Disk& disk, PeerDiskOptions options,
           SharedTree& shared, session::SessionTable& sessions, DiskThread& disk_thread,
           SnapshotThread& snapshot_thread, base::Log& log, FatalError fatal);

  enum class EpochFile { kAccepted, kCurrent };
  void save_epoch(EpochFile file, zab::Epoch epoch, Report done);

  // Cuts the log at `truncate_to`, if given, then takes tree and sessions from disk. `done` is told
  // false when the disk cannot get exactly there and so kept what it had.
  void reload(std::optional<wire::Zxid> truncate_to, std::function<void(bool truncated)> done);

  // The tree as it is now becomes all there is on disk. Nobody may change it until `done`.
  void install_snapshot(Report done);

 private:
  void restore_and_report(bool truncated, std::function<void(bool)> done);

  boost::asio::io_context& context_;
  storage::Disk& disk_;
  const PeerDiskOptions options_;
  SharedTree& shared_;
  session::SessionTable& sessions_;
  DiskThread& disk_thread_;
  SnapshotThread& snapshot_thread_;
  base::Log& log_;
  FatalError fatal_;
};

}  // namespace drover::server
