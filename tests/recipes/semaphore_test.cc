// Goal: never more leases than the limit, also when it changes, and the others as they promise: a
// mutex without an owner, the old semaphore, several locks as one. Method: several sessions on a
// real server, whose znodes are counted.
#include <drover/recipes/multi_lock.h>
#include <drover/recipes/mutex.h>
#include <drover/recipes/semaphore.h>
#include <drover/recipes/semaphore_mutex.h>
#include <drover/recipes/semaphore_v1.h>
#include <gmock/gmock.h>

#include <atomic>
#include <boost/asio/use_future.hpp>
#include <concepts>
#include <future>
#include <mutex>

#include "recipes/fixture.h"

namespace drover::test {
namespace {

using std::chrono::milliseconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

template <typename T>
concept CountingSemaphoreLike =
    requires(T semaphore, std::chrono::seconds time, std::chrono::system_clock::time_point end) {
      { semaphore.acquire() } -> std::same_as<void>;
      { semaphore.try_acquire() } -> std::same_as<bool>;
      { semaphore.try_acquire_for(time) } -> std::same_as<bool>;
      { semaphore.try_acquire_until(end) } -> std::same_as<bool>;
      { semaphore.release() } noexcept -> std::same_as<void>;
      { semaphore.release(2) } noexcept -> std::same_as<void>;
    };
static_assert(CountingSemaphoreLike<Semaphore> && CountingSemaphoreLike<SemaphoreV1>);

class SemaphoreTest : public RecipeTest {
 protected:
  // Each of several threads takes a lease `rounds` times; the most that were held at once.
  template <typename Sem>
  int most_at_once(int limit, int rounds) {
    std::atomic<int> held = 0;
    std::atomic<int> most = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        auto own = client();
        Sem semaphore(own, path(), limit);
        for (int round = 0; round < rounds; ++round) {
          semaphore.acquire();
          const int now = ++held;
          int seen = most;
          while (now > seen && !most.compare_exchange_weak(seen, now)) {
          }
          std::this_thread::sleep_for(milliseconds(2));
          --held;
          semaphore.release();
        }
      });
    }
    for (auto& thread : threads) thread.join();
    return most;
  }
};

TEST_F(SemaphoreTest, NeverMoreThanTheLimit) {
  EXPECT_EQ(most_at_once<Semaphore>(2, 15), 2);
  auto one = client();
  EXPECT_TRUE(eventually([&] { return children(one, path() + "/leases").empty(); }));
  EXPECT_TRUE(eventually([&] { return children(one, path() + "/locks").empty(); }));
}

TEST_F(SemaphoreTest, IsLaidOutAsCuratorDoes) {
  auto one = client();
  Semaphore semaphore(one, path(), 2, {.node_data = to_bytes("me")});
  auto lease = semaphore.acquire_lease(kForever, block);
  ASSERT_TRUE(ok(lease));
  EXPECT_THAT(lease->node_path(),
              ::testing::MatchesRegex(path() + "/leases/_c_.*-lease-[0-9]{10}"));
  EXPECT_EQ(as_text(one.get(lease->node_path(), {}, block)->data), "me");
  EXPECT_THAT(children(one, path()), ::testing::ElementsAre("leases", "locks"));
  EXPECT_THAT(children(one, path() + "/locks"), IsEmpty());
  EXPECT_THAT(*semaphore.participants(block), ::testing::ElementsAre(lease->node_path()));
  EXPECT_FALSE(lease->lost().stop_requested());
}

TEST_F(SemaphoreTest, SeveralLeasesAreAllOrNone) {
  auto one = client();
  auto two = client();
  Semaphore first(one, path(), 3);
  Semaphore second(two, path(), 3);
  auto leases = first.acquire_leases(2, kForever, block);
  ASSERT_TRUE(ok(leases));
  EXPECT_THAT(*leases, SizeIs(2));
  EXPECT_EQ(code_of(second.acquire_leases(2, milliseconds(100), block)), ErrorCode::kTimedOut);
  EXPECT_TRUE(eventually([&] { return children(one, path() + "/leases").size() == 2; }));
  EXPECT_TRUE(second.try_acquire());
  EXPECT_FALSE(second.try_acquire());
  leases->clear();
  EXPECT_TRUE(second.try_acquire_for(std::chrono::seconds(20)));
  second.release(2);
  EXPECT_TRUE(eventually([&] { return children(one, path() + "/leases").empty(); }));
}

class ChangingLimit final : public LeaseLimit {
 public:
  explicit ChangingLimit(int limit) : limit_(limit) {}
  int current() const override { return limit_; }
  Subscription on_change(std::function<void()> changed) override {
    const std::lock_guard lock(mutex_);
    changed_ = std::move(changed);
    return Subscription([this] {
      const std::lock_guard undoing(mutex_);
      changed_ = nullptr;
    });
  }
  void set(int limit) {
    limit_ = limit;
    const std::lock_guard lock(mutex_);
    if (changed_) changed_();
  }

 private:
  std::atomic<int> limit_;
  std::mutex mutex_;
  std::function<void()> changed_;
};

TEST_F(SemaphoreTest, AHigherLimitWakesTheWaiter) {
  auto one = client();
  const auto limit = std::make_shared<ChangingLimit>(1);
  Semaphore semaphore(one, path(), limit);
  const auto lease = semaphore.acquire_lease(kForever, block);
  ASSERT_TRUE(ok(lease));
  auto waiting = semaphore.acquire_lease(kForever, boost::asio::use_future);
  ASSERT_TRUE(eventually([&] { return children(one, path() + "/leases").size() == 2; }));
  EXPECT_EQ(waiting.wait_for(kMoment), std::future_status::timeout);
  limit->set(2);
  ASSERT_EQ(waiting.wait_for(kPatience), std::future_status::ready);
  EXPECT_TRUE(ok(waiting.get()));
}

// As Curator's users change it: by anybody, at run time.
TEST_F(SemaphoreTest, TheLimitMayBeASharedCount) {
  auto one = client();
  auto two = client();
  const auto count = std::make_shared<SharedCount>(one, path() + ".limit", 1);
  ASSERT_TRUE(ok(count->start(block)));
  Semaphore semaphore(one, path(), lease_limit(count));
  const auto lease = semaphore.acquire_lease(kForever, block);
  ASSERT_TRUE(ok(lease));
  EXPECT_FALSE(semaphore.try_acquire());
  auto waiting = semaphore.acquire_lease(kForever, boost::asio::use_future);
  ASSERT_TRUE(eventually([&] { return children(one, path() + "/leases").size() == 2; }));
  SharedCount theirs(two, path() + ".limit", 1);
  ASSERT_TRUE(ok(theirs.start(block)));
  ASSERT_TRUE(ok(theirs.set(2, block)));
  ASSERT_EQ(waiting.wait_for(kPatience), std::future_status::ready);
  EXPECT_TRUE(ok(waiting.get()));
}

TEST_F(SemaphoreTest, AHolderThatDiesGivesItsLeaseBack) {
  CuttingProxy proxy(shared_server().port());
  auto fragile = fragile_client(proxy);
  auto other = client();
  Semaphore first(fragile, path(), 1);
  Semaphore second(other, path(), 1);
  const auto lease = first.acquire_lease(kForever, block);
  ASSERT_TRUE(ok(lease));
  EXPECT_FALSE(second.try_acquire());
  proxy.shut();
  EXPECT_TRUE(second.try_acquire_for(kPatience));
  EXPECT_TRUE(lease->lost().stop_requested());
}

TEST_F(SemaphoreTest, CancelledItLeavesNothing) {
  auto one = client();
  Semaphore semaphore(one, path(), 1);
  semaphore.acquire();
  boost::asio::cancellation_signal signal;
  std::promise<Result<LockHold>> answer;
  auto future = answer.get_future();
  semaphore.acquire_lease(
      kForever, boost::asio::bind_cancellation_slot(signal.slot(), [&](Result<LockHold> result) {
        answer.set_value(std::move(result));
      }));
  ASSERT_TRUE(eventually([&] { return children(one, path() + "/leases").size() == 2; }));
  signal.emit(boost::asio::cancellation_type::terminal);
  ASSERT_EQ(future.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(code_of(future.get()), ErrorCode::kCancelled);
  EXPECT_THAT(children(one, path() + "/leases"), SizeIs(1));
  EXPECT_THAT(children(one, path() + "/locks"), IsEmpty());
}

TEST_F(SemaphoreTest, NothingAtAllIsRefused) {
  auto one = client();
  EXPECT_THROW(Semaphore(one, path(), 0), Exception);
  EXPECT_THROW(Semaphore(one, path(), std::shared_ptr<LeaseLimit>()), Exception);
  EXPECT_THROW(SemaphoreV1(one, path(), -1), Exception);
  EXPECT_THROW(MultiLock(one, {}), Exception);
  EXPECT_EQ(code_of(Semaphore(one, path(), 1).acquire_leases(0, kForever, block)),
            ErrorCode::kBadArguments);
}

class SemaphoreV1Test : public SemaphoreTest {};

TEST_F(SemaphoreV1Test, NeverMoreThanTheLimit) {
  EXPECT_EQ(most_at_once<SemaphoreV1>(2, 15), 2);
  auto one = client();
  EXPECT_TRUE(eventually([&] { return children(one, path()).empty(); }));
}

class SemaphoreMutexTest : public RecipeTest {};

TEST_F(SemaphoreMutexTest, AnyThreadMayUnlockIt) {
  auto one = client();
  auto two = client();
  SemaphoreMutex mutex(one, path());
  SemaphoreMutex other(two, path());
  mutex.lock();
  EXPECT_TRUE(mutex.is_held());
  EXPECT_GT(mutex.fencing_token(), 0);
  EXPECT_FALSE(mutex.lost().stop_requested());
  EXPECT_FALSE(other.try_lock_for(milliseconds(50)));
  std::thread([&] { mutex.unlock(); }).join();
  EXPECT_TRUE(other.try_lock_for(kPatience));
  other.unlock();
  const std::lock_guard lock(mutex);
}

class MultiLockTest : public RecipeTest {};

TEST_F(MultiLockTest, IsHeldWhenAllAre) {
  auto one = client();
  auto two = client();
  const std::vector<std::string> paths{path() + "/a", path() + "/b", path() + "/c"};
  MultiLock all(one, paths);
  Mutex middle(two, paths[1]);
  middle.lock();
  EXPECT_FALSE(all.try_lock_for(milliseconds(100)));
  for (const auto& each : {paths[0], paths[2]}) EXPECT_THAT(children(two, each), IsEmpty());
  middle.unlock();
  {
    auto hold = all.acquire(kForever, block);
    ASSERT_TRUE(ok(hold));
    EXPECT_THAT(hold->holds(), SizeIs(3));
    EXPECT_FALSE(hold->lost().stop_requested());
    EXPECT_FALSE(middle.try_lock());
    ASSERT_TRUE(ok(one.close(block)));
    EXPECT_TRUE(hold->lost().stop_requested());
  }
  EXPECT_TRUE(middle.try_lock());
}

TEST_F(MultiLockTest, InOppositeOrderTheirTimeEndsTheWait) {
  auto one = client();
  const auto run = [&](bool is_reversed) {
    auto own = client();
    const std::string a = path() + (is_reversed ? "/b" : "/a");
    const std::string b = path() + (is_reversed ? "/a" : "/b");
    MultiLock both(own, {a, b});
    for (int done = 0; done < 5;) {
      if (!both.try_lock_for(milliseconds(is_reversed ? 50 : 80))) continue;
      both.unlock();
      ++done;
    }
  };
  std::thread other([&] { run(true); });
  run(false);
  other.join();
  EXPECT_TRUE(eventually([&] { return children(one, path() + "/a").empty(); }));
  EXPECT_TRUE(eventually([&] { return children(one, path() + "/b").empty(); }));
}

TEST_F(MultiLockTest, LockedTwiceByOneThreadWouldDeadlock) {
  auto one = client();
  MultiLock both(one, {path() + "/a", path() + "/b"});
  const std::lock_guard lock(both);
  EXPECT_THROW(both.lock(), Exception);
}

}  // namespace
}  // namespace drover::test
