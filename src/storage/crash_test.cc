// Crashes. A store that acknowledges a txn after sync() must have it after any crash, and nothing
// else but what was appended. Method: random batches, rolls and snapshots on a MemoryDisk; the
// power goes at every changing call, in many seeds; then restore, compare with what was promised,
// and go on in the same directory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/log_writer.h"
#include "storage/memory_disk.h"
#include "storage/purge.h"
#include "storage/restore.h"
#include "storage/snapshot_writer.h"
#include "storage/testing.h"

namespace drover::storage {
namespace {

using testing::make_txn;
using testing::RecordingSink;
using testing::Txn;
using testing::views;

// What a correct store may hold: history_[0, acknowledged_) for sure, any prefix of history_ beyond
// it.
class CrashRun {
 public:
  explicit CrashRun(std::uint64_t seed) : prng_(seed) {
    EXPECT_TRUE(disk_.create_dirs("/data/version-2"));
    EXPECT_TRUE(disk_.create_dirs("/log/version-2"));
  }

  // One life of a server: restore, then work until the `n`th changing call fails; then the power
  // goes.
  void live(std::int64_t n) {
    start();
    disk_.fail_at(n);
    work();
    if (prng_.chance(1, 3)) {
      // Killed and restarted; what that start read from the page cache must survive the power cut.
      disk_.kill();
      start();
    }
    disk_.crash(prng_);
  }
  // Restores and checks every promise.
  void start() {
    RecordingSink sink;
    base::NullLog log;
    const auto report =
        restore(disk_, {.snapshot_dir = "/data/version-2", .log_dir = "/log/version-2"}, sink, log);
    ASSERT_TRUE(report) << report.error().message;
    const auto last = static_cast<std::size_t>(report->last_zxid.value);
    ASSERT_GE(last, acknowledged_) << "lost acknowledged txns";
    ASSERT_LE(last, history_.size()) << "invented txns";
    for (const auto& [zxid, bytes] : sink.txns) {
      ASSERT_EQ(bytes, history_[static_cast<std::size_t>(zxid.value) - 1].bytes) << "changed a txn";
    }
    if (sink.snapshots_begun > 0) {
      ASSERT_EQ(sink.nodes.at("").data, fmt::format("{}", sink.snapshot_zxid.value));
    }
    // What was restored has been shown to clients: from now on it must not vanish.
    history_.resize(last);
    acknowledged_ = last;
  }
  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_; }

 private:
  // Until the disk fails. Whatever fails first ends this life.
  void work() {
    if (!snapshot()) return;
    LogWriter writer(disk_, {.dir = "/log/version-2", .preallocate_bytes = 1 + prng_.below(6000)});
    for (int step = 0; step < 40; ++step) {
      const std::size_t first = history_.size();
      for (auto n = 1 + prng_.below(8); n > 0; --n) {
        history_.push_back(
            make_txn(static_cast<std::int64_t>(history_.size() + 1),
                     std::string(prng_.below(400), static_cast<char>('a' + prng_.below(26)))));
      }
      std::vector<wire::TxnBytes> batch;
      for (auto i = first; i < history_.size(); ++i) batch.push_back(history_[i].view());
      if (!writer.append(batch)) return;
      if (prng_.chance(1, 5)) continue;  // two batches under one sync
      if (!writer.sync()) return;
      acknowledged_ = history_.size();
      if (prng_.chance(1, 8) && !(writer.roll() && snapshot())) return;
      if (prng_.chance(1, 8) && !purge_some()) return;
    }
    const auto closed = writer.roll();  // may meet the fault too
    static_cast<void>(closed.has_value());
  }
  bool snapshot() {
    const wire::Zxid zxid(static_cast<std::int64_t>(acknowledged_));
    SnapshotWriter writer(disk_, {.dir = "/data/version-2", .compression = pick_compression()},
                          zxid, {}, {});
    writer.node("/", fmt::format("{}", acknowledged_), -1, {});
    return writer.finish(std::nullopt, zxid).has_value();
  }
  bool purge_some() {
    base::NullLog log;
    return purge(disk_, {.snapshot_dir = "/data/version-2", .log_dir = "/log/version-2"}, log)
        .has_value();
  }
  Compression pick_compression() {
    return std::array{Compression::kNone, Compression::kGzip, Compression::kSnappy}[prng_.below(3)];
  }

  base::Prng prng_;
  MemoryDisk disk_;
  std::vector<Txn> history_;
  std::size_t acknowledged_ = 0;
};

TEST(CrashTest, CrashAtEveryCallLosesNothingAndInventsNothing) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    for (std::int64_t call = 1; call <= 120; ++call) {
      CrashRun run(seed * 1000 + static_cast<std::uint64_t>(call));
      run.live(call);
      run.start();
      if (::testing::Test::HasFailure()) FAIL() << "seed " << seed << " call " << call;
    }
  }
}

TEST(CrashTest, ManyLivesInOneDirectory) {
  std::size_t acknowledged = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    base::Prng prng(seed);
    CrashRun run(seed);
    for (int life = 0; life < 12; ++life) {
      run.live(1 + static_cast<std::int64_t>(prng.below(90)));
      if (::testing::Test::HasFailure()) FAIL() << "seed " << seed << " life " << life;
    }
    run.start();
    if (::testing::Test::HasFailure()) FAIL() << "seed " << seed;
    acknowledged += run.acknowledged();
  }
  EXPECT_GT(acknowledged, 10000u);  // the runs did something
}

// A crash in the middle of recovery is a crash like any other.
TEST(CrashTest, RestoreMayBeInterruptedAnywhere) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    base::Prng prng(seed);
    MemoryDisk disk;
    ASSERT_TRUE(disk.create_dirs("/d"));
    SnapshotWriter snapshot(disk, {.dir = "/d"}, wire::Zxid(0), {}, {});
    ASSERT_TRUE(snapshot.finish(std::nullopt, wire::Zxid(0)));
    LogWriter writer(disk, {.dir = "/d", .preallocate_bytes = 4096});
    ASSERT_TRUE(testing::write_txns(writer, 1, 5));
    const std::vector<Txn> batch{make_txn(6, std::string(900, 'x')), make_txn(7), make_txn(8)};
    ASSERT_TRUE(writer.append(views(batch)));
    disk.crash(prng);
    base::NullLog log;
    for (std::int64_t call = 1; call < 8; ++call) {
      disk.fail_at(call);
      RecordingSink ignored;
      const auto cut = restore(disk, {.snapshot_dir = "/d", .log_dir = "/d"}, ignored, log);
      static_cast<void>(cut.has_value());
      disk.crash(prng);
    }
    RecordingSink sink;
    const auto report = restore(disk, {.snapshot_dir = "/d", .log_dir = "/d"}, sink, log);
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_GE(report->last_zxid, wire::Zxid(5));
    ASSERT_LE(report->last_zxid, wire::Zxid(8));
  }
}

}  // namespace
}  // namespace drover::storage
