// Goal: what the epoch files may say beside each other and beside the log, and what is written
// where they say nothing.

#include "server/peer_disk.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "storage/data_dir.h"
#include "storage/memory_disk.h"

namespace drover::server {
namespace {

using testing::HasSubstr;
using wire::Zxid;

constexpr std::int64_t kNone = -1;

class ReadEpochsTest : public testing::Test {
 protected:
  ReadEpochsTest() { EXPECT_TRUE(disk_.create_dirs("/d")); }

  void write(const std::string& name, std::int64_t value) {
    if (value == kNone) return;
    EXPECT_TRUE(storage::write_number_file(disk_, "/d/" + name, value));
  }
  // As a text: `accepted current`, or the error.
  std::string read(std::int64_t accepted, std::int64_t current, std::int64_t epoch_of_zxid,
                   std::int64_t unnamed = kNone) {
    write("acceptedEpoch", accepted);
    write("currentEpoch", current);
    write("currentEpoch.tmp", unnamed);
    const Zxid last(epoch_of_zxid == kNone ? -1 : epoch_of_zxid << 32 | 7);
    const auto history = read_epochs(disk_, "/d", last, log_);
    if (!history) return history.error().message;
    EXPECT_EQ(history->last_zxid, last);
    return fmt::format("{} {}", history->accepted_epoch, history->current_epoch);
  }
  std::int64_t stored(const std::string& name) {
    return storage::read_number_file(disk_, "/d/" + name)->value_or(kNone);
  }

  storage::MemoryDisk disk_;
  base::NullLog log_;
};

TEST_F(ReadEpochsTest, MissingFilesAreWrittenFromTheLog) {
  EXPECT_EQ(read(kNone, kNone, 5), "5 5");
  EXPECT_EQ(stored("acceptedEpoch"), 5);
  EXPECT_EQ(stored("currentEpoch"), 5);
}

TEST_F(ReadEpochsTest, AnEmptyServerIsInEpochZero) {
  EXPECT_EQ(read(kNone, kNone, kNone), "0 0");
}

TEST_F(ReadEpochsTest, FilesCountWhenTheyAgreeWithTheLog) {
  EXPECT_EQ(read(7, 6, 5), "7 6");
}

TEST_F(ReadEpochsTest, CurrentEpochIsNeverBeyondTheAcceptedOne) {
  EXPECT_THAT(read(3, 4, 2), HasSubstr("accepted epoch, 3, is less than the current epoch, 4"));
}

TEST_F(ReadEpochsTest, TxnsOfAnEpochThatWasPromisedAndNotJoinedAreFine) {
  EXPECT_EQ(read(7, 5, 6), "7 5");
  EXPECT_EQ(stored("currentEpoch"), 5);
}

TEST_F(ReadEpochsTest, TxnsOfAnEpochThatWasNotPromisedAreRefused) {
  EXPECT_THAT(read(5, 5, 6), HasSubstr("the current epoch, 5, is older than the last zxid, 0x6"));
}

TEST_F(ReadEpochsTest, AnEpochThatApacheDidNotGetToNameIsTaken) {
  EXPECT_EQ(read(6, 5, 6, 6), "6 6");
  EXPECT_EQ(stored("currentEpoch"), 6);
}

}  // namespace
}  // namespace drover::server
