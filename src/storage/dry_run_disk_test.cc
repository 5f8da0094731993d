// A dry run sees its own changes, and the disk below sees none of them.

#include "storage/dry_run_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/memory_disk.h"

namespace drover::storage {
namespace {

using ::testing::ElementsAre;

class DryRunDiskTest : public ::testing::Test {
 protected:
  DryRunDiskTest() {
    EXPECT_TRUE(below_.create_dirs("/d").has_value());
    below_.put("/d/a", "first");
    below_.put("/d/b", "second");
  }
  std::string read(const std::string& path) { return read_small_file(disk_, path).value_or("-"); }

  MemoryDisk below_;
  DryRunDisk disk_{below_};
};

TEST_F(DryRunDiskTest, ReadsWhatIsBelow) {
  EXPECT_EQ(read("/d/a"), "first");
  EXPECT_THAT(disk_.list("/d").value_or(std::vector<std::string>{}), ElementsAre("a", "b"));
  EXPECT_TRUE(disk_.changes().empty());
}

TEST_F(DryRunDiskTest, SeesItsOwnChangesOnly) {
  ASSERT_TRUE(disk_.remove("/d/a").has_value());
  ASSERT_TRUE(disk_.truncate("/d/b", 3).has_value());
  ASSERT_TRUE(disk_.rename("/d/b", "/d/c").has_value());
  ASSERT_TRUE(write_small_file(disk_, "/d/e", "new").has_value());

  EXPECT_THAT(disk_.list("/d").value_or(std::vector<std::string>{}), ElementsAre("c", "e"));
  EXPECT_EQ(read("/d/a"), "-");
  EXPECT_EQ(read("/d/c"), "sec");
  EXPECT_EQ(read("/d/e"), "new");
  EXPECT_EQ(disk_.changes().front(), "/d/a: removed");

  EXPECT_EQ(below_.content("/d/a"), "first");
  EXPECT_EQ(below_.content("/d/b"), "second");
  EXPECT_FALSE(below_.exists("/d/c").value_or(true));
  EXPECT_FALSE(below_.exists("/d/e").value_or(true));
}

TEST_F(DryRunDiskTest, RemovingWhatIsNotThereIsNoChange) {
  ASSERT_TRUE(disk_.remove("/d/z").has_value());
  EXPECT_TRUE(disk_.changes().empty());
}

}  // namespace
}  // namespace drover::storage
