// Queues on a real server: their znodes, their order, and that no item is lost or doubled beyond
// what they promise; with lock safety also when consumers are killed.

#include <drover/recipes/kazoo_queue.h>
#include <drover/recipes/queue.h>
#include <drover/recipes/simple_queue.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/use_future.hpp>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "recipes/cutting_proxy.h"
#include "recipes/own_process.h"
#include "recipes/server_process.h"

namespace drover::test {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;
using boost::asio::use_future;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

Client open(const std::string& address, std::chrono::milliseconds session_timeout = 5s) {
  return value_or_throw(Client::open(address, {.session_timeout = session_timeout,
                                               .retry = retry::Times{1000, 20ms},
                                               .track_ensemble = false}));
}

bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds at_most = 60s) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

// What handlers got, in order.
class Log {
 public:
  QueueHandler handler(bool answer = true) {
    return [this, answer](Bytes item) { return note(this, answer, std::move(item)); };
  }
  std::vector<std::string> items() {
    const std::lock_guard lock(mutex_);
    return items_;
  }
  void add(const Bytes& item) {
    const std::lock_guard lock(mutex_);
    items_.emplace_back(as_text(item));
  }

 private:
  static awaitable<bool> note(Log* self, bool answer, Bytes item) {
    self->add(item);
    co_return answer;
  }

  std::mutex mutex_;
  std::vector<std::string> items_;
};

awaitable<bool> throw_first(std::atomic<int>* calls) {
  if (++*calls == 1) throw std::runtime_error("no");
  co_return true;
}

class QueueTest : public testing::Test {
 protected:
  std::vector<std::string> names(const std::string& path) {
    auto listing = client_.children(path, block);
    if (!listing) return {};
    std::ranges::sort(listing->names);
    return listing->names;
  }

  ServerProcess server_;
  Client client_ = open(server_.address());
};

TEST_F(QueueTest, ZnodesAreCurators) {
  Queue plain(client_, "/q/plain");
  IdQueue by_id(client_, "/q/id");
  PriorityQueue by_priority(client_, "/q/priority");
  DelayQueue delayed(client_, "/q/delay");
  ASSERT_TRUE(plain.put(as_bytes("hello"), kForever, block));
  ASSERT_TRUE(by_id.put(as_bytes("x"), "a/b", kForever, block));
  ASSERT_TRUE(by_priority.put(as_bytes("x"), -1, kForever, block));
  const DelayQueue::TimePoint due(std::chrono::milliseconds(1'700'000'000'000));
  ASSERT_TRUE(delayed.put(as_bytes("x"), due, kForever, block));

  EXPECT_THAT(names("/q/plain"), ElementsAre("queue-0000000000"));
  EXPECT_THAT(names("/q/id"), ElementsAre("queue-|a_b|0000000000"));
  EXPECT_THAT(names("/q/priority"), ElementsAre("queue-0FFFFFFFF0000000000"));
  EXPECT_THAT(names("/q/delay"), ElementsAre("queue-|18BCFE56800|0000000000"));
  const auto node = client_.get("/q/plain/queue-0000000000", {}, block);
  ASSERT_TRUE(node);
  EXPECT_EQ(as_text(node->data),
            std::string_view("\x00\x01\x00\x01\x01\x00\x00\x00\x05hello\x02", 15));
}

TEST_F(QueueTest, HandsOutInOrderAndOnceEach) {
  Queue queue(client_, "/q");
  for (const char* item : {"a", "b", "c"}) ASSERT_TRUE(queue.put(as_bytes(item), kForever, block));
  ASSERT_TRUE(queue.put_all({to_bytes("d"), to_bytes("e")}, kForever, block));
  ASSERT_TRUE(client_.create("/q/stranger", {}, block));
  Log log;
  std::stop_source stop;
  auto consumed = queue.consume(log.handler(), stop.get_token(), use_future);
  EXPECT_TRUE(wait_until([&] { return log.items().size() == 5; }));
  ASSERT_TRUE(queue.put(as_bytes("f"), kForever, block));
  EXPECT_TRUE(wait_until([&] { return log.items().size() == 6; }));
  stop.request_stop();
  EXPECT_TRUE(consumed.get());
  EXPECT_THAT(log.items(), ElementsAre("a", "b", "c", "d", "e", "f"));
  EXPECT_THAT(names("/q"), ElementsAre("stranger"));
}

TEST_F(QueueTest, SmallPrioritiesFirst) {
  PriorityQueue queue(client_, "/q");
  for (const int priority : {5, -3, 0, 5, -100}) {
    ASSERT_TRUE(queue.put(as_bytes(std::to_string(priority)), priority, kForever, block));
  }
  Log log;
  auto consumed = queue.consume(log.handler(), {}, use_future);
  EXPECT_TRUE(wait_until([&] { return log.items().size() == 5; }));
  queue.close();
  EXPECT_TRUE(consumed.get());
  EXPECT_THAT(log.items(), ElementsAre("-100", "-3", "0", "5", "5"));
}

TEST_F(QueueTest, NothingIsTakenBeforeItIsDue) {
  std::atomic<std::int64_t> now_ms = 1'000;
  const auto now = [&now_ms] { return DelayQueue::TimePoint(std::chrono::milliseconds(now_ms)); };
  DelayQueue queue(client_, "/q", {.now = now});
  const auto at = [](std::int64_t ms) {
    return DelayQueue::TimePoint(std::chrono::milliseconds(ms));
  };
  ASSERT_TRUE(queue.put(as_bytes("late"), at(1'200), kForever, block));
  ASSERT_TRUE(queue.put(as_bytes("never"), at(900'000'000), kForever, block));
  ASSERT_TRUE(queue.put(as_bytes("early"), at(999), kForever, block));
  Log log;
  auto consumed = queue.consume(log.handler(), {}, use_future);
  EXPECT_TRUE(wait_until([&] { return !log.items().empty(); }));
  EXPECT_THAT(log.items(), ElementsAre("early"));
  now_ms = 1'200;
  EXPECT_TRUE(wait_until([&] { return log.items().size() == 2; }));
  queue.close();
  EXPECT_TRUE(consumed.get());
  EXPECT_THAT(log.items(), ElementsAre("early", "late"));
}

TEST_F(QueueTest, AnIdTakesItemsOut) {
  IdQueue queue(client_, "/q", {.lock_path = "/locks"});
  for (const char* id : {"x/y", "z", "x/y"}) {
    ASSERT_TRUE(queue.put(as_bytes("1"), id, kForever, block));
  }
  EXPECT_THAT(queue.remove("x/y", block), Optional(2));
  EXPECT_THAT(queue.remove("x/y", block), Optional(0));
  EXPECT_THAT(names("/q"), ElementsAre("queue-|z|0000000001"));
  EXPECT_THAT(names("/locks"), IsEmpty());
}

TEST_F(QueueTest, AFailedItemComesBackLastOrGoes) {
  Queue queue(client_, "/q", {.lock_path = "/locks"});
  for (const char* item : {"a", "b"}) ASSERT_TRUE(queue.put(as_bytes(item), kForever, block));
  Log log;
  auto fail_first = [&log, count = 0](Bytes item) mutable {
    return log.handler(++count > 1)(std::move(item));
  };
  auto consumed = queue.consume(fail_first, {}, use_future);
  EXPECT_TRUE(wait_until([&] { return names("/q").empty() && names("/locks").empty(); }));
  queue.close();
  EXPECT_TRUE(consumed.get());
  EXPECT_THAT(log.items(), ElementsAre("a", "b", "a"));

  Queue dropping(client_, "/r", {.lock_path = "/locks", .failed = QueueOptions::Failed::kRemove});
  ASSERT_TRUE(dropping.put(as_bytes("c"), kForever, block));
  auto dropped = dropping.consume(log.handler(false), {}, use_future);
  EXPECT_TRUE(wait_until([&] { return names("/r").empty(); }));
  dropping.close();
  EXPECT_TRUE(dropped.get());
  EXPECT_THAT(log.items(), ElementsAre("a", "b", "a", "c"));
}

TEST_F(QueueTest, AThrowingHandlerFails) {
  Queue queue(client_, "/q", {.lock_path = "/locks"});
  ASSERT_TRUE(queue.put(as_bytes("a"), kForever, block));
  std::atomic<int> calls = 0;
  const QueueHandler handler = [&calls](const Bytes&) { return throw_first(&calls); };
  auto consumed = queue.consume(handler, {}, use_future);
  EXPECT_TRUE(wait_until([&] { return calls == 2; }));
  queue.close();
  EXPECT_TRUE(consumed.get());
}

TEST_F(QueueTest, CorruptItemsAreToldAndDropped) {
  std::promise<std::string> dropped;
  Queue queue(client_, "/q", {.dropped = [&](const std::string& path, const Bytes& data) {
                dropped.set_value(path + "=" + std::string(as_text(data)));
              }});
  ASSERT_TRUE(client_.create("/q", {}, block));
  ASSERT_TRUE(client_.create("/q/queue-0", as_bytes("no frame"), {}, block));
  Log log;
  auto consumed = queue.consume(log.handler(), {}, use_future);
  EXPECT_EQ(dropped.get_future().get(), "/q/queue-0=no frame");
  queue.close();
  EXPECT_TRUE(consumed.get());
  EXPECT_THAT(names("/q"), IsEmpty());
}

TEST_F(QueueTest, AFullQueueMakesWait) {
  Queue queue(client_, "/q", {.items_max = 2});
  for (const char* item : {"a", "b"}) ASSERT_TRUE(queue.put(as_bytes(item), kForever, block));
  EXPECT_EQ(queue.put(as_bytes("c"), 50ms, block).error().code, ErrorCode::kTimedOut);
  auto waiting = queue.put(as_bytes("c"), kForever, use_future);
  EXPECT_EQ(queue.flush(50ms, block).error().code, ErrorCode::kTimedOut);
  ASSERT_TRUE(client_.remove("/q/queue-0000000000", {}, block));
  EXPECT_TRUE(waiting.get());
  EXPECT_TRUE(queue.flush(kForever, block));
  EXPECT_THAT(queue.size(block), Optional(2));
}

TEST_F(QueueTest, NoPermissionEndsTheConsumer) {
  const AclList secret = {{perms::kCreate, {"world", "anyone"}}};
  ASSERT_TRUE(client_.create("/q", {.acls = secret}, block));
  Queue queue(client_, "/q");
  Log log;
  EXPECT_EQ(queue.consume(log.handler(), {}, block).error().code, ErrorCode::kNoAuth);
}

TEST_F(QueueTest, EveryItemExactlyOnceAmongSeveral) {
  constexpr int kItems = 150;
  std::vector<Client> clients;
  std::vector<std::unique_ptr<Queue>> queues;
  std::vector<std::future<Result<void>>> consumers;
  Log log;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(open(server_.address()));
    QueueOptions options;
    if (i == 2) options.items_before_refresh = 3;
    queues.push_back(std::make_unique<Queue>(clients.back(), "/q", options));
    consumers.push_back(queues.back()->consume(log.handler(), {}, use_future));
  }
  Queue source(client_, "/q");
  std::set<std::string> expected;
  for (int i = 0; i < kItems; ++i) {
    const std::string item = std::to_string(i);
    ASSERT_TRUE(source.put(as_bytes(item), kForever, block));
    expected.insert(item);
  }
  EXPECT_TRUE(wait_until([&] { return log.items().size() >= kItems && names("/q").empty(); }));
  for (auto& queue : queues) queue->close();
  for (auto& consumer : consumers) EXPECT_TRUE(consumer.get());
  const auto items = log.items();
  EXPECT_EQ(items.size(), std::size_t{kItems});
  EXPECT_EQ(std::set<std::string>(items.begin(), items.end()), expected);
}

TEST_F(QueueTest, CutConnectionsAndARestartLoseNothingWithLocks) {
  constexpr int kItems = 120;
  CuttingProxy proxy(server_.port());
  Client consumer_client = open(proxy.address());
  Queue queue(consumer_client, "/q", {.lock_path = "/locks"});
  Log log;
  auto consumed = queue.consume(log.handler(), {}, use_future);
  Queue source(client_, "/q");
  std::set<std::string> expected;
  for (int i = 0; i < kItems; ++i) {
    const std::string item = std::to_string(i);
    ASSERT_TRUE(source.put(as_bytes(item), kForever, block));
    expected.insert(item);
    if (i % 10 == 5) proxy.cut();
    if (i == kItems / 2) {
      server_.kill();
      server_.start();
    }
  }
  EXPECT_TRUE(wait_until([&] { return names("/q").empty(); }));
  queue.close();
  EXPECT_TRUE(consumed.get());
  const auto items = log.items();
  EXPECT_EQ(std::set<std::string>(items.begin(), items.end()), expected);
}

// --- consumers that are killed

awaitable<bool> note_done(Client client, Bytes item) {
  const std::string path = "/done/" + std::string(as_text(item)) + "-";
  auto made = co_await client.create(path, {.mode = CreateMode::kPersistentSequential});
  co_return made.has_value();
}

// Not a test: what the killed processes run.
TEST(QueueProcess, DISABLED_Consumer) {
  const char* address = server_of_own_process();
  ASSERT_NE(address, nullptr);
  Client client = open(address, 1s);
  Queue queue(client, "/q", {.lock_path = "/locks"});
  const QueueHandler handler = [&client](Bytes item) { return note_done(client, std::move(item)); };
  EXPECT_TRUE(queue.consume(handler, {}, block));
}

void kill_consumer(pid_t process) {
  kill(process, SIGKILL);
  waitpid(process, nullptr, 0);
}

TEST_F(QueueTest, KilledConsumersLoseNothingWithLocks) {
  constexpr int kItems = 300;
  constexpr int kKills = 6;
  ASSERT_TRUE(client_.create("/done", {}, block));
  Queue source(client_, "/q");
  for (int i = 0; i < kItems; ++i) {
    ASSERT_TRUE(source.put(as_bytes(std::to_string(i)), kForever, block));
  }
  pid_t consumers[] = {start_own_process("QueueProcess.DISABLED_Consumer", server_.address()),
                       start_own_process("QueueProcess.DISABLED_Consumer", server_.address())};
  for (int i = 0; i < kKills; ++i) {  // each in the middle of its work
    const std::size_t done = names("/done").size();
    if (done >= kItems) break;
    EXPECT_TRUE(
        wait_until([&] { return names("/done").size() > done + 10 || names("/q").empty(); }));
    kill_consumer(consumers[i % 2]);
    consumers[i % 2] = start_own_process("QueueProcess.DISABLED_Consumer", server_.address());
  }
  EXPECT_TRUE(wait_until([&] { return names("/q").empty(); }));
  for (const pid_t process : consumers) kill_consumer(process);
  std::set<std::string> done;
  for (const std::string& name : names("/done")) done.insert(name.substr(0, name.find('-')));
  EXPECT_EQ(done.size(), std::size_t{kItems});
}

// --- the other queues

TEST_F(QueueTest, SimpleQueue) {
  SimpleQueue queue(client_, "/simple/q");
  EXPECT_THAT(queue.poll(0ms, block), Optional(std::optional<Bytes>()));
  EXPECT_THAT(queue.peek(block), Optional(std::optional<Bytes>()));
  ASSERT_TRUE(queue.offer(as_bytes("a"), block));
  ASSERT_TRUE(queue.offer(as_bytes("b"), block));
  EXPECT_THAT(names("/simple/q"), ElementsAre("qn-0000000000", "qn-0000000001"));
  EXPECT_EQ(as_text(client_.get("/simple/q/qn-0000000000", {}, block)->data), "a");
  EXPECT_THAT(queue.size(block), Optional(2));
  EXPECT_THAT(queue.peek(block), Optional(Optional(to_bytes("a"))));
  EXPECT_THAT(queue.take(block), Optional(to_bytes("a")));
  EXPECT_THAT(queue.poll(0ms, block), Optional(Optional(to_bytes("b"))));
  EXPECT_THAT(queue.poll(30ms, block), Optional(std::optional<Bytes>()));

  auto waiting = queue.take(use_future);
  ASSERT_TRUE(queue.offer(as_bytes("c"), block));
  EXPECT_THAT(waiting.get(), Optional(to_bytes("c")));
}

TEST_F(QueueTest, KazooQueue) {
  kazoo::Queue queue(client_, "/kazoo/q");
  EXPECT_THAT(queue.get(block), Optional(std::optional<Bytes>()));
  ASSERT_TRUE(queue.put(as_bytes("a"), kazoo::kDefaultPriority, block));
  ASSERT_TRUE(queue.put(as_bytes("b"), 7, block));
  EXPECT_EQ(queue.put(as_bytes("c"), 1000, block).error().code, ErrorCode::kBadArguments);
  EXPECT_THAT(names("/kazoo/q"), ElementsAre("entry-007-0000000001", "entry-100-0000000000"));
  EXPECT_THAT(queue.size(block), Optional(2));
  EXPECT_THAT(queue.get(block), Optional(Optional(to_bytes("b"))));
  EXPECT_THAT(queue.get(block), Optional(Optional(to_bytes("a"))));
}

TEST_F(QueueTest, KazooLockingQueue) {
  kazoo::LockingQueue first(client_, "/kazoo/q");
  kazoo::LockingQueue second(client_, "/kazoo/q");
  EXPECT_THAT(first.get(20ms, block), Optional(std::optional<Bytes>()));
  ASSERT_TRUE(first.put_all({to_bytes("a"), to_bytes("b")}, kazoo::kDefaultPriority, block));
  EXPECT_THAT(first.get(kForever, block), Optional(Optional(to_bytes("a"))));
  EXPECT_THAT(first.get(kForever, block), Optional(Optional(to_bytes("a"))));
  EXPECT_THAT(names("/kazoo/q/taken"), ElementsAre("entry-100-0000000000"));
  EXPECT_THAT(second.get(kForever, block), Optional(Optional(to_bytes("b"))));
  EXPECT_THAT(first.holds_lock(block), Optional(true));
  EXPECT_THAT(first.consume(block), Optional(true));
  EXPECT_THAT(first.consume(block), Optional(false));
  auto waiting = first.get(kForever, use_future);
  EXPECT_THAT(second.release(block), Optional(true));
  EXPECT_THAT(waiting.get(), Optional(Optional(to_bytes("b"))));
  ASSERT_TRUE(client_.remove("/kazoo/q/taken/entry-100-0000000001", {}, block));
  EXPECT_THAT(first.consume(block), Optional(false));
  EXPECT_THAT(names("/kazoo/q/entries"), ElementsAre("entry-100-0000000001"));
}

}  // namespace
}  // namespace drover::test
