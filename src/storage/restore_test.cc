// What a start makes of a directory, above all of a damaged one: one test for each row of the table
// in docs/recovery.md. Method: real files made by the writers on a MemoryDisk, then one thing
// broken.

#include "storage/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/log_writer.h"
#include "storage/memory_disk.h"
#include "storage/snapshot_writer.h"
#include "storage/testing.h"

namespace drover::storage {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::make_txn;
using testing::RecordingLog;
using testing::RecordingSink;
using testing::Txn;
using testing::views;
using testing::write_txns;

constexpr std::string_view kApacheHeader{"ZKLG\0\0\0\2\0\0\0\0\0\0\0\0", 16};
constexpr std::uint64_t kEntrySize = 63;  // of make_txn's

class RestoreTest : public ::testing::Test {
 protected:
  RestoreTest() {
    EXPECT_TRUE(disk_.create_dirs("/data/version-2"));
    EXPECT_TRUE(disk_.create_dirs("/log/version-2"));
  }

  std::string snapshot(std::int64_t zxid, Compression compression = Compression::kNone) {
    SnapshotWriter writer(disk_, {.dir = "/data/version-2", .compression = compression},
                          wire::Zxid(zxid), {}, {});
    writer.node("/", std::string_view(), -1, {});
    writer.node("/a", fmt::format("{}", zxid), -1, {});
    const auto file = writer.finish(std::nullopt, wire::Zxid(zxid));
    EXPECT_TRUE(file);
    return file->path;
  }
  // As a crash leaves it: padded, its mark at the last txn.
  std::string log(std::int64_t first, std::int64_t last, bool by_apache = false) {
    LogWriter writer(disk_, {.dir = "/log/version-2", .preallocate_bytes = 2048});
    EXPECT_TRUE(write_txns(writer, first, last));
    if (by_apache) overwrite(writer.path(), 0, kApacheHeader);
    return writer.path();
  }
  void overwrite(const std::string& path, std::uint64_t offset, std::string_view with) {
    std::string bytes = disk_.content(path);
    bytes.replace(offset, with.size(), with);
    disk_.put(path, bytes);
  }

  Result<RestoreReport> run() {
    sink_.txns.clear();
    log_.lines.clear();
    return restore(disk_, options_, sink_, log_);
  }
  RestoreReport restored() {
    auto report = run();
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : RestoreReport{};
  }
  // Refused, and every byte is as it was.
  std::string refusal() {
    const auto before = everything();
    const auto report = run();
    EXPECT_FALSE(report);
    EXPECT_EQ(everything(), before);
    return report ? "" : report.error().message;
  }
  std::map<std::string, std::string> everything() {
    std::map<std::string, std::string> result;
    for (const auto* dir : {"/data", "/data/version-2", "/log", "/log/version-2"}) {
      const auto names = disk_.list(dir);
      EXPECT_TRUE(names);
      for (const auto& name : *names) {
        const std::string path = fmt::format("{}/{}", dir, name);
        result[path] = disk_.content(path);
      }
    }
    return result;
  }

  MemoryDisk disk_;
  RestoreOptions options_{.snapshot_dir = "/data/version-2", .log_dir = "/log/version-2"};
  RecordingSink sink_;
  RecordingLog log_;
};

TEST_F(RestoreTest, SnapshotAndWhatFollowsIt) {
  snapshot(0);
  snapshot(3);
  log(1, 2);
  log(3, 5);
  const auto report = restored();
  EXPECT_EQ(report.snapshot_file, "/data/version-2/snapshot.3");
  EXPECT_EQ(report.snapshot_zxid, wire::Zxid(3));
  EXPECT_THAT(sink_.zxids(), ElementsAre(4, 5));
  EXPECT_EQ(report.txns_replayed, 2);
  EXPECT_EQ(report.last_zxid, wire::Zxid(5));
  EXPECT_EQ(report.bytes_dropped, 0);
  EXPECT_FALSE(report.fresh);
  EXPECT_THAT(report.warnings, IsEmpty());
  EXPECT_EQ(sink_.txns[1].second, make_txn(5).bytes);
}

TEST_F(RestoreTest, SnapshotNewerThanTheLog) {
  snapshot(9);
  log(1, 5);
  EXPECT_EQ(restored().last_zxid, wire::Zxid(9));
  EXPECT_THAT(sink_.zxids(), IsEmpty());
}

TEST_F(RestoreTest, CompressedSnapshotsBesidePlainOnes) {
  snapshot(1);
  snapshot(2, Compression::kGzip);
  EXPECT_EQ(restored().snapshot_zxid, wire::Zxid(2));
  snapshot(3, Compression::kSnappy);
  EXPECT_EQ(restored().snapshot_zxid, wire::Zxid(3));
}

TEST_F(RestoreTest, OwnPaddingIsGivenBackApachesIsLeft) {
  snapshot(0);
  const std::string ours = log(1, 2);
  restored();
  EXPECT_EQ(disk_.content(ours).size(), 16 + 2 * kEntrySize);
  const std::string theirs = log(3, 4, true);
  restored();
  EXPECT_EQ(disk_.content(theirs).size(), 2048u);
}

// ---- an empty directory

TEST_F(RestoreTest, EmptyDirectoryIsFresh) {
  const auto report = restored();
  EXPECT_TRUE(report.fresh);
  EXPECT_EQ(report.last_zxid, wire::Zxid(0));
  EXPECT_EQ(sink_.snapshots_begun, 0);
}

TEST_F(RestoreTest, EmptyDirectoryWithoutAutocreateMayNotVote) {
  options_.db_autocreate = false;
  EXPECT_EQ(restored().last_zxid, wire::Zxid(-1));
  EXPECT_THAT(log_.lines, Contains(HasSubstr("db.autocreate")));
}

TEST_F(RestoreTest, InitializeFileSaysThatEmptyIsIntended) {
  options_.db_autocreate = false;
  for (const auto* path : {"/data/initialize", "/log/initialize"}) {
    disk_.put(path, "");
    EXPECT_EQ(restored().last_zxid, wire::Zxid(0)) << path;
    EXPECT_FALSE(*disk_.exists(path)) << path;
  }
}

TEST_F(RestoreTest, InitializeFileIsConsumedByANormalStart) {
  snapshot(0);
  disk_.put("/data/initialize", "");
  restored();
  EXPECT_FALSE(*disk_.exists("/data/initialize"));
}

TEST_F(RestoreTest, LogsOfOnlyAHeaderAreEmptyToo) {
  disk_.put("/log/version-2/log.1", std::string(kApacheHeader));
  EXPECT_TRUE(restored().fresh);
}

TEST_F(RestoreTest, TxnsWithoutASnapshotAreRefused) {
  log(1, 3);
  EXPECT_THAT(refusal(), HasSubstr("no snapshot found, but /log/version-2/log.1 holds txns"));
}

TEST_F(RestoreTest, TrustEmptySnapshotReplaysFromAnEmptyTree) {
  options_.trust_empty_snapshot = true;
  log(1, 3);
  const auto report = restored();
  EXPECT_THAT(sink_.zxids(), ElementsAre(1, 2, 3));
  EXPECT_FALSE(report.fresh);
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("no snapshot found")));
}

// ---- the tail

TEST_F(RestoreTest, LastRecordCutByTheEndOfTheFile) {
  snapshot(0);
  const std::string path = log(1, 3, true);
  disk_.put(path, disk_.content(path).substr(0, 16 + 2 * kEntrySize + 32));
  const auto report = restored();
  EXPECT_THAT(sink_.zxids(), ElementsAre(1, 2));
  EXPECT_EQ(report.bytes_dropped, 32);
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("log.1: cut at offset 142")));
  EXPECT_EQ(disk_.content(path).size(), 16 + 2 * kEntrySize);
}

TEST_F(RestoreTest, LastRecordWithoutItsEndByte) {
  snapshot(0);
  const std::string path = log(1, 3, true);
  overwrite(path, 16 + 3 * kEntrySize - 1, "C");
  const auto report = restored();
  EXPECT_THAT(sink_.zxids(), ElementsAre(1, 2));
  EXPECT_EQ(report.bytes_dropped, static_cast<std::int64_t>(kEntrySize));
}

TEST_F(RestoreTest, LastRecordWithAWrongChecksum) {
  snapshot(0);
  const std::string path = log(1, 3, true);
  overwrite(path, 16 + 3 * kEntrySize - 10, "!");
  restored();
  EXPECT_THAT(sink_.zxids(), ElementsAre(1, 2));
  // What is left needs no second repair.
  EXPECT_THAT(restored().warnings, IsEmpty());
}

TEST_F(RestoreTest, CutIsDurableBeforeRestoreReturns) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    disk_ = MemoryDisk();
    ASSERT_TRUE(disk_.create_dirs("/data/version-2"));
    ASSERT_TRUE(disk_.create_dirs("/log/version-2"));
    snapshot(0);
    const std::string path = log(1, 3, true);
    overwrite(path, 16 + 3 * kEntrySize - 10, "!");
    restored();
    base::Prng prng(seed);
    disk_.crash(prng);
    EXPECT_EQ(disk_.content(path).size(), 16 + 2 * kEntrySize);
  }
}

// Apache syncs neither snapshots nor folders, and a killed server leaves its last batch in the page
// cache.
TEST_F(RestoreTest, WhatWasReadIsDurableWhenRestoreReturns) {
  const std::string snapshot_bytes = disk_.content(snapshot(2));
  const std::string log_bytes = disk_.content(log(3, 5, true));
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    disk_ = MemoryDisk();
    ASSERT_TRUE(disk_.create_dirs("/data/version-2"));
    ASSERT_TRUE(disk_.create_dirs("/log/version-2"));
    ASSERT_TRUE((*disk_.create("/data/version-2/snapshot.2"))->write_at(0, snapshot_bytes));
    ASSERT_TRUE((*disk_.create("/log/version-2/log.3"))->write_at(0, log_bytes));
    EXPECT_EQ(restored().last_zxid, wire::Zxid(5));
    base::Prng prng(seed);
    disk_.crash(prng);
    EXPECT_EQ(restored().last_zxid, wire::Zxid(5));
  }
}

TEST_F(RestoreTest, EmptyOrShortNewestLogIsRemoved) {
  for (const std::size_t size : {0u, 1u, 15u}) {
    snapshot(0);
    log(1, 3);
    disk_.put("/log/version-2/log.4", std::string(kApacheHeader.substr(0, size)));
    EXPECT_EQ(restored().last_zxid, wire::Zxid(3));
    EXPECT_FALSE(*disk_.exists("/log/version-2/log.4"));  // Apache 3.8 would not start on it
  }
}

TEST_F(RestoreTest, NewestLogWhoseHeaderNeverReachedTheDisk) {
  snapshot(0);
  const std::string path = log(1, 3);
  overwrite(path, 16 + 3 * kEntrySize - 10, "!");
  disk_.put("/log/version-2/log.4", std::string(2048, '\0'));
  EXPECT_EQ(restored().last_zxid, wire::Zxid(2));  // the torn file before it is the tail
  EXPECT_EQ(disk_.content(path).size(), 16 + 2 * kEntrySize);
}

// ---- before the tail

TEST_F(RestoreTest, WrongChecksumBeforeTheTailIsRefused) {
  for (const bool by_apache : {false, true}) {
    snapshot(0);
    const std::string path = log(1, 4, by_apache);
    overwrite(path, 16 + kEntrySize + 30, "!");
    const std::string message = refusal();
    EXPECT_THAT(message,
                HasSubstr("/log/version-2/log.1: at offset 79: an entry with a wrong checksum"));
    EXPECT_THAT(message, HasSubstr("the last good txn before it is 0x1"));
    EXPECT_THAT(message, HasSubstr("the next good one is 0x3 at offset 142"));
  }
}

TEST_F(RestoreTest, ZerosBeforeTheTailAreRefused) {
  for (const bool by_apache : {false, true}) {
    snapshot(0);
    const std::string path = log(1, 4, by_apache);
    overwrite(path, 16 + kEntrySize, std::string(kEntrySize, '\0'));
    EXPECT_THAT(refusal(), HasSubstr("log.1: at offset 79: zeros where an entry should begin"));
  }
}

TEST_F(RestoreTest, PartialRecordBeforeTheTailIsRefused) {
  snapshot(0);
  const std::string path = log(1, 4, true);
  overwrite(path, 16 + kEntrySize + 20, std::string(kEntrySize - 20, '\0'));
  EXPECT_THAT(refusal(), HasSubstr("log.1: at offset 79"));
}

TEST_F(RestoreTest, GapBetweenSnapshotAndLogIsRefused) {
  snapshot(3);
  log(5, 6);
  EXPECT_THAT(refusal(), HasSubstr("log.5: at offset 16: txn 0x5 follows 0x3"));
}

TEST_F(RestoreTest, GapBetweenLogsIsRefused) {
  snapshot(0);
  log(1, 3);
  log(5, 6);
  EXPECT_THAT(refusal(), HasSubstr("log.5: at offset 16: txn 0x5 follows 0x3"));
}

TEST_F(RestoreTest, EpochChangeIsNoGap) {
  snapshot(0);
  log(1, 3);
  log(0x200000001, 0x200000002);
  EXPECT_EQ(restored().last_zxid, wire::Zxid(0x200000002));
}

TEST_F(RestoreTest, BadMagicInALogIsRefused) {
  snapshot(0);
  overwrite(log(1, 3), 0, "ZKSN");
  EXPECT_THAT(refusal(), HasSubstr("log.1: this is not a txn log"));
}

TEST_F(RestoreTest, TxnThatTheSinkCannotTakeNamesItsPlace) {
  snapshot(0);
  log(1, 3);
  sink_.refuse = wire::Zxid(2);
  EXPECT_THAT(refusal(),
              HasSubstr("/log/version-2/log.1: at offset 79: txn 0x2: type 99 is not known"));
}

TEST_F(RestoreTest, DuplicateZxidOfAnErrorIsAccepted) {
  snapshot(0);
  LogWriter writer(disk_, {.dir = "/log/version-2", .preallocate_bytes = 2048});
  const std::vector<Txn> batch{make_txn(1), make_txn(1, "", wire::OpCode::kError), make_txn(2)};
  ASSERT_TRUE(writer.append(views(batch)));
  restored();
  EXPECT_THAT(sink_.zxids(), ElementsAre(1, 1, 2));
}

// ---- snapshots

TEST_F(RestoreTest, DamagedNewestSnapshotFallsBack) {
  snapshot(2);
  const std::string newest = snapshot(4);
  log(1, 5);
  overwrite(newest, 60, "!");
  const auto report = restored();
  EXPECT_EQ(report.snapshot_zxid, wire::Zxid(2));
  EXPECT_EQ(report.snapshots_skipped, 1);
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("snapshot.4")));
  EXPECT_EQ(sink_.snapshots_begun, 2);
  EXPECT_EQ(sink_.nodes.at("/a").data, "2");
  EXPECT_THAT(sink_.zxids(), ElementsAre(3, 4, 5));
}

// Apache replays across the gap and serves a tree that differs from its peers'.
TEST_F(RestoreTest, FallingBackAcrossAGapIsRefused) {
  snapshot(2);
  overwrite(snapshot(0x200000004), 60, "!");
  log(1, 2);
  log(0x200000005, 0x200000006);
  EXPECT_THAT(refusal(), HasSubstr("txn 0x200000005 follows 0x2"));
}

TEST_F(RestoreTest, AllSnapshotsDamagedIsRefused) {
  overwrite(snapshot(2), 60, "!");
  disk_.put("/data/version-2/snapshot.4", "");
  log(1, 5);
  EXPECT_THAT(refusal(), HasSubstr("/data/version-2: no good snapshot among 2"));
}

TEST_F(RestoreTest, UnfinishedSnapshotIsIgnored) {
  const std::string good = snapshot(4);
  disk_.put("/data/version-2/snapshot.7.tmp", disk_.content(good));
  disk_.put("/data/version-2/tmp.snapshot.8", disk_.content(good));
  const auto report = restored();
  EXPECT_EQ(report.snapshot_zxid, wire::Zxid(4));
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("snapshot.7.tmp")));
  EXPECT_TRUE(*disk_.exists("/data/version-2/snapshot.7.tmp"));
  EXPECT_FALSE(*disk_.exists("/data/version-2/tmp.snapshot.8"));
}

TEST_F(RestoreTest, StrayLogsAreIgnoredWithOneWarningEach) {
  snapshot(0);
  const std::string path = log(1, 3);
  for (const auto* stray : {"log.1.bak", "log.1.fixed", "log.1.chopped5"}) {
    disk_.put(std::string("/log/version-2/") + stray, disk_.content(path));
  }
  const auto report = restored();
  EXPECT_THAT(sink_.zxids(), ElementsAre(1, 2, 3));
  EXPECT_EQ(report.warnings.size(), 3u);
}

TEST_F(RestoreTest, MissingFolderIsAnError) {
  options_.log_dir = "/nowhere/version-2";
  const auto report = run();
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().message, HasSubstr("/nowhere/version-2"));
}

TEST_F(RestoreTest, FailingDiskIsAnErrorNotAnEndOfTheLog) {
  snapshot(0);
  log(1, 3);
  bool succeeded = false;
  for (std::int64_t call = 1; call < 20 && !succeeded; ++call) {
    disk_.fail_at(call);
    succeeded = run().has_value();
    disk_.heal();
  }
  EXPECT_TRUE(succeeded);
}

}  // namespace
}  // namespace drover::storage
