#include "zab/vote.h"

#include <gtest/gtest.h>

#include <vector>

namespace drover::zab {
namespace {

Vote vote(std::int64_t epoch, std::int64_t zxid, std::int64_t leader, Round round = 1) {
  return {ServerId(leader), Zxid(zxid), epoch, round};
}

// Epoch counts before zxid, zxid before sid.
TEST(VoteTest, TheOrderIsTotal) {
  const std::vector<Vote> ascending = {no_vote(),     vote(-1, 9, 9), vote(0, -1, 9),
                                       vote(0, 9, 1), vote(0, 9, 2),  vote(0, 10, 1),
                                       vote(1, 0, 1), vote(1, 0, 3),  vote(1, 5, 1)};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(is_better(ascending[i], ascending[j], 1), i > j) << i << " " << j;
    }
  }
}

TEST(VoteTest, RoundsDoNotMatter) {
  EXPECT_FALSE(is_better(vote(1, 5, 1, 7), vote(1, 5, 1, 2), 1));
  EXPECT_TRUE(is_better(vote(1, 6, 1, 2), vote(1, 5, 1, 7), 1));
}

TEST(VoteTest, WithoutWeightNobodyWins) {
  EXPECT_FALSE(is_better(vote(9, 9, 9), vote(0, 0, 0), 0));
}

}  // namespace
}  // namespace drover::zab
