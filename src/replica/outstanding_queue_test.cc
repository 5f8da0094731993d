// Goal: entries leave in order, and the bytes they speak of stay readable until persisted and
// popped.

#include "replica/outstanding_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "base/prng.h"

namespace drover::replica {
namespace {

void append_txn(OutstandingQueue& queue, std::int64_t zxid, std::string_view bytes) {
  const auto offset = static_cast<std::uint32_t>(queue.batch_bytes().size());
  queue.batch_bytes().append(bytes);
  queue.push({.kind = Outstanding::Kind::kTxn,
              .zxid = wire::Zxid(zxid),
              .offset = offset,
              .size = static_cast<std::uint32_t>(bytes.size())});
}

TEST(OutstandingQueueTest, ABatchIsPersistedInOrderWithoutItsAnswers) {
  OutstandingQueue queue;
  std::vector<wire::TxnBytes> persist;
  queue.begin_batch();
  append_txn(queue, 1, "one");
  queue.push({.kind = Outstanding::Kind::kReject});
  append_txn(queue, 2, "two");
  queue.end_batch(persist);
  ASSERT_EQ(persist.size(), 2u);
  EXPECT_EQ(persist[0].bytes, "one");
  EXPECT_EQ(persist[1].zxid, wire::Zxid(2));
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_EQ(queue.bytes(queue.front()), "one");
}

TEST(OutstandingQueueTest, AnEmptyBatchLeavesNothing) {
  OutstandingQueue queue;
  std::vector<wire::TxnBytes> persist;
  queue.begin_batch();
  queue.end_batch(persist);
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(persist.empty());
}

// An ensemble may commit before this server's own disk is done, and a disk may be done before the
// commit.
TEST(OutstandingQueueTest, BytesOutliveWhicheverOfCommitAndPersistComesFirst) {
  base::Prng random(3);
  OutstandingQueue queue;
  std::deque<std::pair<wire::TxnBytes, std::string>> unpersisted;
  std::deque<std::string> unpopped;
  std::int64_t zxid = 0;
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t action = random.below(3);
    if (action == 0 && unpopped.size() < 500) {
      std::vector<wire::TxnBytes> persist;
      std::vector<std::string> texts;
      queue.begin_batch();
      for (std::uint64_t i = random.below(5); i > 0; --i) {
        texts.push_back(std::string(random.below(2000), 'x') + std::to_string(++zxid));
        append_txn(queue, zxid, texts.back());
      }
      queue.end_batch(persist);
      ASSERT_EQ(persist.size(), texts.size());
      for (std::size_t i = 0; i < texts.size(); ++i) {
        unpersisted.emplace_back(persist[i], texts[i]);
        unpopped.push_back(texts[i]);
      }
    } else if (action == 1 && !unpersisted.empty()) {
      for (const auto& [txn, text] : unpersisted) ASSERT_EQ(txn.bytes, text);
      queue.persisted(unpersisted.front().first.zxid);
      unpersisted.pop_front();
    } else if (action == 2 && !queue.empty()) {
      ASSERT_EQ(queue.bytes(queue.front()), unpopped.front());
      queue.pop();
      unpopped.pop_front();
    }
    ASSERT_EQ(queue.size(), unpopped.size());
  }
}

}  // namespace
}  // namespace drover::replica
