// Goal: QueueSharder spreads items over queues, on Curator's znodes. Method: several sharders with
// sessions of their own and low thresholds; the znodes looked at.

#include <drover/recipes/queue.h>
#include <drover/recipes/queue_sharder.h>
#include <drover/recipes/simple_queue.h>

#include <atomic>
#include <memory>
#include <set>

#include "recipes/fixture.h"

namespace drover::test {
namespace {

using namespace std::chrono_literals;

class QueueSharderTest : public RecipeTest {
 protected:
  static constexpr QueueSharderPolicies kQuick{
      .new_queue_threshold = 4, .threshold_check = 50ms, .queues_max = 3};

  [[nodiscard]] static std::string queues() { return path() + "/queues"; }
  [[nodiscard]] static std::string leader() { return path() + "/leader"; }
  [[nodiscard]] static QueueSharder<Queue> sharder(const Client& client) {
    return {client, queues(), leader(), kQuick};
  }
};

[[nodiscard]] Result<void> put(QueueSharder<Queue>& sharder, std::string_view item) {
  auto queue = sharder.queue();
  if (!queue) return std::unexpected(queue.error());
  return (*queue)->put(as_bytes(item), kForever, block);
}

TEST_F(QueueSharderTest, ZnodesAreCurators) {
  Client c = client({.default_data = to_bytes("10.0.0.7")});
  auto one = sharder(c);
  ASSERT_TRUE(ok(one.start(block)));
  ASSERT_EQ(one.shard_count(), 1);
  const std::string shard = one.queue_paths().front();
  EXPECT_EQ(shard.size(), queues().size() + std::string("/queue-").size() + 36);
  EXPECT_TRUE(shard.starts_with(queues() + "/queue-"));
  EXPECT_EQ(as_text(c.get(shard, {}, block)->data), "10.0.0.7");
  EXPECT_EQ(as_text(c.get(queues(), {}, block)->data), "");
  EXPECT_TRUE(eventually([&] { return children(c, leader()).size() == 1; }));
  EXPECT_TRUE(children(c, leader()).front().contains("-latch-"));
  ASSERT_TRUE(ok(put(one, "item")));
  EXPECT_EQ(children(c, shard), std::vector<std::string>{"queue-0000000000"});
}

TEST_F(QueueSharderTest, FullQueuesAreFollowedByNewOnesUpToTheirNumber) {
  Client a = client();
  Client b = client();
  auto one = sharder(a);
  auto two = sharder(b);
  ASSERT_TRUE(ok(one.start(block)));
  ASSERT_TRUE(ok(two.start(block)));
  EXPECT_EQ(one.queue_paths(), two.queue_paths());
  const std::string first = one.queue_paths().front();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(ok(put(i % 2 == 0 ? one : two, "x")));
  // One more at each check, as long as one is full.
  ASSERT_TRUE(eventually([&] { return one.shard_count() == 3 && two.shard_count() == 3; }));
  EXPECT_EQ(one.queue_paths(), two.queue_paths());
  std::this_thread::sleep_for(kMoment);  // several checks: both know which is full
  // The full one is not preferred: all that follow go to the others.
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(ok(put(i % 2 == 0 ? one : two, "y")));
  EXPECT_EQ(children(a, first).size(), 4U);
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(ok(put(one, "z")));
  std::this_thread::sleep_for(kMoment);
  EXPECT_EQ(children(a, queues()).size(), 3U);
  EXPECT_EQ(one.shard_count(), 3);
}

TEST_F(QueueSharderTest, AQueueIsPreferredAgainAtHalfTheThreshold) {
  Client c = client();
  auto one = sharder(c);
  ASSERT_TRUE(ok(one.start(block)));
  const std::string first = one.queue_paths().front();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(ok(put(one, "x")));
  ASSERT_TRUE(eventually([&] { return one.shard_count() >= 2; }));
  auto names = children(c, first);
  ASSERT_EQ(names.size(), 4U);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(ok(c.remove(first + "/" + names[i], {}, block)));
  const auto is_chosen = [&] {
    static_cast<void>(put(one, "y"));
    return children(c, first).size() > 2;
  };
  EXPECT_TRUE(eventually(is_chosen));
}

TEST_F(QueueSharderTest, EveryItemIsTakenWhoeverHasPutIt) {
  constexpr int kItems = 60;
  Client a = client();
  Client b = client();
  std::mutex mutex;
  std::multiset<std::string> taken;
  const auto note = [](std::mutex* guard, std::multiset<std::string>* items,
                       Bytes item) -> boost::asio::awaitable<bool> {
    const std::lock_guard lock(*guard);
    items->emplace(as_text(item));
    co_return true;
  };
  const auto allocate = [&](Client of, std::string at) {
    auto queue = std::make_shared<Queue>(std::move(of), std::move(at));
    queue->consume([&](Bytes item) { return note(&mutex, &taken, std::move(item)); }, {},
                   [](const Result<void>&) {});
    return queue;
  };
  QueueSharder<Queue> consumer(a, queues(), leader(), kQuick, allocate);
  auto producer = sharder(b);
  ASSERT_TRUE(ok(producer.start(block)));
  std::multiset<std::string> expected;
  for (int i = 0; i < kItems; ++i) {
    if (i == kItems / 2) {
      ASSERT_TRUE(ok(consumer.start(block)));
    }
    ASSERT_TRUE(ok(put(producer, std::to_string(i))));
    expected.insert(std::to_string(i));
  }
  EXPECT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return taken.size() >= expected.size();
  }));
  consumer.close();
  static_cast<void>(a.close(block));  // no handler runs behind this
  EXPECT_EQ(taken, expected);
}

TEST_F(QueueSharderTest, WhenTheLeaderDiesAnotherAddsQueues) {
  CuttingProxy proxy(shared_server().port());
  Client a = fragile_client(proxy);
  Client b = client();
  auto doomed = sharder(a);
  ASSERT_TRUE(ok(doomed.start(block)));
  ASSERT_TRUE(eventually([&] { return children(b, leader()).size() == 1; }));
  auto heir = sharder(b);
  ASSERT_TRUE(ok(heir.start(block)));
  proxy.shut();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(ok(put(heir, "x")));
  EXPECT_TRUE(eventually([&] { return heir.shard_count() == 2; }));
}

TEST_F(QueueSharderTest, OtherKindsOfQueues) {
  Client c = client();
  QueueSharder<SimpleQueue> one(c, queues(), leader(), kQuick);
  ASSERT_TRUE(ok(one.start(block)));
  auto queue = one.queue();
  ASSERT_TRUE(ok(queue));
  ASSERT_TRUE(ok((*queue)->offer(as_bytes("a"), block)));
  EXPECT_EQ(children(c, one.queue_paths().front()), std::vector<std::string>{"qn-0000000000"});
}

TEST_F(QueueSharderTest, MisuseIsTold) {
  Client c = client();
  auto one = sharder(c);
  EXPECT_EQ(code_of(one.queue()), ErrorCode::kBadArguments);
  ASSERT_TRUE(ok(one.start(block)));
  EXPECT_EQ(code_of(one.start(block)), ErrorCode::kBadArguments);
  one.close();
  EXPECT_EQ(code_of(one.queue()), ErrorCode::kClosed);
  QueueSharder<Queue> inside(c, queues(), queues() + "/leader");
  EXPECT_EQ(code_of(inside.start(block)), ErrorCode::kBadArguments);
  QueueSharder<Queue> none(c, queues(), leader(), {.queues_max = 0});
  EXPECT_EQ(code_of(none.start(block)), ErrorCode::kBadArguments);
  QueueSharder<Queue> nowhere(c, "no path", "/leader");
  EXPECT_EQ(code_of(nowhere.start(block)), ErrorCode::kBadArguments);
}

TEST_F(QueueSharderTest, ClosingEndsItsQueuesAndItsCandidacy) {
  Client c = client();
  auto one = sharder(c);
  ASSERT_TRUE(ok(one.start(block)));
  ASSERT_TRUE(eventually([&] { return children(c, leader()).size() == 1; }));
  one.close();
  EXPECT_TRUE(eventually([&] { return children(c, leader()).empty(); }));
  EXPECT_EQ(children(c, queues()).size(), 1U);
}

}  // namespace
}  // namespace drover::test
