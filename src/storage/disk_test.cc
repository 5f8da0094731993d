// The Disk contract, on the real file system and on the one in memory; then what only MemoryDisk
// can do.

#include "storage/disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "storage/memory_disk.h"
#include "storage/posix_disk.h"

namespace drover::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DiskTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      std::string pattern =
          (std::filesystem::temp_directory_path() / "drover-disk-XXXXXX").string();
      ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
      dir_ = pattern;
      disk_ = std::make_unique<PosixDisk>();
    } else {
      dir_ = "/disk";
      disk_ = std::make_unique<MemoryDisk>();
      ASSERT_TRUE(disk_->create_dirs(dir_));
    }
  }
  void TearDown() override {
    if (GetParam()) std::filesystem::remove_all(dir_);
  }
  std::string path(const std::string& name) const { return dir_ + "/" + name; }

  std::string dir_;
  std::unique_ptr<Disk> disk_;
};

TEST_P(DiskTest, WritesAtAnOffsetAndReadsBack) {
  auto file = disk_->create(path("f"));
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->write_at(0, "hello"));
  ASSERT_TRUE((*file)->write_at(3, "LOW"));
  ASSERT_TRUE((*file)->sync_data());
  EXPECT_EQ(*(*file)->size(), 6u);
  EXPECT_EQ(*read_small_file(*disk_, path("f")), "helLOW");
}

TEST_P(DiskTest, ReadIsShortOnlyAtTheEnd) {
  ASSERT_TRUE((*disk_->create(path("f")))->write_at(0, "abc"));
  auto file = disk_->open_read(path("f"));
  ASSERT_TRUE(file);
  char into[8];
  EXPECT_EQ(*(*file)->read_at(1, into), 2u);
  EXPECT_EQ(*(*file)->read_at(3, into), 0u);
  EXPECT_EQ(*(*file)->read_at(99, into), 0u);
}

TEST_P(DiskTest, AllocatedRoomReadsAsZeros) {
  auto file = disk_->create(path("f"));
  ASSERT_TRUE((*file)->write_at(0, "x"));
  ASSERT_TRUE((*file)->allocate(8));
  ASSERT_TRUE((*file)->allocate(4));  // never shrinks
  EXPECT_EQ(*read_small_file(*disk_, path("f")), std::string("x\0\0\0\0\0\0\0", 8));
}

TEST_P(DiskTest, TruncateCuts) {
  ASSERT_TRUE((*disk_->create(path("f")))->write_at(0, "abcdef"));
  ASSERT_TRUE(disk_->truncate(path("f"), 2));
  EXPECT_EQ(*read_small_file(*disk_, path("f")), "ab");
}

TEST_P(DiskTest, CreateEmptiesAnOldFile) {
  ASSERT_TRUE((*disk_->create(path("f")))->write_at(0, "abcdef"));
  ASSERT_TRUE(disk_->create(path("f")));
  EXPECT_EQ(*read_small_file(*disk_, path("f")), "");
}

TEST_P(DiskTest, ListIsSortedAndRenameReplaces) {
  for (const auto* name : {"b", "a", "c"})
    ASSERT_TRUE((*disk_->create(path(name)))->write_at(0, name));
  EXPECT_THAT(*disk_->list(dir_), ElementsAre("a", "b", "c"));
  ASSERT_TRUE(disk_->rename(path("a"), path("c")));
  ASSERT_TRUE(disk_->sync_dir(dir_));
  EXPECT_THAT(*disk_->list(dir_), ElementsAre("b", "c"));
  EXPECT_EQ(*read_small_file(*disk_, path("c")), "a");
}

TEST_P(DiskTest, RemoveOfWhatIsNotThereIsFine) {
  ASSERT_TRUE(disk_->create(path("a")));
  EXPECT_TRUE(*disk_->exists(path("a")));
  ASSERT_TRUE(disk_->remove(path("a")));
  ASSERT_TRUE(disk_->remove(path("a")));
  EXPECT_FALSE(*disk_->exists(path("a")));
}

TEST_P(DiskTest, CreateDirsMakesParents) {
  ASSERT_TRUE(disk_->create_dirs(path("x/y/z")));
  ASSERT_TRUE(disk_->create_dirs(path("x/y/z")));
  EXPECT_TRUE(disk_->create(path("x/y/z/f")));
}

TEST_P(DiskTest, MissingFilesAreErrorsThatNameThem) {
  const auto file = disk_->open_read(path("nope"));
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr(path("nope") + ": No such file"));
  EXPECT_FALSE(disk_->list(path("nope")));
  EXPECT_FALSE(disk_->truncate(path("nope"), 0));
  EXPECT_FALSE(disk_->rename(path("nope"), path("x")));
}

TEST_P(DiskTest, SecondLockIsRefusedUntilTheFirstIsGone) {
  auto first = disk_->lock(path("l"));
  ASSERT_TRUE(first);
  const auto second = disk_->lock(path("l"));
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("in use by another server"));
  first->reset();
  EXPECT_TRUE(disk_->lock(path("l")));
}

TEST_P(DiskTest, SmallFileIsReplacedWhole) {
  ASSERT_TRUE(write_small_file(*disk_, path("myid"), "1"));
  ASSERT_TRUE(write_small_file(*disk_, path("myid"), "22"));
  EXPECT_EQ(*read_small_file(*disk_, path("myid")), "22");
  EXPECT_THAT(*disk_->list(dir_), ElementsAre("myid"));
  EXPECT_FALSE(read_small_file(*disk_, path("myid"), 1));
}

INSTANTIATE_TEST_SUITE_P(Both, DiskTest, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Posix" : "Memory"; });

TEST(DiskPathTest, ParentOfAPath) {
  EXPECT_EQ(parent_dir("/a/b/c"), "/a/b");
  EXPECT_EQ(parent_dir("/a/b/"), "/a");
  EXPECT_EQ(parent_dir("/a"), "/");
  EXPECT_EQ(parent_dir("a"), ".");
}

TEST(PosixDiskTest, FullDeviceIsReported) {
  PosixDisk disk;
  auto file = disk.create("/dev/full");
  ASSERT_TRUE(file);
  const auto written = (*file)->write_at(0, "x");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("write /dev/full: No space left on device"));
}

// ---- what only MemoryDisk can do

TEST(MemoryDiskTest, SyncedBytesUnderASyncedNameSurviveEveryCrash) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    base::Prng prng(seed);
    MemoryDisk disk;
    ASSERT_TRUE(disk.create_dirs("/d"));
    auto file = *disk.create("/d/f");
    ASSERT_TRUE(file->write_at(0, std::string(2000, 'a')));
    ASSERT_TRUE(file->sync_data());
    ASSERT_TRUE(disk.sync_dir("/d"));
    ASSERT_TRUE(file->write_at(2000, std::string(2000, 'b')));
    disk.crash(prng);
    EXPECT_EQ(disk.content("/d/f").substr(0, 2000), std::string(2000, 'a'));
    EXPECT_FALSE(file->sync_data());
  }
}

TEST(MemoryDiskTest, UnsyncedBytesAreSometimesKeptLostAndTorn) {
  int kept = 0, lost = 0, torn = 0, unnamed = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    base::Prng prng(seed);
    MemoryDisk disk;
    ASSERT_TRUE(disk.create_dirs("/d"));
    auto file = *disk.create("/d/f");
    ASSERT_TRUE(file->write_at(0, std::string(2048, 'a')));
    disk.crash(prng);
    if (!*disk.exists("/d/f")) {
      ++unnamed;
      continue;
    }
    const std::string content = disk.content("/d/f");
    if (content == std::string(2048, 'a')) {
      ++kept;
    } else if (content.find('a') == std::string::npos) {
      ++lost;
    } else {
      ++torn;
    }
  }
  EXPECT_GT(kept, 20);
  EXPECT_GT(lost, 20);
  EXPECT_GT(torn, 20);
  EXPECT_GT(unnamed, 20);
}

TEST(MemoryDiskTest, FailuresComeWhenAskedForAndStay) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.create_dirs("/d"));
  auto file = *disk.create("/d/f");
  disk.fail_at(2);
  EXPECT_TRUE(file->write_at(0, "a"));
  EXPECT_FALSE(file->write_at(1, "b"));
  EXPECT_FALSE(file->sync_data());
  disk.heal();
  EXPECT_TRUE(file->sync_data());
}

TEST(MemoryDiskTest, FullDisk) {
  MemoryDisk disk;
  ASSERT_TRUE(disk.create_dirs("/d"));
  auto file = *disk.create("/d/f");
  disk.set_free_bytes(10);
  EXPECT_TRUE(file->write_at(0, "0123456789"));
  const auto over = file->write_at(10, "x");
  ASSERT_FALSE(over);
  EXPECT_THAT(over.error().message, HasSubstr("No space left on device"));
  EXPECT_TRUE(file->write_at(0, "again"));
}

}  // namespace
}  // namespace drover::storage
