#include "server/disk_thread.h"

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "server/clock.h"
#include "server/log.h"

namespace drover::server {

DiskThread::DiskThread(storage::Disk& disk, DiskThreadOptions options, std::uint64_t seed,
                       base::Log& log, Events events)
    : options_(std::move(options)),
      log_(log),
      events_(std::move(events)),
      prng_(seed),
      writer_(disk, options_.log),
      policy_(options_.roll, prng_) {}

DiskThread::~DiskThread() {
  stop();
}

void DiskThread::start() {
  thread_ = std::thread([this] { work(); });
}

void DiskThread::submit(std::vector<wire::TxnBytes>& txns) {
  const MutexLock lock(mutex_);
  probe_.txns += static_cast<std::int64_t>(txns.size());
  if (queue_.empty()) {
    submitted_ = now();
    queue_.swap(txns);
  } else {
    queue_.insert(queue_.end(), txns.begin(), txns.end());
  }
  txns.clear();
  if (queue_.size() < awaited_) return;
  awaited_ = kNobodyWaits;
  changed_.notify_all();
}

void DiskThread::run(Job job) {
  const MutexLock lock(mutex_);
  jobs_.push_back({.after = queue_.size(), .job = std::move(job)});
  awaited_ = kNobodyWaits;
  changed_.notify_all();
}

void DiskThread::close_file() {
  auto closed = std::make_shared<std::promise<void>>();
  auto future = closed->get_future();
  run([closed](storage::LogWriter& log) {
    auto rolled = log.roll();
    closed->set_value();
    return rolled;
  });
  future.wait();
}

void DiskThread::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

DiskProbe DiskThread::probe() const {
  const MutexLock lock(mutex_);
  DiskProbe probe = probe_;
  probe.waiting = static_cast<std::int64_t>(queue_.size());
  if (busy_) probe.busy_ms = (now() - busy_since_) / std::chrono::milliseconds(1);
  return probe;
}

void DiskThread::reset_probe() {
  const MutexLock lock(mutex_);
  probe_ = {};
}

// Waits for txns or jobs, a little also for txns that are about to come. False: the end.
bool DiskThread::take(std::vector<wire::TxnBytes>& batch, std::vector<QueuedJob>& jobs) {
  const MutexLock lock(mutex_);
  if (const std::size_t wanted = linger_.wanted(queue_.size()); wanted > queue_.size()) {
    const auto end = SteadyClock::now() + Linger::kWaitMax;
    while (queue_.size() < wanted && jobs_.empty() && !stopping_) {
      awaited_ = wanted;
      if (!changed_.wait_until(mutex_, end)) break;
    }
  }
  while (queue_.empty() && jobs_.empty() && !stopping_) {
    awaited_ = 1;
    changed_.wait(mutex_);
  }
  awaited_ = kNobodyWaits;
  if (!queue_.empty()) {
    oldest_ = submitted_;
    const auto waiting = static_cast<std::int64_t>(queue_.size());
    probe_.queue_size.add(waiting);
    probe_.queue_ms.add((now() - oldest_) / std::chrono::milliseconds(1), waiting);
  }
  batch.swap(queue_);
  jobs.swap(jobs_);
  linger_.taken(batch.size());
  return !batch.empty() || !jobs.empty();
}

void DiskThread::work() {
  name_this_thread("disk");
  std::vector<wire::TxnBytes> batch;
  std::vector<QueuedJob> jobs;
  while (take(batch, jobs)) {
    if (!work_off(batch, jobs)) return;
    batch.clear();
    jobs.clear();
  }
  // A clean stop closes the file: it is marked as synced to its end and gives its padding back.
  if (const auto closed = writer_.roll(); !closed)
    log_.warn("the log was not closed: {}", closed.error().message);
}

// False: nothing may be written any more.
bool DiskThread::work_off(std::span<const wire::TxnBytes> batch,
                          const std::vector<QueuedJob>& jobs) {
  std::size_t written = 0;
  for (const QueuedJob& job : jobs) {
    if (job.after > written && !write(batch.subspan(written, job.after - written))) return false;
    written = job.after;
    if (const auto done = job.job(writer_); !done) {
      events_.on_failure(done.error());
      return false;
    }
  }
  return written == batch.size() || write(batch.subspan(written));
}

bool DiskThread::write(std::span<const wire::TxnBytes> batch) {
  if (const auto done = append_and_sync(batch); !done) {
    events_.on_failure(done.error());
    return false;
  }
  events_.on_durable(batch.back().zxid);
  if (policy_.due(writer_.txns_since_roll(), writer_.bytes_since_roll())) {
    if (const auto rolled = writer_.roll(); !rolled) {
      events_.on_failure(rolled.error());
      return false;
    }
    policy_.rolled();
    events_.on_rolled();
  }
  return true;
}

Result<void> DiskThread::append_and_sync(std::span<const wire::TxnBytes> batch) {
  const std::string path_before = writer_.path();
  const base::Instant began = now();
  set_busy(true);
  if (auto appended = writer_.append(batch); !appended) return appended;
  if (writer_.path() != path_before) {
    log_.info("Creating new log file: {}", writer_.path().substr(writer_.path().rfind('/') + 1));
  }
  const base::Instant appended = now();
  if (auto synced = writer_.sync(); !synced) return synced;
  const base::Instant synced = now();
  const auto sync_ms = (synced - appended) / std::chrono::milliseconds(1);
  const bool slow = sync_ms > options_.fsync_warning_ms;
  if (slow) {
    log_.warn(
        "fsync-ing the write ahead log in {} took {}ms which will adversely effect operation "
        "latency. "
        "File size is {} bytes. See the ZooKeeper troubleshooting guide",
        "disk", sync_ms, writer_.file_bytes());
  }
  std::int64_t bytes = 0;
  for (const wire::TxnBytes& txn : batch) bytes += static_cast<std::int64_t>(txn.bytes.size());
  const auto count = static_cast<std::int64_t>(batch.size());
  const MutexLock lock(mutex_);
  busy_ = false;
  probe_.append_us.add((appended - began) / std::chrono::microseconds(1));
  probe_.sync_us.add((synced - appended) / std::chrono::microseconds(1));
  probe_.sync_ms.add(sync_ms);
  probe_.process_ms.add((synced - began) / std::chrono::milliseconds(1));
  probe_.queue_and_sync_ms.add((synced - oldest_) / std::chrono::milliseconds(1), count);
  probe_.batch_size.add(count);
  probe_.bytes += bytes;
  if (slow) ++probe_.slow_syncs;
  return {};
}

void DiskThread::set_busy(bool busy) {
  const MutexLock lock(mutex_);
  busy_ = busy;
  busy_since_ = now();
}

}  // namespace drover::server
