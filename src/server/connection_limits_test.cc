// Goal: maxClientCnxns counts per address, maxCnxns in all; what is given back can be taken again.

#include "server/connection_limits.h"

#include <gtest/gtest.h>

namespace drover::server {
namespace {

using Verdict = ConnectionLimits::Verdict;

TEST(ConnectionLimitsTest, PerAddress) {
  ConnectionLimits limits(2, 0);
  EXPECT_EQ(limits.take("a"), Verdict::kTaken);
  EXPECT_EQ(limits.take("a"), Verdict::kTaken);
  EXPECT_EQ(limits.take("a"), Verdict::kTooManyFromAddress);
  EXPECT_EQ(limits.take("b"), Verdict::kTaken);
  limits.give_back("a");
  EXPECT_EQ(limits.take("a"), Verdict::kTaken);
  EXPECT_EQ(limits.refused(), 1);
}

TEST(ConnectionLimitsTest, InAll) {
  ConnectionLimits limits(0, 2);
  EXPECT_EQ(limits.take("a"), Verdict::kTaken);
  EXPECT_EQ(limits.take("b"), Verdict::kTaken);
  EXPECT_EQ(limits.take("c"), Verdict::kTooMany);
  limits.give_back("a");
  EXPECT_EQ(limits.take("c"), Verdict::kTaken);
}

TEST(ConnectionLimitsTest, ZeroIsNoLimit) {
  ConnectionLimits limits(0, 0);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(limits.take("a"), Verdict::kTaken);
  EXPECT_EQ(limits.refused(), 0);
}

}  // namespace
}  // namespace drover::server
