#include "server/snapshot_thread.h"

#include <chrono>

#include "server/clock.h"
#include "server/log.h"
#include "storage/file_names.h"

namespace drover::server {

namespace {

// A slice ends after this time, this much encoded, or when the writer waits; looked at every few
// znodes.
constexpr auto kHoldMax = std::chrono::microseconds(300);
constexpr std::size_t kSliceBytes = 256 * 1024;
constexpr int kNodesBetweenLooks = 16;
// Between two holds the thread sleeps. One that never does has used up its share of a busy
// processor and loses it anywhere, also while it holds the tree; one that has just woken keeps it
// for longer than a slice takes.
constexpr auto kRest = std::chrono::microseconds(200);

std::int64_t elapsed(SteadyClock::time_point since, std::chrono::nanoseconds unit) {
  return (SteadyClock::now() - since) / unit;
}

}  // namespace

SnapshotThread::SnapshotThread(storage::Disk& disk, SnapshotThreadOptions options,
                               SharedTree& shared, base::Log& log, AskStart ask_start)
    : disk_(disk),
      options_(std::move(options)),
      shared_(shared),
      log_(log),
      ask_start_(std::move(ask_start)) {}

SnapshotThread::~SnapshotThread() {
  stop();
}

void SnapshotThread::start() {
  thread_ = std::thread([this] { work(); });
}

void SnapshotThread::request() {
  const MutexLock lock(mutex_);
  requested_ = true;
  changed_.notify_all();
}

void SnapshotThread::request(std::function<void(Result<storage::SnapshotFile>)> done) {
  run([this, done = std::move(done)] { done(snapshot()); });
}

void SnapshotThread::set_last(wire::Zxid zxid, std::int64_t time_s) {
  const MutexLock lock(mutex_);
  probe_.last_zxid = zxid;
  probe_.last_time_s = time_s;
}

void SnapshotThread::abandon() {
  generation_.fetch_add(1, std::memory_order_acq_rel);
}

void SnapshotThread::run(std::function<void()> job) {
  const MutexLock lock(mutex_);
  jobs_.push_back(std::move(job));
  changed_.notify_all();
}

void SnapshotThread::stop() {
  giving_up_.store(true, std::memory_order_relaxed);
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

SnapshotProbe SnapshotThread::probe() const {
  const MutexLock lock(mutex_);
  return probe_;
}

void SnapshotThread::reset_probe() {
  const MutexLock lock(mutex_);
  probe_ = {.last_zxid = probe_.last_zxid, .last_time_s = probe_.last_time_s};
}

void SnapshotThread::work() {
  name_this_thread("snapshot");
  const bool purging = options_.purge_interval_ms > 0;
  const auto interval = std::chrono::milliseconds(options_.purge_interval_ms);
  if (purging) {
    log_.info("Purge task is scheduled every {}ms, keeping {} snapshots",
              options_.purge_interval_ms, options_.purge.retain);
  } else {
    log_.info("Purge task is not scheduled.");
  }
  auto purge_at = SteadyClock::now();  // the first one at once, as Apache's
  while (true) {
    bool snapshot_due = false;
    std::vector<std::function<void()>> jobs;
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && !requested_ && jobs_.empty() &&
             (!purging || SteadyClock::now() < purge_at)) {
        if (purging) {
          changed_.wait_until(mutex_, purge_at);
        } else {
          changed_.wait(mutex_);
        }
      }
      if (stopping_) return;
      jobs.swap(jobs_);
      snapshot_due = jobs.empty() && std::exchange(requested_, false);
    }
    for (auto& job : jobs) job();
    if (snapshot_due) [[maybe_unused]]
      const auto told = snapshot();  // in the log, and counted
    if (purging && SteadyClock::now() >= purge_at) {
      purge();
      purge_at = SteadyClock::now() + interval;
    }
  }
}

Result<storage::SnapshotFile> SnapshotThread::snapshot() {
  // Before the start is asked for: whatever happens to the tree from then on is noticed.
  const std::uint64_t generation = generation_.load(std::memory_order_acquire);
  const auto start = ask_start_();
  if (!start) return failure("no snapshot can be taken now: the server does not serve");
  return write_and_tell(*start, generation);
}

void SnapshotThread::purge() {
  const auto removed = storage::purge(disk_, options_.purge, log_);
  if (!removed) {
    log_.warn("purge: {}", removed.error().message);
    return;
  }
  for (const auto& path : *removed) log_.info("Removing file: {}", path);
}

Result<void> SnapshotThread::write_now(const SnapshotStart& start) {
  const auto written = write_and_tell(start, generation_.load(std::memory_order_acquire));
  if (!written) return std::unexpected(written.error());
  return {};
}

Result<storage::SnapshotFile> SnapshotThread::write_staged(const SnapshotStart& start) {
  base::Distribution holds_us;
  return write(start, true, generation_.load(std::memory_order_acquire), holds_us);
}

Result<storage::SnapshotFile> SnapshotThread::write_and_tell(const SnapshotStart& start,
                                                             std::uint64_t generation) {
  const auto began = SteadyClock::now();
  log_.info("Snapshotting: 0x{:x} to {}/{}", static_cast<std::uint64_t>(start.zxid.value),
            options_.writer.dir, storage::snapshot_name(start.zxid, options_.writer.compression));
  base::Distribution holds_us;
  const auto file = write(start, false, generation, holds_us);
  if (!file && generation_.load(std::memory_order_acquire) != generation) {
    log_.info("Snapshot 0x{:x} given up: the server follows another history",
              static_cast<std::uint64_t>(start.zxid.value));
    return failure("given up: the server follows another history");
  }
  const std::int64_t ms = elapsed(began, std::chrono::milliseconds(1));
  {
    const MutexLock lock(mutex_);
    probe_.hold_us.merge(holds_us);
    if (file) {
      probe_.snapshot_ms.add(ms);
      probe_.last_zxid = file->zxid;
      probe_.last_time_s = wall_now().ms / 1000;
    } else {
      ++probe_.errors;
    }
  }
  if (!file) {
    log_.error("snapshot 0x{:x} was not written: {}", static_cast<std::uint64_t>(start.zxid.value),
               file.error().message);
    return std::unexpected(file.error());
  }
  log_.info("Snapshot taken in {} ms: {} znodes, {} bytes; held the tree {} times, {} us at most",
            ms, file->nodes, file->bytes, holds_us.count(), holds_us.max());
  return file;
}

// From when the tree is there, not from when it was asked for, to when it is let go.
template <typename Task>
void SnapshotThread::hold_tree(base::Distribution& holds_us, Task task) {
  const ReadHold hold(shared_.gate, shared_.snapshot_slot());
  const auto began = SteadyClock::now();
  task(shared_.tree);
  holds_us.add(elapsed(began, std::chrono::microseconds(1)));
}

Result<storage::SnapshotFile> SnapshotThread::write(const SnapshotStart& start, bool staged,
                                                    std::uint64_t generation,
                                                    base::Distribution& holds_us) {
  const auto goes_on = [&] {
    return !giving_up_.load(std::memory_order_relaxed) &&
           generation_.load(std::memory_order_acquire) == generation;
  };
  std::optional<storage::SnapshotWriter> writer;
  std::optional<tree::Tree::Walk> walk;
  hold_tree(holds_us, [&](tree::Tree& tree) {
    storage::SnapshotWriterOptions options = options_.writer;
    options.staged = staged;
    writer.emplace(disk_, std::move(options), start.zxid, start.sessions, tree.acl_table());
    const MutexLock lock(shared_.walks);
    walk.emplace(tree);
  });
  Result<void> written;
  std::string path;
  bool done = false;
  while (!done && written && goes_on()) {
    hold_tree(holds_us, [&](tree::Tree& tree) {
      if (!goes_on()) return;  // seen under the hold: the tree may be another one
      walk_slice(tree, *walk, *writer, path);
      done = walk->node() == tree::kNoNode;
    });
    if (writer->buffered() >= kSliceBytes || done) written = writer->flush();
    std::this_thread::sleep_for(kRest);
  }
  std::optional<storage::RestoreSink::SnapshotDigest> digest;
  wire::Zxid last;
  hold_tree(holds_us, [&](tree::Tree& tree) {
    {
      const MutexLock lock(shared_.walks);
      walk.reset();
    }
    last = tree.last_zxid();
    if (options_.digest_enabled) {
      digest = {.zxid = last, .digest = {.tree_digest = tree.digest()}};
    }
  });
  if (!written) return std::unexpected(written.error());
  if (!done || !goes_on()) return failure("given up");
  return writer->finish(digest, last);
}

void SnapshotThread::walk_slice(const tree::Tree& tree, tree::Tree::Walk& walk,
                                storage::SnapshotWriter& writer, std::string& path) {
  const auto end = SteadyClock::now() + kHoldMax;
  do {
    for (int i = 0;
         i < kNodesBetweenLooks && walk.node() != tree::kNoNode && writer.buffered() < kSliceBytes;
         ++i) {
      const tree::NodeId node = walk.node();
      path.clear();
      tree.append_path(node, path);
      writer.node(path, tree.data(node), tree.acl_key(node), tree.node_stat(node));
      walk.advance();
    }
  } while (walk.node() != tree::kNoNode && writer.buffered() < kSliceBytes &&
           !shared_.gate.writer_waits() && SteadyClock::now() < end);
}

}  // namespace drover::server
