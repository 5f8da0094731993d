// Cutting and replacing a history. Method: directories made by the real writers on a MemoryDisk;
// the power goes at every changing call, in many seeds, again while the restore behind it finishes
// the work; what is restored in the end is the old history or the new one, txn for txn.

#include "storage/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "storage/log_writer.h"
#include "storage/memory_disk.h"
#include "storage/purge.h"
#include "storage/restore.h"
#include "storage/testing.h"

namespace drover::storage {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::make_txn;
using testing::RecordingLog;
using testing::RecordingSink;
using testing::Txn;
using testing::views;
using testing::write_txns;

const HistoryOptions kOptions{.snapshot_dir = "/data/version-2", .log_dir = "/log/version-2"};

// What a restore made of a directory.
struct State {
  std::int64_t snapshot = -1;
  std::string data;  // of the snapshot's only node: which one it is
  std::vector<std::int64_t> txns;
  std::int64_t last = -1;
  std::string error;
  friend bool operator==(const State&, const State&) = default;
  friend void PrintTo(const State& state, std::ostream* out) {
    *out << fmt::format("snapshot {} ({}), txns {}, last {} {}", state.snapshot, state.data,
                        ::testing::PrintToString(state.txns), state.last, state.error);
  }
};

State restored(MemoryDisk& disk, std::vector<std::string>* warnings = nullptr) {
  RecordingSink sink;
  RecordingLog log;
  const auto report = restore(
      disk, {.snapshot_dir = kOptions.snapshot_dir, .log_dir = kOptions.log_dir}, sink, log);
  if (warnings) *warnings = log.lines;
  State state;
  if (!report) {
    state.error = report.error().message;
    return state;
  }
  state.snapshot = sink.snapshot_zxid.value;
  if (sink.nodes.contains("")) state.data = sink.nodes.at("").data.value_or("");
  state.txns = sink.zxids();
  state.last = report->last_zxid.value;
  return state;
}

class HistoryTest : public ::testing::Test {
 protected:
  HistoryTest() { make_folders(); }
  void make_folders() {
    EXPECT_TRUE(disk_.create_dirs(kOptions.snapshot_dir));
    EXPECT_TRUE(disk_.create_dirs(kOptions.log_dir));
  }

  SnapshotFile snapshot(std::int64_t zxid, std::string_view data = "old",
                        std::int64_t last_inside = 0, bool staged = false) {
    SnapshotWriter writer(disk_, {.dir = kOptions.snapshot_dir, .staged = staged}, wire::Zxid(zxid),
                          {}, {});
    writer.node("/", data, -1, {});
    const auto file = writer.finish(std::nullopt, wire::Zxid(std::max(zxid, last_inside)));
    EXPECT_TRUE(file);
    return *file;
  }
  void log(std::int64_t first, std::int64_t last) {
    LogWriter writer(disk_, {.dir = kOptions.log_dir, .preallocate_bytes = 1024});
    EXPECT_TRUE(write_txns(writer, first, last));
    EXPECT_TRUE(writer.roll());
  }
  Result<bool> truncate(std::int64_t to) {
    return truncate_history(disk_, kOptions, wire::Zxid(to), log_);
  }
  bool truncated(std::int64_t to) {
    const auto done = truncate(to);
    EXPECT_TRUE(done) << done.error().message;
    return done.value_or(false);
  }
  std::map<std::string, std::string> everything() {
    std::map<std::string, std::string> files;
    for (const auto& dir : {kOptions.snapshot_dir, kOptions.log_dir}) {
      const auto names = disk_.list(dir);
      EXPECT_TRUE(names);
      for (const auto& name : *names) files[dir + "/" + name] = disk_.content(dir + "/" + name);
    }
    return files;
  }
  // Three logs, three snapshots, txns 1..12.
  void usual() {
    snapshot(0, "s0");
    log(1, 4);
    snapshot(4, "s4");
    log(5, 8);
    snapshot(8, "s8");
    log(9, 12);
  }

  bool install_seven() {
    SnapshotWriter writer(disk_, {.dir = kOptions.snapshot_dir, .staged = true}, wire::Zxid(7), {},
                          {});
    writer.node("/", "from the leader", -1, {});
    const auto staged = writer.finish(std::nullopt, wire::Zxid(7));
    return staged && install_snapshot(disk_, kOptions, *staged).has_value();
  }

  // Runs `change` on a fresh directory with a power cut (or a kill) at its nth changing call, for
  // every n until it gets through; and once more at the mth call of the restore that follows.
  void crash_everywhere(const std::function<void()>& prepare, const std::function<bool()>& change,
                        const State& old_state, const State& new_state) {
    bool got_through = false;
    int news = 0;
    int olds = 0;
    for (std::int64_t call = 1; !got_through; ++call) {
      ASSERT_LT(call, 100);
      for (std::uint64_t seed = 0; seed < 24; ++seed) {
        base::Prng prng(seed * 1000 + static_cast<std::uint64_t>(call));
        disk_ = MemoryDisk();
        make_folders();
        prepare();
        disk_.fail_at(call);
        const bool done = change();
        if (prng.chance(1, 3)) {
          disk_.kill();
        } else {
          disk_.crash(prng);
        }
        // A restore that is interrupted, too.
        if (prng.chance(1, 2)) {
          disk_.fail_at(1 + static_cast<std::int64_t>(prng.below(14)));
          restored(disk_);
          disk_.crash(prng);
        }
        const State state = restored(disk_);
        ASSERT_TRUE(state == old_state || state == new_state)
            << ::testing::PrintToString(state) << " after call " << call << " seed " << seed;
        ASSERT_TRUE(!done || state == new_state) << "call " << call << " seed " << seed;
        ++(state == new_state ? news : olds);
        // What was seen must stay.
        disk_.crash(prng);
        ASSERT_EQ(restored(disk_), state) << "call " << call << " seed " << seed;
        got_through = done;
      }
    }
    EXPECT_GT(news, 24);
    EXPECT_GT(olds, 24);
  }

  // The process is killed when `staged` has its name and the folder was not synced: the next start
  // sees a name that a power cut may still take away. It is cut at the nth call of that start.
  void kill_then_crash(const std::function<void()>& prepare, const std::function<bool()>& change,
                       const std::string& staged, const State& old_state, const State& new_state) {
    const auto die_at = [&](std::int64_t call) {
      disk_ = MemoryDisk();
      make_folders();
      prepare();
      disk_.fail_at(call);
      EXPECT_FALSE(change());
      disk_.kill();
    };
    std::int64_t unsynced = 1;
    for (die_at(unsynced); unsynced < 100 && disk_.content(staged).empty();) die_at(++unsynced);
    ASSERT_LT(unsynced, 100);
    for (std::int64_t call = 1; call <= 14; ++call) {
      for (std::uint64_t seed = 0; seed < 40; ++seed) {
        base::Prng prng(seed * 1000 + static_cast<std::uint64_t>(call));
        die_at(unsynced);
        disk_.fail_at(call);
        restored(disk_);
        disk_.crash(prng);
        const State state = restored(disk_);
        ASSERT_TRUE(state == old_state || state == new_state)
            << ::testing::PrintToString(state) << " after call " << call << " seed " << seed;
      }
    }
  }

  MemoryDisk disk_;
  RecordingLog log_;
};

// ---- TRUNC

TEST_F(HistoryTest, CutsInsideTheNewestLog) {
  usual();
  EXPECT_TRUE(truncated(10));
  EXPECT_EQ(restored(disk_), (State{8, "s8", {9, 10}, 10, ""}));
  EXPECT_THAT(*disk_.list(kOptions.snapshot_dir),
              ElementsAre("snapshot.0", "snapshot.4", "snapshot.8"));
}

TEST_F(HistoryTest, CutsAcrossLogsAndSnapshots) {
  usual();
  EXPECT_TRUE(truncated(6));
  EXPECT_EQ(restored(disk_), (State{4, "s4", {5, 6}, 6, ""}));
  EXPECT_THAT(*disk_.list(kOptions.log_dir), ElementsAre("log.1", "log.5"));
  EXPECT_THAT(*disk_.list(kOptions.snapshot_dir), ElementsAre("snapshot.0", "snapshot.4"));
}

TEST_F(HistoryTest, CutsAtEveryTxn) {
  for (std::int64_t to = 0; to <= 12; ++to) {
    disk_ = MemoryDisk();
    make_folders();
    usual();
    ASSERT_TRUE(truncated(to)) << to;
    const State state = restored(disk_);
    EXPECT_EQ(state.last, to);
    EXPECT_EQ(state.error, "");
    // And history goes on behind it, in a new epoch.
    LogWriter writer(disk_, {.dir = kOptions.log_dir});
    ASSERT_TRUE(write_txns(writer, (std::int64_t{2} << 32) + 1, (std::int64_t{2} << 32) + 2));
    EXPECT_EQ(restored(disk_).last, (std::int64_t{2} << 32) + 2) << restored(disk_).error;
  }
}

// The local log begins behind a snapshot at T: Apache would keep T+1 (spec of TRUNC, all releases).
TEST_F(HistoryTest, ASnapshotNamedToWillDo) {
  snapshot(4, "s4");
  log(5, 6);
  EXPECT_TRUE(truncated(4));
  EXPECT_EQ(restored(disk_), (State{4, "s4", {}, 4, ""}));
  EXPECT_TRUE(disk_.list(kOptions.log_dir)->empty());
}

TEST_F(HistoryTest, ErrorUnderTheSameZxidStays) {
  snapshot(0, "s0");
  LogWriter writer(disk_, {.dir = kOptions.log_dir});
  const std::vector<Txn> batch{make_txn(1), make_txn(1, "", wire::OpCode::kError), make_txn(2)};
  ASSERT_TRUE(writer.append(views(batch)));
  ASSERT_TRUE(writer.roll());
  EXPECT_TRUE(truncated(1));
  EXPECT_EQ(restored(disk_), (State{0, "s0", {1, 1}, 1, ""}));
}

TEST_F(HistoryTest, WhatIsNotThereIsNotReachedAndNothingChanges) {
  snapshot(0, "s0");
  log(1, 3);
  log((std::int64_t{1} << 32) + 1, (std::int64_t{1} << 32) + 3);
  const auto before = everything();
  EXPECT_FALSE(truncated(5));
  EXPECT_FALSE(truncated((std::int64_t{1} << 32)));
  EXPECT_FALSE(truncated((std::int64_t{1} << 32) + 4));
  EXPECT_EQ(everything(), before);
  EXPECT_THAT(log_.lines, Contains(HasSubstr("txn 0x5 is not in the log")));
}

TEST_F(HistoryTest, WithoutASnapshotBelowNothingChanges) {
  snapshot(4, "s4");
  log(5, 8);
  log_.lines.clear();
  const auto before = everything();
  EXPECT_FALSE(truncated(3));
  EXPECT_EQ(everything(), before);
  EXPECT_THAT(log_.lines, Contains(HasSubstr("no good snapshot at or below 0x3")));
}

// ZOOKEEPER-1549, 4837: a snapshot of a living tree holds txns above its name.
TEST_F(HistoryTest, AFuzzySnapshotThatHoldsTooMuchIsRemoved) {
  snapshot(0, "s0");
  log(1, 6);
  snapshot(3, "s3 with 4 and 5 inside", 5);
  EXPECT_TRUE(truncated(4));
  EXPECT_EQ(restored(disk_), (State{0, "s0", {1, 2, 3, 4}, 4, ""}));
  disk_ = MemoryDisk();
  make_folders();
  log(1, 6);
  snapshot(3, "s3 with 4 and 5 inside", 5);
  EXPECT_FALSE(truncated(4));
  EXPECT_TRUE(truncated(5));
}

TEST_F(HistoryTest, ADamagedSnapshotIsSteppedOver) {
  usual();
  disk_.put(kOptions.snapshot_dir + "/snapshot.8", "ZKSN and then nothing");
  EXPECT_TRUE(truncated(10));
  EXPECT_EQ(restored(disk_), (State{4, "s4", {5, 6, 7, 8, 9, 10}, 10, ""}));
}

// What an earlier recovery gave up was superseded by a file that now goes.
TEST_F(HistoryTest, AGivenUpRestGoesWithTheFileThatSupersededIt) {
  snapshot(0, "s0");
  log(1, 8);
  std::string bytes = disk_.content(kOptions.log_dir + "/log.1");
  bytes[bytes.size() / 2 + 40] ^= 1;  // in txn 5
  disk_.put(kOptions.log_dir + "/log.1", bytes);
  log(5, 9);
  ASSERT_EQ(restored(disk_).last, 9);
  EXPECT_TRUE(truncated(4));
  EXPECT_EQ(restored(disk_), (State{0, "s0", {1, 2, 3, 4}, 4, ""}));
}

TEST_F(HistoryTest, DamageBeforeTheCutIsAnError) {
  snapshot(0, "s0");
  log(1, 8);
  std::string bytes = disk_.content(kOptions.log_dir + "/log.1");
  bytes[100] ^= 1;
  disk_.put(kOptions.log_dir + "/log.1", bytes);
  const auto before = everything();
  const auto done = truncate(6);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("wrong checksum"));
  EXPECT_EQ(everything(), before);
}

TEST_F(HistoryTest, TruncationIsOneStepForEveryCrash) {
  const auto prepare = [&] {
    usual();
    snapshot(10, "s10");
  };
  crash_everywhere(
      prepare, [&] { return truncate(6).value_or(false); }, State{10, "s10", {11, 12}, 12, ""},
      State{4, "s4", {5, 6}, 6, ""});
}

// Removing the newest logs first would leave the fuzzy snapshot without the txns that make it
// whole; removing snapshots first would leave a gap. Neither is ever seen.
TEST_F(HistoryTest, TruncationBesideAFuzzySnapshotIsOneStep) {
  const auto prepare = [&] {
    snapshot(0, "s0");
    log(1, 4);
    snapshot(3, "s3 with 4 to 7 inside", 7);
    log(5, 7);
  };
  crash_everywhere(
      prepare, [&] { return truncate(5).value_or(false); },
      State{3, "s3 with 4 to 7 inside", {4, 5, 6, 7}, 7, ""},
      State{0, "s0", {1, 2, 3, 4, 5}, 5, ""});
}

TEST_F(HistoryTest, AnIntentThatIsOnlySeenIsMadeSafeFirst) {
  kill_then_crash([&] { usual(); }, [&] { return truncate(6).value_or(false); },
                  kOptions.snapshot_dir + "/staged.truncate",
                  State{8, "s8", {9, 10, 11, 12}, 12, ""}, State{4, "s4", {5, 6}, 6, ""});
}

TEST_F(HistoryTest, AnIntentThatMakesNoSenseIsRefused) {
  usual();
  disk_.put(kOptions.snapshot_dir + "/staged.truncate", "soon");
  EXPECT_THAT(restored(disk_).error, HasSubstr("staged.truncate: not a zxid"));
}

// ---- SNAP

TEST_F(HistoryTest, AStagedSnapshotReplacesEverything) {
  usual();
  const auto staged = snapshot(0x300000002, "from the leader", 0, true);
  EXPECT_EQ(staged.path, kOptions.snapshot_dir + "/staged.snapshot.300000002");
  EXPECT_EQ(disk_.content(kOptions.snapshot_dir + "/snapshot.300000002"), "");
  const auto done = install_snapshot(disk_, kOptions, staged);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(restored(disk_), (State{0x300000002, "from the leader", {}, 0x300000002, ""}));
  EXPECT_TRUE(disk_.list(kOptions.log_dir)->empty());
  EXPECT_THAT(*disk_.list(kOptions.snapshot_dir), ElementsAre("snapshot.300000002"));
}

// Also by one that is older than what was there: the old history was never committed.
TEST_F(HistoryTest, AnOlderSnapshotReplacesANewerHistory) {
  usual();
  ASSERT_TRUE(install_snapshot(disk_, kOptions, snapshot(8, "the leader's 8", 0, true)));
  EXPECT_EQ(restored(disk_), (State{8, "the leader's 8", {}, 8, ""}));
}

TEST_F(HistoryTest, OnlyStagedSnapshotsAreInstalled) {
  usual();
  const auto before = everything();
  EXPECT_FALSE(install_snapshot(disk_, kOptions, snapshot(8, "s8")));
  EXPECT_EQ(everything(), before);
}

TEST_F(HistoryTest, InstallIsOneStepForEveryCrash) {
  crash_everywhere([&] { usual(); }, [&] { return install_seven(); },
                   State{8, "s8", {9, 10, 11, 12}, 12, ""}, State{7, "from the leader", {}, 7, ""});
}

TEST_F(HistoryTest, AStagedNameThatIsOnlySeenIsMadeSafeFirst) {
  kill_then_crash([&] { usual(); }, [&] { return install_seven(); },
                  kOptions.snapshot_dir + "/staged.snapshot.7",
                  State{8, "s8", {9, 10, 11, 12}, 12, ""}, State{7, "from the leader", {}, 7, ""});
}

TEST_F(HistoryTest, RestoreFinishesAnInstallAndSaysSo) {
  usual();
  snapshot(7, "from the leader", 0, true);
  std::vector<std::string> lines;
  EXPECT_EQ(restored(disk_, &lines), (State{7, "from the leader", {}, 7, ""}));
  EXPECT_THAT(lines, Contains(HasSubstr("finishing the install of snapshot.7")));
}

// Some of the old history may be gone: neither is whole.
TEST_F(HistoryTest, ADamagedStagedSnapshotIsRefused) {
  usual();
  const auto staged = snapshot(7, "from the leader", 0, true);
  std::string bytes = disk_.content(staged.path);
  bytes[60] ^= 1;
  disk_.put(staged.path, bytes);
  const auto before = everything();
  EXPECT_THAT(restored(disk_).error, HasSubstr("join its ensemble empty"));
  EXPECT_EQ(everything(), before);
}

TEST_F(HistoryTest, PurgeLeavesWhatIsStaged) {
  usual();
  snapshot(12, "s12");
  const auto staged = snapshot(2, "from the leader", 0, true);
  ASSERT_TRUE(
      purge(disk_, {.snapshot_dir = kOptions.snapshot_dir, .log_dir = kOptions.log_dir}, log_));
  EXPECT_NE(disk_.content(staged.path), "");
  EXPECT_EQ(disk_.content(kOptions.snapshot_dir + "/snapshot.0"), "");
}

// ---- a history beside the old one (an operator's restore)

TEST_F(HistoryTest, SetsAsideWhatASnapshotWithoutAncestorsReplaces) {
  usual();
  const auto newest = snapshot(20, "restored");
  const auto made = set_history_aside(disk_, kOptions, newest);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_THAT(*made, ElementsAre("/data/version-2.before-0x14", "/log/version-2.before-0x14"));
  EXPECT_THAT(*disk_.list(kOptions.snapshot_dir), ElementsAre("snapshot.14"));
  EXPECT_TRUE(disk_.list(kOptions.log_dir)->empty());
  EXPECT_THAT(*disk_.list((*made)[0]), ElementsAre("snapshot.0", "snapshot.4", "snapshot.8"));
  EXPECT_THAT(*disk_.list((*made)[1]), ElementsAre("log.1", "log.5", "log.9"));
  EXPECT_EQ(restored(disk_), (State{20, "restored", {}, 20, ""}));
  log(21, 22);
  EXPECT_EQ(restored(disk_), (State{20, "restored", {21, 22}, 22, ""}));
}

TEST_F(HistoryTest, ARestoreThatIsCutShortLeavesTheOldHistoryOrTheNewOne) {
  const auto change = [&] {
    SnapshotWriter writer(disk_, {.dir = kOptions.snapshot_dir}, wire::Zxid(20), {}, {});
    writer.node("/", "restored", -1, {});
    const auto file = writer.finish(std::nullopt, wire::Zxid(20));
    return file && set_history_aside(disk_, kOptions, *file).has_value();
  };
  crash_everywhere([&] { usual(); }, change, State{8, "s8", {9, 10, 11, 12}, 12, ""},
                   State{20, "restored", {}, 20, ""});
}

// What is left lying there when the moving fails does no harm, and no txn is missed later.
TEST_F(HistoryTest, AfterARestoreTheOldLogsCannotBeMistaken) {
  usual();
  snapshot(20, "restored");
  log(21, 22);
  EXPECT_EQ(restored(disk_), (State{20, "restored", {21, 22}, 22, ""}));
  ASSERT_TRUE(disk_.remove(kOptions.snapshot_dir + "/snapshot.14"));
  EXPECT_THAT(restored(disk_).error, HasSubstr("the txns in between are missing"));
}

}  // namespace
}  // namespace drover::storage
