// The data directory: what a start checks before it reads anything.

#include "storage/data_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/memory_disk.h"

namespace drover::storage {
namespace {

using ::testing::HasSubstr;

TEST(DataDirTest, CreatesVersion2) {
  MemoryDisk disk;
  const auto dir = DataDir::open(disk, {.data_dir = "/data", .data_log_dir = ""});
  ASSERT_TRUE(dir);
  EXPECT_EQ(dir->snapshot_dir(), "/data/version-2");
  EXPECT_EQ(dir->log_dir(), "/data/version-2");
  EXPECT_TRUE(*disk.exists("/data/version-2"));
}

TEST(DataDirTest, MissingWithoutAutocreateIsRefused) {
  MemoryDisk disk;
  const auto dir =
      DataDir::open(disk, {.data_dir = "/data", .data_log_dir = "", .autocreate = false});
  ASSERT_FALSE(dir);
  EXPECT_THAT(dir.error().message, HasSubstr("/data/version-2: missing"));
  EXPECT_FALSE(*disk.exists("/data/version-2"));
}

TEST(DataDirTest, ThereWithoutAutocreateIsFine) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.create_dirs("/data/version-2"));
  EXPECT_TRUE(DataDir::open(disk, {.data_dir = "/data", .data_log_dir = "", .autocreate = false}));
}

TEST(DataDirTest, SwappedFoldersAreRefused) {
  MemoryDisk disk;
  disk.put("/data/version-2/snapshot.0", "");
  disk.put("/log/version-2/log.1", "");
  EXPECT_TRUE(DataDir::open(disk, {.data_dir = "/data", .data_log_dir = "/log"}));
  const auto swapped = DataDir::open(disk, {.data_dir = "/log", .data_log_dir = "/data"});
  ASSERT_FALSE(swapped);
  EXPECT_THAT(swapped.error().message, HasSubstr("log directory has snapshot files"));
}

TEST(DataDirTest, LogsInASeparateSnapshotFolderAreRefused) {
  MemoryDisk disk;
  disk.put("/data/version-2/log.1", "");
  const auto dir = DataDir::open(disk, {.data_dir = "/data", .data_log_dir = "/log"});
  ASSERT_FALSE(dir);
  EXPECT_THAT(dir.error().message, HasSubstr("snapshot directory has log files"));
}

TEST(DataDirTest, OneServerAtATime) {
  MemoryDisk disk;
  {
    const auto first = DataDir::open(disk, {.data_dir = "/data", .data_log_dir = "/log"});
    ASSERT_TRUE(first);
    EXPECT_FALSE(DataDir::open(disk, {.data_dir = "/data", .data_log_dir = ""}));
    EXPECT_FALSE(DataDir::open(disk, {.data_dir = "/other", .data_log_dir = "/log"}));
  }
  EXPECT_TRUE(DataDir::open(disk, {.data_dir = "/data", .data_log_dir = "/log"}));
}

TEST(NumberFileTest, RoundTripWithoutNewline) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.create_dirs("/d"));
  EXPECT_EQ(*read_number_file(disk, "/d/currentEpoch"), std::nullopt);
  ASSERT_TRUE(write_number_file(disk, "/d/currentEpoch", 12));
  EXPECT_EQ(disk.content("/d/currentEpoch"), "12");
  EXPECT_EQ(*read_number_file(disk, "/d/currentEpoch"), 12);
}

TEST(NumberFileTest, FirstLineOnly) {
  MemoryDisk disk;
  disk.put("/d/myid", "3\nnotes\n");
  EXPECT_EQ(*read_number_file(disk, "/d/myid"), 3);
  disk.put("/d/myid", "3\r\n");
  EXPECT_EQ(*read_number_file(disk, "/d/myid"), 3);
}

TEST(NumberFileTest, AnythingElseIsRefused) {
  MemoryDisk disk;
  for (const auto* content : {"", "\n3", " 3", "3 ", "three", "0x3", "99999999999999999999"}) {
    disk.put("/d/myid", content);
    const auto number = read_number_file(disk, "/d/myid");
    ASSERT_FALSE(number) << content;
    EXPECT_THAT(number.error().message, HasSubstr("/d/myid"));
  }
}

TEST(NumberFileTest, CrashLeavesOldOrNew) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    for (std::int64_t call = 1; call <= 5; ++call) {
      base::Prng prng(seed);
      MemoryDisk disk;
      ASSERT_TRUE(disk.create_dirs("/d"));
      ASSERT_TRUE(write_number_file(disk, "/d/currentEpoch", 7));
      disk.fail_at(call);
      const auto written = write_number_file(disk, "/d/currentEpoch", 8);
      disk.crash(prng);
      const auto value = read_number_file(disk, "/d/currentEpoch");
      ASSERT_TRUE(value);
      EXPECT_TRUE(*value == 8 || (!written && *value == 7));
    }
  }
}

}  // namespace
}  // namespace drover::storage
