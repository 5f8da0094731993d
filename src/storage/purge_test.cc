// Purge. Goal: what is left restores from each of the retained snapshots, and nothing that is not
// ours goes.

#include "storage/purge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/log_writer.h"
#include "storage/memory_disk.h"
#include "storage/snapshot_writer.h"
#include "storage/testing.h"

namespace drover::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class PurgeTest : public ::testing::Test {
 protected:
  PurgeTest() {
    EXPECT_TRUE(disk_.create_dirs("/data"));
    EXPECT_TRUE(disk_.create_dirs("/log"));
  }
  std::string snapshot(std::int64_t zxid, Compression compression = Compression::kNone) {
    SnapshotWriter writer(disk_, {.dir = "/data", .compression = compression}, wire::Zxid(zxid), {},
                          {});
    writer.node("/", std::string_view(), -1, {});
    return writer.finish(std::nullopt, wire::Zxid(zxid))->path;
  }
  void log(std::int64_t first, std::int64_t last) {
    LogWriter writer(disk_, {.dir = "/log", .preallocate_bytes = 0});
    ASSERT_TRUE(testing::write_txns(writer, first, last));
    ASSERT_TRUE(writer.roll());
  }
  std::vector<std::string> purged(std::int32_t retain = 3) {
    base::NullLog log;
    const auto removed =
        purge(disk_, {.snapshot_dir = "/data", .log_dir = "/log", .retain = retain}, log);
    EXPECT_TRUE(removed);
    return *removed;
  }

  MemoryDisk disk_;
};

TEST_F(PurgeTest, KeepsTheNewestAndTheLogsBehindThem) {
  for (const std::int64_t zxid : {0, 10, 20, 30, 40}) snapshot(zxid);
  for (const std::int64_t first : {1, 11, 21, 31}) log(first, first + 9);
  EXPECT_THAT(purged(), UnorderedElementsAre("/data/snapshot.0", "/data/snapshot.a", "/log/log.1"));
  // log.b begins before snapshot.14: it may hold the txn behind it.
  EXPECT_THAT(*disk_.list("/log"), ElementsAre("log.15", "log.1f", "log.b"));
  EXPECT_THAT(purged(), IsEmpty());
}

TEST_F(PurgeTest, LogThatSpansTheOldestRetainedSnapshotStays) {
  log(1, 100);
  for (const std::int64_t zxid : {0, 10, 20, 30}) snapshot(zxid);
  EXPECT_THAT(purged(), ElementsAre("/data/snapshot.0"));
}

TEST_F(PurgeTest, FewerSnapshotsThanToRetain) {
  snapshot(0);
  snapshot(10);
  log(1, 5);
  log(6, 20);
  EXPECT_THAT(purged(), IsEmpty());
}

TEST_F(PurgeTest, RetainIsAtLeastThree) {
  for (const std::int64_t zxid : {0, 10, 20, 30}) snapshot(zxid);
  EXPECT_THAT(purged(1), ElementsAre("/data/snapshot.0"));
}

TEST_F(PurgeTest, BadSnapshotsDoNotCount) {
  for (const std::int64_t zxid : {0, 10, 20, 30}) snapshot(zxid);
  std::string bytes = disk_.content("/data/snapshot.1e");
  bytes[20] ^= 1;
  disk_.put("/data/snapshot.1e", bytes);  // looks well terminated
  EXPECT_THAT(purged(), IsEmpty());
  snapshot(40);
  EXPECT_THAT(purged(), ElementsAre("/data/snapshot.0"));
  EXPECT_TRUE(*disk_.exists("/data/snapshot.1e"));
}

TEST_F(PurgeTest, OneStateInTwoCompressionsCountsOnce) {
  snapshot(0);
  snapshot(10);
  snapshot(10, Compression::kGzip);
  snapshot(20);
  EXPECT_THAT(purged(), IsEmpty());
  snapshot(30);
  EXPECT_THAT(purged(), ElementsAre("/data/snapshot.0"));
}

TEST_F(PurgeTest, NamesThatAreNotStrictlyOursAreNeverTouched) {
  for (const std::int64_t zxid : {10, 20, 30, 40}) snapshot(zxid);
  for (const auto* name : {"/data/snapshot.backup", "/data/snapshot.1.tmp", "/log/log.old",
                           "/log/log.1.bak", "/data/myid"}) {
    disk_.put(name, "x");
  }
  EXPECT_THAT(purged(), ElementsAre("/data/snapshot.a"));
  EXPECT_THAT(*disk_.list("/log"), ElementsAre("log.1.bak", "log.old"));
}

}  // namespace
}  // namespace drover::storage
