// Which names are ours. Goal: exactly the strict ones, and what Apache would also have taken is
// not.

#include "storage/file_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::storage {
namespace {

TEST(FileNamesTest, LogNameIsLowerCaseHexWithoutPadding) {
  EXPECT_EQ(log_name(wire::Zxid(0x500000002)), "log.500000002");
  EXPECT_EQ(parse_log_name("log.500000002")->zxid, wire::Zxid(0x500000002));
}

TEST(FileNamesTest, SnapshotSuffixNamesTheCompression) {
  EXPECT_EQ(snapshot_name(wire::Zxid(0), Compression::kNone), "snapshot.0");
  EXPECT_EQ(parse_snapshot_name("snapshot.1c")->compression, Compression::kNone);
  EXPECT_EQ(parse_snapshot_name("snapshot.1c.gz")->compression, Compression::kGzip);
  EXPECT_EQ(parse_snapshot_name("snapshot.1c.snappy")->compression, Compression::kSnappy);
  EXPECT_EQ(parse_snapshot_name("snapshot.1c.snappy")->zxid, wire::Zxid(0x1c));
}

TEST(FileNamesTest, NamesThatApacheMisreadsAreRefused) {
  for (const auto* name :
       {"log.1.bak", "log.1.fixed", "log.1.chopped5", "log.", "log.zz", "log.A", "log.-1", "log.1 ",
        "log.11111111111111111", "log.ffffffffffffffff", "Log.1", "log1"}) {
    EXPECT_FALSE(parse_log_name(name)) << name;
  }
  for (const auto* name :
       {"snapshot.5.tmp", "snapshot.5.gz.tmp", "snapshot.", "snapshot..gz", "snapshot.5.GZ",
        "snapshot.ffffffffffffffff", "snapshot.backup", "tmp.snapshot.5"}) {
    EXPECT_FALSE(parse_snapshot_name(name)) << name;
  }
}

TEST(FileNamesTest, ListingIsSortedByZxidNotByText) {
  const auto names =
      sort_names({"log.10", "log.9", "log.1.bak", "snapshot.a", "snapshot.9", "myid"});
  EXPECT_EQ(names.logs.at(0).name, "log.9");
  EXPECT_EQ(names.logs.at(1).name, "log.10");
  EXPECT_EQ(names.snapshots.at(1).name, "snapshot.a");
  EXPECT_THAT(names.ignored, ::testing::ElementsAre("log.1.bak"));
}

TEST(CompressionTest, MethodInAnyCase) {
  EXPECT_EQ(parse_compression(""), Compression::kNone);
  EXPECT_EQ(parse_compression("GZ"), Compression::kGzip);
  EXPECT_EQ(parse_compression("Snappy"), Compression::kSnappy);
  EXPECT_FALSE(parse_compression("zip"));
}

}  // namespace
}  // namespace drover::storage
