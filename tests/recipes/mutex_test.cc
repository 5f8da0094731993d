// Goal: a mutex has one holder at a time, in order, whatever happens to holders, waiters and their
// connections, and leaves nothing behind. Method: several sessions on a real server, some through a
// proxy that is cut.
#include <drover/recipes/mutex.h>
#include <drover/recipes/recursive_mutex.h>
#include <drover/recipes/revoke.h>
#include <gmock/gmock.h>

#include <boost/asio/use_future.hpp>
#include <future>
#include <mutex>

#include "recipes/fixture.h"

namespace drover::test {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

template <typename T>
concept Lockable = requires(T lock) {
  { lock.lock() } -> std::same_as<void>;
  { lock.unlock() } noexcept -> std::same_as<void>;
  { lock.try_lock() } -> std::same_as<bool>;
};
template <typename T>
concept TimedLockable = Lockable<T> && requires(T lock, std::chrono::seconds time,
                                                std::chrono::system_clock::time_point end) {
  { lock.try_lock_for(time) } -> std::same_as<bool>;
  { lock.try_lock_until(end) } -> std::same_as<bool>;
};
static_assert(TimedLockable<Mutex> && TimedLockable<RecursiveMutex>);
static_assert(!std::is_copy_constructible_v<Mutex> && !std::is_copy_constructible_v<LockHold>);
static_assert(std::is_nothrow_move_constructible_v<LockHold>);

class MutexTest : public RecipeTest {};

TEST_F(MutexTest, IsLaidOutAsCuratorDoes) {
  auto one = client();
  const std::string parent = path() + "/a/b";
  Mutex mutex(one, parent, {.node_data = to_bytes("me")});
  auto hold = mutex.acquire(kForever, block);
  ASSERT_TRUE(ok(hold));
  EXPECT_THAT(hold->node_path(),
              ::testing::MatchesRegex(parent + "/_c_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
                                               "-lock-[0-9]{10}"));
  const auto node = one.get(hold->node_path(), {}, block);
  ASSERT_TRUE(ok(node));
  EXPECT_EQ(as_text(node->data), "me");
  EXPECT_EQ(node->stat.ephemeral_owner, one.session_id());
  EXPECT_EQ(node->stat.czxid, hold->fencing_token());
  EXPECT_FALSE(hold->lost().stop_requested());
  const auto above = one.get(parent, {}, block);
  ASSERT_TRUE(ok(above));
  EXPECT_THAT(above->data, IsEmpty());
  ASSERT_TRUE(ok(hold->release(block)));
  EXPECT_FALSE(*hold);
  EXPECT_TRUE(ok(hold->release(block)));  // nothing happens
  EXPECT_THAT(children(one, parent), IsEmpty());
}

TEST_F(MutexTest, IsTakenInTheOrderOfComing) {
  auto one = client();
  auto two = client();
  Mutex first(one, path());
  Mutex second(two, path());
  auto hold = first.acquire(kForever, block);
  ASSERT_TRUE(ok(hold));
  auto waiting = second.acquire(kForever, boost::asio::use_future);
  ASSERT_TRUE(eventually([&] { return children(one, path()).size() == 2; }));
  auto last = first.acquire(kForever, boost::asio::use_future);
  ASSERT_TRUE(eventually([&] { return children(one, path()).size() == 3; }));

  const auto participants = first.participants(block);
  ASSERT_TRUE(ok(participants));
  ASSERT_THAT(*participants, SizeIs(3));
  EXPECT_EQ(participants->front(), hold->node_path());
  EXPECT_EQ(waiting.wait_for(kMoment), std::future_status::timeout);

  const auto first_token = hold->fencing_token();
  ASSERT_TRUE(ok(hold->release(block)));
  ASSERT_EQ(waiting.wait_for(kPatience), std::future_status::ready);
  auto second_hold = waiting.get();
  ASSERT_TRUE(ok(second_hold));
  EXPECT_EQ(second_hold->node_path(), participants->at(1));
  EXPECT_GT(second_hold->fencing_token(), first_token);
  EXPECT_EQ(last.wait_for(kMoment), std::future_status::timeout);
  {
    const LockHold dropped = std::move(*second_hold);
  }
  ASSERT_EQ(last.wait_for(kPatience), std::future_status::ready);
  EXPECT_TRUE(ok(last.get()));
}

TEST_F(MutexTest, WorksWithTheStandardLocks) {
  auto one = client();
  auto two = client();
  Mutex mutex(one, path());
  Mutex other(two, path());
  {
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(mutex.is_held());
    EXPECT_GT(mutex.fencing_token(), 0);
    EXPECT_FALSE(mutex.lost().stop_requested());
    EXPECT_FALSE(other.try_lock());
    EXPECT_FALSE(other.try_lock_for(milliseconds(50)));
    EXPECT_FALSE(other.try_lock_until(std::chrono::steady_clock::now() + milliseconds(50)));
    EXPECT_THAT(children(one, path()), SizeIs(1));
  }
  EXPECT_FALSE(mutex.is_held());
  const std::unique_lock lock(other, std::chrono::seconds(20));
  EXPECT_TRUE(lock.owns_lock());
}

boost::asio::awaitable<void> take_turns(Client client, std::shared_ptr<Mutex> mutex,
                                        std::shared_ptr<int> count) {
  for (int i = 0; i < 10; ++i) {
    auto hold = co_await mutex->acquire();
    if (!hold) co_return;
    const int seen = *count;
    (void)co_await client.exists("/");  // time for others to come in between
    *count = seen + 1;
    (void)co_await hold->release();
  }
}

TEST_F(MutexTest, CoroutinesOfOneClientExcludeOneAnother) {
  auto one = client();
  const auto mutex = std::make_shared<Mutex>(one, path());
  const auto count = std::make_shared<int>(0);
  std::vector<std::future<void>> done;
  for (int i = 0; i < 3; ++i) {
    done.push_back(boost::asio::co_spawn(one.get_executor(), take_turns(one, mutex, count),
                                         boost::asio::use_future));
  }
  for (auto& each : done) ASSERT_EQ(each.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(*count, 30);
  EXPECT_THAT(children(one, path()), IsEmpty());
}

TEST_F(MutexTest, BlockingOnTheClientsOwnThreadWouldDeadlock) {
  auto one = client();
  Mutex mutex(one, path());
  std::promise<ErrorCode> answer;
  auto future = answer.get_future();
  boost::asio::post(one.get_executor(),
                    [&] { answer.set_value(code_of(mutex.acquire(kForever, block))); });
  ASSERT_EQ(future.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(future.get(), ErrorCode::kWouldDeadlock);
  EXPECT_THAT(children(one, path()), IsEmpty());
}

TEST_F(MutexTest, ABadPathIsTold) {
  auto one = client();
  Mutex mutex(one, "no/slash");
  const auto none = mutex.acquire(kForever, block);
  EXPECT_EQ(code_of(none), ErrorCode::kBadArguments);
  EXPECT_THAT(none.error().path, ::testing::StartsWith("no/slash"));
}

// Two threads that take two locks in opposite order.
TEST_F(MutexTest, TwoAtOnceDoNotDeadlock) {
  auto one = client();
  auto two = client();
  const auto run = [&](Client& client, bool is_reversed) {
    Mutex a(client, path() + "/a");
    Mutex b(client, path() + "/b");
    for (int i = 0; i < 5; ++i) {
      const std::scoped_lock lock(is_reversed ? b : a, is_reversed ? a : b);
    }
  };
  std::thread other([&] { run(two, true); });
  run(one, false);
  other.join();
  EXPECT_TRUE(eventually([&] { return children(one, path() + "/a").empty(); }));
}

TEST_F(MutexTest, LockedTwiceByOneThreadWouldDeadlock) {
  auto one = client();
  Mutex mutex(one, path());
  const std::lock_guard lock(mutex);
  try {
    mutex.lock();
    FAIL();
  } catch (const Exception& error) {
    EXPECT_EQ(error.code(), ErrorCode::kWouldDeadlock);
    EXPECT_EQ(error.error().path, path());
  }
  EXPECT_THAT(children(one, path()), SizeIs(1));
}

TEST_F(MutexTest, ARecursiveOneIsHeldUntilTheLastUnlock) {
  auto one = client();
  RecursiveMutex mutex(one, path());
  {
    const std::lock_guard outer(mutex);
    {
      const std::lock_guard inner(mutex);
      EXPECT_TRUE(mutex.try_lock());
      EXPECT_THAT(children(one, path()), SizeIs(1));
      mutex.unlock();
    }
    EXPECT_TRUE(mutex.is_held());
    EXPECT_THAT(children(one, path()), SizeIs(1));
    std::thread([&] { EXPECT_FALSE(mutex.try_lock()); }).join();
  }
  EXPECT_TRUE(eventually([&] { return children(one, path()).empty(); }));
}

TEST_F(MutexTest, GivesUpWhenItsTimeIsOverAndLeavesNothing) {
  auto one = client();
  auto two = client();
  Mutex first(one, path());
  Mutex second(two, path());
  const auto hold = first.acquire(kForever, block);
  ASSERT_TRUE(ok(hold));
  const auto none = second.acquire(milliseconds(100), block);
  EXPECT_EQ(code_of(none), ErrorCode::kTimedOut);
  EXPECT_EQ(none.error().path, path());
  EXPECT_THAT(children(one, path()), SizeIs(1));
}

TEST_F(MutexTest, CancelledItLeavesNothing) {
  auto one = client();
  auto two = client();
  Mutex first(one, path());
  Mutex second(two, path());
  const auto hold = first.acquire(kForever, block);
  ASSERT_TRUE(ok(hold));

  boost::asio::cancellation_signal signal;
  std::promise<Result<LockHold>> answer;
  auto future = answer.get_future();
  second.acquire(kForever, boost::asio::bind_cancellation_slot(
                               signal.slot(), [&answer](Result<LockHold> result) {
                                 answer.set_value(std::move(result));
                               }));
  ASSERT_TRUE(eventually([&] { return children(one, path()).size() == 2; }));
  signal.emit(boost::asio::cancellation_type::terminal);
  ASSERT_EQ(future.wait_for(kPatience), std::future_status::ready);
  const auto result = future.get();
  EXPECT_EQ(code_of(result), ErrorCode::kCancelled);
  EXPECT_THAT(children(one, path()), SizeIs(1));
}

// However early or late the word comes, nothing stays.
TEST_F(MutexTest, CancelledAtAnyMomentItLeavesNothing) {
  auto one = client();
  Mutex mutex(one, path());
  for (int i = 0; i < 60; ++i) {
    boost::asio::cancellation_signal signal;
    std::promise<bool> answer;
    auto future = answer.get_future();
    mutex.acquire(kForever, boost::asio::bind_cancellation_slot(
                                signal.slot(), [&answer](const Result<LockHold>& result) {
                                  answer.set_value(result.has_value());
                                }));
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(i * 50);
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    signal.emit(boost::asio::cancellation_type::terminal);
    ASSERT_EQ(future.wait_for(kPatience), std::future_status::ready);
  }
  EXPECT_TRUE(eventually([&] { return children(one, path()).empty(); }));
}

TEST_F(MutexTest, ClosingTheClientEndsWaiting) {
  auto one = client();
  auto two = client();
  Mutex first(one, path());
  Mutex second(two, path());
  auto hold = first.acquire(kForever, block);
  ASSERT_TRUE(ok(hold));
  auto waiting = second.acquire(kForever, boost::asio::use_future);
  ASSERT_TRUE(eventually([&] { return children(one, path()).size() == 2; }));
  ASSERT_TRUE(ok(two.close(block)));
  ASSERT_EQ(waiting.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(code_of(waiting.get()), ErrorCode::kClosed);
  EXPECT_THAT(children(one, path()), SizeIs(1));
  EXPECT_FALSE(hold->lost().stop_requested());
  ASSERT_TRUE(ok(one.close(block)));
  EXPECT_TRUE(hold->lost().stop_requested());
}

TEST_F(MutexTest, AHolderWhoseConnectionBreaksIsTold) {
  CuttingProxy proxy(shared_server().port());
  auto fragile = fragile_client(proxy);
  auto other = client();
  Mutex mutex(fragile, path());
  auto hold = mutex.acquire(kForever, block);
  ASSERT_TRUE(ok(hold));
  Mutex session_mutex(fragile, path() + "/session", {.error_policy = ErrorPolicy::kSession});
  auto session_hold = session_mutex.acquire(kForever, block);
  ASSERT_TRUE(ok(session_hold));

  Mutex rival(other, path());
  auto waiting = rival.acquire(kForever, boost::asio::use_future);
  ASSERT_TRUE(eventually([&] { return children(other, path()).size() == 3; }));
  proxy.shut();
  EXPECT_TRUE(eventually([&] { return hold->lost().stop_requested(); }));
  ASSERT_EQ(waiting.wait_for(kPatience), std::future_status::ready);
  const auto next = waiting.get();
  ASSERT_TRUE(ok(next));
  EXPECT_GT(next->fencing_token(), hold->fencing_token());
  EXPECT_TRUE(eventually([&] { return session_hold->lost().stop_requested(); }));
}

TEST_F(MutexTest, AShortBreakIsNoLossByTheSessionsPolicy) {
  CuttingProxy proxy(shared_server().port());
  auto patient = connect(proxy.address(), {.session_timeout = std::chrono::seconds(10)});
  Mutex mutex(patient, path(), {.error_policy = ErrorPolicy::kSession});
  const auto hold = mutex.acquire(kForever, block);
  ASSERT_TRUE(ok(hold));
  const auto suspect = patient.suspect_token();
  proxy.shut();
  ASSERT_TRUE(eventually([&] { return suspect.stop_requested(); }));
  proxy.open();
  ASSERT_TRUE(ok(patient.wait_connected(kPatience, block)));
  EXPECT_FALSE(hold->lost().stop_requested());
  const auto stat = patient.exists(hold->node_path(), block);
  ASSERT_TRUE(ok(stat));
  EXPECT_TRUE(stat->has_value());
}

TEST_F(MutexTest, AWaiterWhoseSessionEndsQueuesAgain) {
  CuttingProxy proxy(shared_server().port());
  auto fragile = fragile_client(proxy);
  auto other = client();
  Mutex first(other, path());
  Mutex second(fragile, path());
  auto hold = first.acquire(kForever, block);
  ASSERT_TRUE(ok(hold));
  auto waiting = second.acquire(kForever, boost::asio::use_future);
  ASSERT_TRUE(eventually([&] { return children(other, path()).size() == 2; }));
  proxy.shut();
  ASSERT_TRUE(eventually([&] { return children(other, path()).size() == 1; }));  // it expired
  proxy.open();
  ASSERT_TRUE(eventually([&] { return children(other, path()).size() == 2; }));
  ASSERT_TRUE(ok(hold->release(block)));
  ASSERT_EQ(waiting.wait_for(kPatience), std::future_status::ready);
  const auto next = waiting.get();
  ASSERT_TRUE(ok(next));
  EXPECT_FALSE(next->lost().stop_requested());
  EXPECT_THAT(children(other, path()), SizeIs(1));
}

// The server has made the znode, and nobody hears of it.
TEST_F(MutexTest, ALostAnswerToTheCreationLeavesOneZnode) {
  CuttingProxy proxy(shared_server().port());
  auto own = connect(proxy.address());
  auto other = client();
  Mutex mutex(own, path());
  const std::string waiting_path = path() + "/waiting";
  Mutex rival(other, waiting_path);
  Mutex queued(own, waiting_path);
  auto rivals = rival.acquire(kForever, block);
  ASSERT_TRUE(ok(rivals));
  ASSERT_TRUE(ok(own.sync("/", block)));  // the proxy knows the connection
  proxy.swallow_answers();
  auto free_one = mutex.acquire(kForever, boost::asio::use_future);
  auto held_one = queued.acquire(kForever, boost::asio::use_future);
  ASSERT_TRUE(eventually([&] { return children(other, path()).size() == 2; }));  // and `waiting`
  ASSERT_TRUE(eventually([&] { return children(other, waiting_path).size() == 2; }));
  const auto session = own.session_id();
  proxy.cut();
  ASSERT_EQ(free_one.wait_for(kPatience), std::future_status::ready);
  const auto hold = free_one.get();
  ASSERT_TRUE(ok(hold));
  EXPECT_EQ(own.session_id(), session);
  EXPECT_FALSE(hold->lost().stop_requested());
  EXPECT_THAT(children(other, path()), SizeIs(2));
  EXPECT_EQ(other.get(hold->node_path(), {}, block)->stat.czxid, hold->fencing_token());
  ASSERT_TRUE(ok(rivals->release(block)));
  ASSERT_EQ(held_one.wait_for(kPatience), std::future_status::ready);
  EXPECT_TRUE(ok(held_one.get()));
  EXPECT_TRUE(eventually([&] { return children(other, waiting_path).empty(); }));
}

TEST_F(MutexTest, WithoutAConnectionAnAttemptEndsInItsTime) {
  CuttingProxy proxy(shared_server().port());
  auto cut_off = connect(proxy.address(), {.session_timeout = std::chrono::seconds(10)});
  Mutex mutex(cut_off, path());
  const auto suspect = cut_off.suspect_token();
  proxy.shut();
  ASSERT_TRUE(eventually([&] { return suspect.stop_requested(); }));
  const auto begun = std::chrono::steady_clock::now();
  const auto none = mutex.acquire(milliseconds(200), block);
  EXPECT_EQ(code_of(none), ErrorCode::kTimedOut);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
  proxy.open();
  ASSERT_TRUE(ok(cut_off.wait_connected(kPatience, block)));
  ASSERT_TRUE(ok(cut_off.sync("/", block)));
  EXPECT_THAT(children(cut_off, path()), IsEmpty());
}

TEST_F(MutexTest, ForeignChildrenTakePartAsTheyDoForCurator) {
  auto one = client();
  ASSERT_TRUE(
      ok(one.create(path() + "/aaa", as_bytes(""), {.parents = Parents::kPersistent}, block)));
  Mutex mutex(one, path());
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
  ASSERT_TRUE(ok(one.create(path() + "/!x", as_bytes(""), {}, block)));
  EXPECT_FALSE(mutex.try_lock());
  EXPECT_THAT(children(one, path()), ElementsAre("!x", "aaa"));
}

TEST_F(MutexTest, WithoutPermissionItSaysSo) {
  auto one = client();
  const AclList read_only{{perms::kRead, {"world", "anyone"}}};
  ASSERT_TRUE(ok(one.create(path(), as_bytes(""), {.acls = read_only}, block)));
  Mutex mutex(one, path() + "/deep");
  const auto none = mutex.acquire(kForever, block);
  EXPECT_EQ(code_of(none), ErrorCode::kNoAuth);
  EXPECT_THROW(mutex.lock(), Exception);
  EXPECT_THROW((void)mutex.try_lock(), Exception);
}

TEST_F(MutexTest, AHolderCanBeAskedForIt) {
  auto one = client();
  auto two = client();
  std::promise<void> asked;
  Mutex mutex(one, path(),
              {.node_data = to_bytes("unused"), .on_revoke = [&] { asked.set_value(); }});
  auto hold = mutex.acquire(kForever, block);
  ASSERT_TRUE(ok(hold));
  EXPECT_THAT(one.get(hold->node_path(), {}, block)->data, IsEmpty());
  ASSERT_TRUE(ok(revoke(two, hold->node_path(), block)));
  ASSERT_EQ(asked.get_future().wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(as_text(two.get(hold->node_path(), {}, block)->data), "__REVOKE__");
  EXPECT_FALSE(hold->lost().stop_requested());
  // Its znode taken away, it knows too.
  ASSERT_TRUE(ok(two.remove(hold->node_path(), {}, block)));
  EXPECT_TRUE(eventually([&] { return hold->lost().stop_requested(); }));
  EXPECT_TRUE(ok(revoke(two, hold->node_path(), block)));
}

}  // namespace
}  // namespace drover::test
