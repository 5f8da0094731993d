// Goal: changes that many make at once are all made, once. Method: several sessions that race, with
// and without the mutex to fall back to; Curator's outcomes, one by one.

#include <drover/recipes/atomic_value.h>
#include <drover/recipes/cached_atomic_long.h>

#include <atomic>
#include <boost/asio/use_future.hpp>
#include <future>
#include <limits>
#include <set>

#include "recipes/fixture.h"

namespace drover::test {
namespace {

using std::chrono::milliseconds;
using AtomicValueTest = RecipeTest;

const retry::Policy kOften = retry::Times{1000, milliseconds(1)};

TEST_F(AtomicValueTest, OutcomesAreCurators) {
  Client c = client();
  AtomicLong number(c, path() + "/deep/n", kOften);
  auto outcome = number.get(block);  // missing: 0
  ASSERT_TRUE(ok(outcome));
  EXPECT_TRUE(outcome->succeeded);
  EXPECT_EQ(outcome->pre, 0);
  // Compare and set wants the znode to be there, even for 0.
  EXPECT_FALSE(number.compare_and_set(0, 1, block)->succeeded);
  outcome = number.increment(block);
  ASSERT_TRUE(ok(outcome));
  EXPECT_TRUE(outcome->succeeded);
  EXPECT_EQ(outcome->pre, 0);
  EXPECT_EQ(outcome->post, 1);
  EXPECT_EQ(outcome->statistics.optimistic_tries, 1);
  EXPECT_EQ(outcome->statistics.promoted_tries, 0);
  EXPECT_EQ(c.get(number.path(), {}, block)->data, BigEndianInt64::encode(1));
  EXPECT_EQ(number.subtract(5, block)->post, -4);
  EXPECT_EQ(number.decrement(block)->post, -5);
  EXPECT_EQ(number.add(7, block)->post, 2);
  EXPECT_TRUE(number.compare_and_set(2, 3, block)->succeeded);
  EXPECT_FALSE(number.compare_and_set(2, 4, block)->succeeded);
  EXPECT_EQ(number.try_set(10, block)->pre, 3);
  EXPECT_FALSE(*number.initialize(1, block));
  ASSERT_TRUE(ok(number.force_set(std::numeric_limits<std::int64_t>::max(), block)));
  EXPECT_EQ(number.increment(block)->post, std::numeric_limits<std::int64_t>::min());
  AtomicInteger fresh(c, path() + "/fresh", kOften);
  EXPECT_TRUE(*fresh.initialize(4, block));
  EXPECT_EQ(fresh.get(block)->post, 4);
  AtomicInteger forced(c, path() + "/forced", kOften);
  ASSERT_TRUE(ok(forced.force_set(6, block)));
  EXPECT_EQ(forced.increment(block)->post, 7);
}

TEST_F(AtomicValueTest, EmptyIsZeroAndTooShortIsCorrupt) {
  Client c = client();
  ASSERT_TRUE(ok(c.create(path(), {}, block)));
  AtomicLong number(c, path(), kOften);
  EXPECT_EQ(number.increment(block)->post, 1);
  ASSERT_TRUE(ok(c.set(path(), as_bytes("1234"), {}, block)));
  EXPECT_EQ(code_of(number.increment(block)), ErrorCode::kCorruptPayload);
  EXPECT_EQ(code_of(number.get(block)), ErrorCode::kCorruptPayload);
}

// Adds one `each` times in each of `threads` sessions; the outcomes that failed.
int race(const std::function<AtomicLong(Client)>& number, const std::function<Client()>& client,
         int threads, int each) {
  std::atomic<int> failures = 0;
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&] {
      auto mine = number(client());
      for (int done = 0; done < each; ++done) {
        const auto outcome = mine.increment(block);
        if (!outcome || !outcome->succeeded || outcome->post != outcome->pre + 1) ++failures;
      }
    });
  }
  for (auto& thread : running) thread.join();
  return failures;
}

TEST_F(AtomicValueTest, ConcurrentIncrementsAreExact) {
  const auto where = path();
  const auto number = [where](Client c) { return AtomicLong(c, where, kOften); };
  EXPECT_EQ(race(number, [] { return client(); }, 4, 50), 0);
  EXPECT_EQ(number(client()).get(block)->post, 200);
}

TEST_F(AtomicValueTest, PromotedIncrementsAreExact) {
  const auto where = path();
  const auto number = [where](Client c) {
    const Promotion promotion{.path = where + ".lock", .lock_for = kPatience, .retry = kOften};
    return AtomicLong(c, where, retry::None{}, {.promotion = promotion});
  };
  EXPECT_EQ(race(number, [] { return client(); }, 4, 25), 0);
  EXPECT_EQ(number(client()).get(block)->post, 100);
}

TEST_F(AtomicValueTest, WithoutRetriesARaceIsLost) {
  Client c = client();
  AtomicLong number(c, path(), retry::None{});
  ASSERT_TRUE(ok(number.force_set(1, block)));
  int tries = 0;
  // Somebody else is faster each time: a change made while the next value is being thought of.
  Client other = client();
  auto outcome = number.update(
      [&](std::int64_t value) {
        ++tries;
        auto written = std::make_shared<std::promise<void>>();
        other.set(path(), BigEndianInt64::encode(50 + tries), {},
                  [written](const Result<Stat>&) { written->set_value(); });
        written->get_future().wait();
        return value + 1;
      },
      block);
  ASSERT_TRUE(ok(outcome));
  EXPECT_FALSE(outcome->succeeded);
  EXPECT_EQ(tries, 1);
  EXPECT_EQ(number.get(block)->post, 51);
}

TEST_F(AtomicValueTest, TextIsUpdatedToo) {
  AtomicValue<Text> text(client(), path(), kOften);
  EXPECT_EQ(text.update([](const std::string& was) { return was + "a"; }, block)->post, "a");
  EXPECT_EQ(text.update([](const std::string& was) { return was + "b"; }, block)->post, "ab");
}

TEST_F(AtomicValueTest, CachedNumbersComeInReservations) {
  Client c = client();
  AtomicLong number(c, path(), kOften);
  CachedAtomicLong cached(number, 3);
  for (std::int64_t i = 0; i < 4; ++i) {
    const auto outcome = cached.next(block);
    ASSERT_TRUE(ok(outcome));
    EXPECT_TRUE(outcome->succeeded);
    EXPECT_EQ(outcome->pre, i);
    EXPECT_EQ(outcome->post, i + 1);
  }
  EXPECT_EQ(number.get(block)->post, 6);
  EXPECT_EQ(code_of(CachedAtomicLong(number, 0).next(block)), ErrorCode::kBadArguments);
}

TEST_F(AtomicValueTest, CachedNumbersAreNeverGivenTwice) {
  Client c = client();
  CachedAtomicLong cached(AtomicLong(c, path(), kOften), 7);
  std::vector<std::future<Result<CachedAtomicLong::Outcome>>> asked;
  for (int i = 0; i < 100; ++i) asked.push_back(cached.next(boost::asio::use_future));
  std::set<std::int64_t> numbers;
  for (auto& one : asked) {
    const auto outcome = one.get();
    ASSERT_TRUE(ok(outcome));
    EXPECT_TRUE(numbers.insert(outcome->pre).second) << outcome->pre;
  }
}

}  // namespace
}  // namespace drover::test
