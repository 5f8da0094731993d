#pragma once
// The thread that makes txns durable: append, fdatasync, say so. Whatever arrives while it is busy
// is the next batch, so the slower the disk the larger the batch (group commit); a batch waits a
// little for clients that are about to come back (linger.h). It also decides when the log rolls,
// which is when a snapshot is due. Jobs of the same order (an epoch file, the end of a log file)
// stand in the queue between the txns.
//
// A failed write or sync is final (storage/log_writer.h): `on_failure` is told, nothing is written
// any more.

#include <drover/result.h>

#include <cstdint>
#include <functional>
#include <span>
#include <thread>
#include <vector>

#include "base/distribution.h"
#include "base/log.h"
#include "base/prng.h"
#include "base/time.h"
#include "server/linger.h"
#include "server/mutex.h"
#include "storage/log_writer.h"
#include "storage/roll_policy.h"

namespace drover::server {

struct DiskThreadOptions {
  storage::LogWriterOptions log;
  storage::RollPolicyOptions roll;
  std::int64_t fsync_warning_ms = 1000;
};

struct DiskProbe {
  base::Distribution sync_ms;
  base::Distribution sync_us;
  base::Distribution append_us;          // of one batch, without its sync
  base::Distribution process_ms;         // of one batch: append and sync
  base::Distribution batch_size;         // txns
  base::Distribution queue_size;         // txns waiting as a batch is taken
  base::Distribution queue_ms;           // that the first txn of a batch waited
  base::Distribution queue_and_sync_ms;  // from then to its being durable
  std::int64_t txns = 0;                 // handed in
  std::int64_t bytes = 0;                // appended
  std::int64_t slow_syncs = 0;
  std::int64_t waiting = 0;  // txns in the queue now
  // How long the sync or write under way has lasted, ms; 0: none is.
  std::int64_t busy_ms = 0;
};

class DiskThread {
 public:
  struct Events {
    std::function<void(wire::Zxid last)> on_durable;
    std::function<void()> on_rolled;
    std::function<void(const Error&)> on_failure;
  };
  // All events come on the disk thread. `disk` and `log` must outlive this.
  DiskThread(storage::Disk& disk, DiskThreadOptions options, std::uint64_t seed, base::Log& log,
             Events events);
  ~DiskThread();  // stop()

  void start();
  // In zxid order; the bytes stay where they are until on_durable with their zxid. Any thread.
  void submit(std::vector<wire::TxnBytes>& txns);
  // Runs on the disk thread after all that was submitted before it is durable and reported, and
  // before what is submitted after it. An error is final, as that of a write. Any thread.
  using Job = std::function<Result<void>(storage::LogWriter& log)>;
  void run(Job job);
  // Ends the present log file and waits for that; what is submitted later begins another. Any
  // thread but its own.
  void close_file();
  // Finishes what was submitted and ends the thread.
  void stop();

  [[nodiscard]] DiskProbe probe() const;
  void reset_probe();

 private:
  static constexpr std::size_t kNobodyWaits = SIZE_MAX;

  struct QueuedJob {
    std::size_t after = 0;  // so many txns of the queue
    Job job;
  };
  void work();
  bool take(std::vector<wire::TxnBytes>& batch, std::vector<QueuedJob>& jobs);
  bool work_off(std::span<const wire::TxnBytes> batch, const std::vector<QueuedJob>& jobs);
  bool write(std::span<const wire::TxnBytes> batch);
  Result<void> append_and_sync(std::span<const wire::TxnBytes> batch);
  void set_busy(bool busy);

  const DiskThreadOptions options_;
  base::Log& log_;
  Events events_;
  base::Prng prng_;
  storage::LogWriter writer_;   // the thread's own
  storage::RollPolicy policy_;  // the thread's own
  Linger linger_;               // the thread's own

  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<wire::TxnBytes> queue_ DROVER_GUARDED_BY(mutex_);
  std::vector<QueuedJob> jobs_ DROVER_GUARDED_BY(mutex_);
  // As many in the queue wake the thread.
  std::size_t awaited_ DROVER_GUARDED_BY(mutex_) = kNobodyWaits;
  bool stopping_ DROVER_GUARDED_BY(mutex_) = false;
  base::Instant submitted_ DROVER_GUARDED_BY(mutex_);   // the first of the queue
  base::Instant busy_since_ DROVER_GUARDED_BY(mutex_);  // meaningful while busy_
  bool busy_ DROVER_GUARDED_BY(mutex_) = false;
  DiskProbe probe_ DROVER_GUARDED_BY(mutex_);
  base::Instant oldest_;  // the thread's own: when the first of its batch was handed in
  std::thread thread_;
};

}  // namespace drover::server
