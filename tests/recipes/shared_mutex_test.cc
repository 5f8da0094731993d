// Goal: readers share, writers are alone, and nobody overtakes; a writer becomes a reader without a
// gap, in Curator's layout. Method: several sessions on a real server.
#include <drover/recipes/shared_mutex.h>
#include <gmock/gmock.h>

#include <boost/asio/use_future.hpp>
#include <concepts>
#include <future>
#include <shared_mutex>

#include "recipes/fixture.h"

namespace drover::test {
namespace {

using ::testing::SizeIs;

template <typename T>
concept SharedTimedLockable =
    requires(T lock, std::chrono::seconds time, std::chrono::system_clock::time_point end) {
      { lock.lock_shared() } -> std::same_as<void>;
      { lock.unlock_shared() } noexcept -> std::same_as<void>;
      { lock.try_lock_shared() } -> std::same_as<bool>;
      { lock.try_lock_shared_for(time) } -> std::same_as<bool>;
      { lock.try_lock_shared_until(end) } -> std::same_as<bool>;
      { lock.lock() } -> std::same_as<void>;
      { lock.unlock() } noexcept -> std::same_as<void>;
      { lock.try_lock_for(time) } -> std::same_as<bool>;
      { lock.try_lock_until(end) } -> std::same_as<bool>;
    };
static_assert(SharedTimedLockable<SharedMutex>);

class SharedMutexTest : public RecipeTest {};

std::string number_of(const LockHold& hold) {
  return hold.node_path().substr(hold.node_path().size() - 10);
}

TEST_F(SharedMutexTest, ReadersShareAndAWriterIsAlone) {
  auto one = client();
  auto two = client();
  SharedMutex first(one, path());
  SharedMutex second(two, path());
  auto reader = first.acquire_shared(kForever, block);
  ASSERT_TRUE(ok(reader));
  auto other_reader = second.acquire_shared(kForever, block);
  ASSERT_TRUE(ok(other_reader));
  EXPECT_EQ(code_of(second.acquire(std::chrono::milliseconds(50), block)), ErrorCode::kTimedOut);

  auto writer = second.acquire(kForever, boost::asio::use_future);
  ASSERT_TRUE(eventually([&] { return children(one, path()).size() == 3; }));
  // A reader that comes after a writer waits for it.
  auto late_reader = first.acquire_shared(kForever, boost::asio::use_future);
  ASSERT_TRUE(eventually([&] { return children(one, path()).size() == 4; }));
  EXPECT_THAT(*first.read_participants(block), SizeIs(3));
  EXPECT_THAT(*first.write_participants(block), SizeIs(1));
  ASSERT_TRUE(ok(reader->release(block)));
  EXPECT_EQ(writer.wait_for(kMoment), std::future_status::timeout);
  ASSERT_TRUE(ok(other_reader->release(block)));
  ASSERT_EQ(writer.wait_for(kPatience), std::future_status::ready);
  auto written = writer.get();
  ASSERT_TRUE(ok(written));
  EXPECT_EQ(late_reader.wait_for(kMoment), std::future_status::timeout);
  ASSERT_TRUE(ok(written->release(block)));
  ASSERT_EQ(late_reader.wait_for(kPatience), std::future_status::ready);
  EXPECT_TRUE(ok(late_reader.get()));
}

TEST_F(SharedMutexTest, IsLaidOutAsCuratorDoes) {
  auto one = client();
  SharedMutex mutex(one, path());
  {
    auto writer = mutex.acquire(kForever, block);
    ASSERT_TRUE(ok(writer));
    EXPECT_THAT(writer->node_path(), ::testing::MatchesRegex(path() + "/_c_.*-__WRIT__[0-9]{10}"));
  }
  const auto reader = mutex.acquire_shared(kForever, block);
  ASSERT_TRUE(ok(reader));
  EXPECT_THAT(reader->node_path(), ::testing::MatchesRegex(path() + "/_c_.*-__READ__[0-9]{10}"));
}

TEST_F(SharedMutexTest, AWriterThatBecomesAReaderKeepsItsPlace) {
  auto one = client();
  auto two = client();
  SharedMutex first(one, path());
  SharedMutex second(two, path());
  auto writer = first.acquire(kForever, block);
  ASSERT_TRUE(ok(writer));
  const auto number = number_of(*writer);
  auto rival = second.acquire(kForever, boost::asio::use_future);
  ASSERT_TRUE(eventually([&] { return children(one, path()).size() == 2; }));

  auto reader = first.downgrade(std::move(*writer), block);
  ASSERT_TRUE(ok(reader));
  EXPECT_EQ(number_of(*reader), number);
  EXPECT_EQ(one.get(reader->node_path(), {}, block)->stat.ephemeral_owner, one.session_id());
  EXPECT_THAT(children(one, path()), SizeIs(2));  // the writer's znode is gone
  EXPECT_EQ(rival.wait_for(kMoment), std::future_status::timeout);
  // Others who would read come after the writer that waits.
  EXPECT_EQ(code_of(second.acquire_shared(std::chrono::milliseconds(50), block)),
            ErrorCode::kTimedOut);
  ASSERT_TRUE(ok(reader->release(block)));
  ASSERT_EQ(rival.wait_for(kPatience), std::future_status::ready);
  EXPECT_TRUE(ok(rival.get()));
}

TEST_F(SharedMutexTest, AWriterThatLostItsLockDoesNotBecomeAReader) {
  auto one = client();
  auto two = client();
  SharedMutex first(one, path());
  auto writer = first.acquire(kForever, block);
  ASSERT_TRUE(ok(writer));
  ASSERT_TRUE(ok(two.remove(writer->node_path(), {}, block)));  // as the end of its session would
  SharedMutex second(two, path());
  const auto rival = second.acquire(kForever, block);
  ASSERT_TRUE(ok(rival));
  const auto reader = first.downgrade(std::move(*writer), block);
  EXPECT_EQ(code_of(reader), ErrorCode::kLockLost);
  EXPECT_THAT(children(one, path()), SizeIs(1));
}

TEST_F(SharedMutexTest, WorksWithTheStandardLocks) {
  auto one = client();
  auto two = client();
  SharedMutex mutex(one, path());
  SharedMutex other(two, path());
  {
    const std::shared_lock reader(mutex);
    EXPECT_TRUE(mutex.is_held_shared());
    EXPECT_GT(mutex.fencing_token(), 0);
    const std::shared_lock beside(other, std::chrono::seconds(20));
    EXPECT_TRUE(beside.owns_lock());
    EXPECT_FALSE(SharedMutex(two, path()).try_lock());
  }
  ASSERT_TRUE(eventually([&] { return children(one, path()).empty(); }));
  mutex.lock();
  EXPECT_FALSE(other.try_lock_shared());
  mutex.lock_shared();  // beside its own writing
  mutex.unlock();
  EXPECT_FALSE(other.try_lock());
  EXPECT_TRUE(other.try_lock_shared());
  other.unlock_shared();
  mutex.unlock_shared();
  EXPECT_TRUE(eventually([&] { return children(one, path()).empty(); }));
}

TEST_F(SharedMutexTest, AThreadThatWouldWaitForItselfIsTold) {
  auto one = client();
  SharedMutex mutex(one, path());
  const auto refused = [](auto locking) {
    try {
      locking();
    } catch (const Exception& error) {
      return error.code() == ErrorCode::kWouldDeadlock;
    }
    return false;
  };
  {
    const std::shared_lock reader(mutex);
    EXPECT_TRUE(refused([&] { mutex.lock(); }));
    EXPECT_TRUE(refused([&] { mutex.lock_shared(); }));
  }
  const std::unique_lock writer(mutex);
  EXPECT_TRUE(refused([&] { mutex.lock(); }));
}

}  // namespace
}  // namespace drover::test
