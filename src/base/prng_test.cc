// Goal: a seed replays a run, on every machine and after every change of this file.

#include "base/prng.h"

#include <gtest/gtest.h>

#include <vector>

namespace drover::base {
namespace {

TEST(PrngTest, TheSequenceOfASeedIsPinned) {
  Prng prng(0);
  EXPECT_EQ(prng.next(), 0x99ec5f36cb75f2b4u) << "xoshiro256** after splitmix64(0)";
  EXPECT_EQ(prng.next(), 0xbf6e1f784956452au);
  EXPECT_EQ(prng.next(), 0x1a5f849d4933e6e0u);
}

TEST(PrngTest, SameSeedSameSequenceOtherSeedAnother) {
  Prng a(7), b(7), c(8);
  for (int i = 0; i < 100; ++i) {
    const auto x = a.next();
    EXPECT_EQ(x, b.next());
    EXPECT_NE(x, c.next());
  }
}

TEST(PrngTest, BelowStaysBelowAndReachesAll) {
  Prng prng(1);
  std::vector<int> counts(10);
  for (int i = 0; i < 100000; ++i) ++counts.at(prng.below(10));
  for (const int count : counts) {
    EXPECT_GT(count, 9500);
    EXPECT_LT(count, 10500);
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(prng.below(1), 0u);
}

TEST(PrngTest, BelowTakesHugeBounds) {
  Prng prng(1);
  for (int i = 0; i < 1000; ++i) EXPECT_LT(prng.below(UINT64_MAX), UINT64_MAX);
}

TEST(PrngTest, ChanceIsARatio) {
  Prng prng(2);
  int hits = 0;
  for (int i = 0; i < 100000; ++i) hits += prng.chance(1, 4) ? 1 : 0;
  EXPECT_GT(hits, 24000);
  EXPECT_LT(hits, 26000);
  EXPECT_FALSE(prng.chance(0, 5));
  EXPECT_TRUE(prng.chance(5, 5));
}

}  // namespace
}  // namespace drover::base
