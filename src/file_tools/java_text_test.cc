// How the JVM writes things. The expectations were taken from a JVM (jshell 17).

#include "file_tools/java_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::file_tools {
namespace {

using ::testing::ElementsAre;

TEST(JavaTextTest, HashCodesAreJavas) {
  EXPECT_EQ(java_hash(std::string_view("")), 0);
  EXPECT_EQ(java_hash(std::string_view("zookeeper")), 1600681804);
  EXPECT_EQ(java_hash(std::string_view("žluťoučký")), -1512236005);
  EXPECT_EQ(java_hash(std::string_view("😀")), 1772899);
  EXPECT_EQ(java_hash(std::int64_t{0x100016403f50000}), 49611108);
}

TEST(JavaTextTest, AHashSetGrowsAtThreeQuarters) {
  // Six fit into eight buckets; with seven there are sixteen.
  EXPECT_THAT(java_hash_order({9, 1, 0, 8, 2, 3}, 8), ElementsAre(2, 3, 0, 1, 4, 5));
  EXPECT_THAT(java_hash_order({9, 1, 0, 8, 2, 3, 4}, 8), ElementsAre(2, 1, 4, 5, 6, 3, 0));
}

TEST(JavaTextTest, NumbersAreReadAsJavaReadsThem) {
  EXPECT_EQ(java_long_decode("0x5"), 5);
  EXPECT_EQ(java_long_decode("#ff"), 255);
  EXPECT_EQ(java_long_decode("010"), 8);
  EXPECT_EQ(java_long_decode("-3"), -3);
  EXPECT_EQ(java_long_decode("0"), 0);
  for (const char* wrong : {"", "x", "0x", "5 ", "--5", "09"}) {
    EXPECT_EQ(java_long_decode(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(java_int("+7"), 7);
  EXPECT_EQ(java_int("2147483648"), std::nullopt);
}

TEST(JavaTextTest, HexHasAtLeastFourteenDigits) {
  EXPECT_EQ(java_hex(0x709), "0x00000000000709");
  EXPECT_EQ(java_hex(-1), "0xffffffffffffffff");
}

}  // namespace
}  // namespace drover::file_tools
