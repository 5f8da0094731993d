// When to roll. Goal: never at or below half of the limits, always at the whole, and not always the
// same.

#include "storage/roll_policy.h"

#include <gtest/gtest.h>

#include <set>

namespace drover::storage {
namespace {

TEST(RollPolicyTest, TxnsBetweenHalfAndWhole) {
  base::Prng prng(1);
  RollPolicy policy({.txns = 1000, .bytes = -1}, prng);
  std::set<std::int64_t> firsts;
  for (int i = 0; i < 200; ++i) {
    EXPECT_FALSE(policy.due(500, 0));
    EXPECT_TRUE(policy.due(1000, 0));
    std::int64_t first = 500;
    while (!policy.due(first, 0)) ++first;
    firsts.insert(first);
    policy.rolled();
  }
  EXPECT_GT(firsts.size(), 50u);
}

TEST(RollPolicyTest, BytesBetweenHalfAndWhole) {
  base::Prng prng(2);
  RollPolicy policy({.txns = 1000000, .bytes = 4096}, prng);
  EXPECT_FALSE(policy.due(1, 2048));
  EXPECT_TRUE(policy.due(1, 4096));
}

TEST(RollPolicyTest, NoByteLimit) {
  base::Prng prng(3);
  const RollPolicy policy({.txns = 1000000, .bytes = -1}, prng);
  EXPECT_FALSE(policy.due(1, INT64_MAX));
}

TEST(RollPolicyTest, SmallestSnapCount) {
  base::Prng prng(4);
  const RollPolicy policy({.txns = 2, .bytes = 0}, prng);
  EXPECT_FALSE(policy.due(1, 0));
  EXPECT_TRUE(policy.due(2, 0));
}

}  // namespace
}  // namespace drover::storage
