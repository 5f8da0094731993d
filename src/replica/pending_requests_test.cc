// What a learner's clients wait for is answered in each session's order, and never before its turn.

#include "replica/pending_requests.h"

#include <gtest/gtest.h>

namespace drover::replica {
namespace {

using Kind = Outstanding::Kind;

constexpr wire::SessionId kAnn{1};
constexpr wire::SessionId kBob{2};

class PendingRequestsTest : public testing::Test {
 protected:
  void push(Kind kind, wire::SessionId session, std::int32_t xid) {
    pending_.push({.request = {.kind = kind, .xid = xid, .session = session}, .bytes = {}});
  }
  // xids of those whose turn has come.
  std::vector<std::int32_t> ready() {
    std::vector<std::int32_t> xids;
    while (pending_.has_ready()) xids.push_back(pending_.take_ready().request.xid);
    return xids;
  }

  PendingRequests pending_;
};

TEST_F(PendingRequestsTest, AReadWithNothingBeforeItIsReadyAtOnce) {
  push(Kind::kRead, kAnn, 1);
  EXPECT_EQ(ready(), std::vector<std::int32_t>({1}));
  EXPECT_EQ(pending_.size(), 0u);
}

TEST_F(PendingRequestsTest, ReadsWaitForTheWriteBeforeThem) {
  push(Kind::kTxn, kAnn, 1);
  push(Kind::kRead, kAnn, 2);
  push(Kind::kTxn, kAnn, 3);
  push(Kind::kReject, kAnn, 4);
  push(Kind::kRead, kBob, 1);
  EXPECT_EQ(ready(), std::vector<std::int32_t>({1})) << "another session waits for nobody";
  const auto write = pending_.take(kAnn, 1);
  ASSERT_TRUE(write.has_value());
  EXPECT_EQ(write->xid, 1);
  EXPECT_EQ(ready(), std::vector<std::int32_t>({2})) << "and not what is behind the next write";
  ASSERT_TRUE(pending_.take(kAnn, 3).has_value());
  EXPECT_EQ(ready(), std::vector<std::int32_t>({4}));
  EXPECT_EQ(pending_.size(), 0u);
}

TEST_F(PendingRequestsTest, ATxnOfAnotherServersClientIsNobodysHere) {
  EXPECT_FALSE(pending_.take(kAnn, 1).has_value());
  push(Kind::kTxn, kAnn, 2);
  EXPECT_FALSE(pending_.take(kAnn, 1).has_value());
  EXPECT_FALSE(pending_.take(kBob, 2).has_value());
  EXPECT_TRUE(pending_.take(kAnn, 2).has_value());
}

TEST_F(PendingRequestsTest, ASyncHoldsUpItsSessionUntilItsWord) {
  push(Kind::kSync, kAnn, 1);
  push(Kind::kTxn, kAnn, 2);
  EXPECT_FALSE(pending_.take(kAnn, 2).has_value()) << "its turn has not come";
  pending_.release_sync();
  EXPECT_EQ(ready(), std::vector<std::int32_t>({1}));
  EXPECT_TRUE(pending_.take(kAnn, 2).has_value());
}

TEST_F(PendingRequestsTest, WordsGoToSyncsInTheOrderInWhichTheyLeft) {
  push(Kind::kTxn, kAnn, 1);
  push(Kind::kSync, kAnn, 2);
  push(Kind::kSync, kBob, 1);
  pending_.release_sync();
  EXPECT_TRUE(ready().empty()) << "the write before it comes first";
  pending_.release_sync();
  EXPECT_EQ(ready(), std::vector<std::int32_t>({1}));
  ASSERT_TRUE(pending_.take(kAnn, 1).has_value());
  EXPECT_EQ(ready(), std::vector<std::int32_t>({2}));
  pending_.release_sync();  // of nobody
}

TEST_F(PendingRequestsTest, AllIsForgottenWithTheLeader) {
  push(Kind::kTxn, kAnn, 1);
  push(Kind::kSync, kBob, 1);
  push(Kind::kRead, wire::SessionId(3), 1);
  pending_.clear();
  EXPECT_EQ(pending_.size(), 0u);
  EXPECT_FALSE(pending_.has_ready());
  EXPECT_FALSE(pending_.take(kAnn, 1).has_value());
}

}  // namespace
}  // namespace drover::replica
