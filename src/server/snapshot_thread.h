#pragma once
// The thread that writes snapshots while the server serves, and purges old files.
//
// The tree is walked in slices: each holds the snapshot's slot of the gate for well under a
// millisecond and only encodes into memory; the disk is touched between the slices. A snapshot that
// fails is logged and counted; the log still holds everything, and the next roll tries again.

#include <drover/result.h>

#include <atomic>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "base/distribution.h"
#include "base/log.h"
#include "server/mutex.h"
#include "server/shared_tree.h"
#include "storage/purge.h"
#include "storage/snapshot_writer.h"

namespace drover::server {

struct SnapshotThreadOptions {
  storage::SnapshotWriterOptions writer;
  storage::PurgeOptions purge;
  std::int64_t purge_interval_ms = 3'600'000;  // 0: off
  bool digest_enabled = true;
};

struct SnapshotProbe {
  base::Distribution snapshot_ms{};
  base::Distribution hold_us{};  // how long the tree was held each time
  std::int64_t errors = 0;
  // Of the newest file; zxid -1: none known. Not reset.
  wire::Zxid last_zxid{-1};
  std::int64_t last_time_s = 0;
};

// What only the replica's thread may look at, taken in one moment.
struct SnapshotStart {
  wire::Zxid zxid;  // last applied
  std::vector<storage::SnapshotSession> sessions;
};

class SnapshotThread {
 public:
  // `ask_start` gets the start from the replica's thread and waits for it; nullopt: not now, or the
  // server is stopping.
  using AskStart = std::function<std::optional<SnapshotStart>()>;

  // All referenced must outlive this.
  SnapshotThread(storage::Disk& disk, SnapshotThreadOptions options, SharedTree& shared,
                 base::Log& log, AskStart ask_start);
  ~SnapshotThread();  // stop()

  // Writes one on the calling thread, before anything is served.
  Result<void> write_now(const SnapshotStart& start);

  void start();
  // A snapshot is due. Any thread.
  void request();
  // As request(), and `done` is told of the file, on the snapshot thread. Not called at all when
  // the server stops meanwhile.
  void request(std::function<void(Result<storage::SnapshotFile>)> done);
  // The newest snapshot that was there at the start.
  void set_last(wire::Zxid zxid, std::int64_t time_s);
  // The tree is about to change in a way that no snapshot survives (another one is loaded): the one
  // under way, if any, will not look at it again and come to nothing. Any thread, holding nothing.
  void abandon();
  // Runs on the snapshot thread, where no snapshot is being written then; abandon() hastens it.
  // Not run at all once stop() was called. Any thread.
  void run(std::function<void()> job);
  // Writes the tree as it is now as a staged snapshot (storage/history.h). Within a job of run().
  Result<storage::SnapshotFile> write_staged(const SnapshotStart& start);
  // Gives up a snapshot under way and ends the thread.
  void stop();
  [[nodiscard]] bool stopping() const { return giving_up_.load(std::memory_order_relaxed); }

  [[nodiscard]] SnapshotProbe probe() const;
  void reset_probe();

 private:
  void work();
  Result<storage::SnapshotFile> snapshot();
  void purge();
  Result<storage::SnapshotFile> write_and_tell(const SnapshotStart& start,
                                               std::uint64_t generation);
  // Until the tree's generation is no longer `generation`.
  Result<storage::SnapshotFile> write(const SnapshotStart& start, bool staged,
                                      std::uint64_t generation, base::Distribution& holds_us);
  template <typename Task>
  void hold_tree(base::Distribution& holds_us, Task task);
  // Requires the snapshot's slot held.
  void walk_slice(const tree::Tree& tree, tree::Tree::Walk& walk, storage::SnapshotWriter& writer,
                  std::string& path);

  storage::Disk& disk_;
  const SnapshotThreadOptions options_;
  SharedTree& shared_;
  base::Log& log_;
  AskStart ask_start_;

  std::atomic<bool> giving_up_{false};
  std::atomic<std::uint64_t> generation_{0};  // of the tree: abandon() begins another
  mutable Mutex mutex_;
  CondVar changed_;
  bool requested_ DROVER_GUARDED_BY(mutex_) = false;
  std::vector<std::function<void()>> jobs_ DROVER_GUARDED_BY(mutex_);
  bool stopping_ DROVER_GUARDED_BY(mutex_) = false;
  SnapshotProbe probe_ DROVER_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace drover::server
