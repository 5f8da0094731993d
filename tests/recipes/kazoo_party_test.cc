// Goal: kazoo's parties, counters, barriers and elections, to the byte. Method: several sessions;
// the znodes looked at.

#include <drover/recipes/kazoo_barrier.h>
#include <drover/recipes/kazoo_counter.h>
#include <drover/recipes/kazoo_election.h>
#include <drover/recipes/kazoo_party.h>
#include <drover/recipes/shared_value.h>

#include <atomic>
#include <boost/asio/use_future.hpp>
#include <limits>

#include "recipes/fixture.h"

namespace drover::test {
namespace {

using KazooPartyTest = RecipeTest;
using KazooCounterTest = RecipeTest;
using KazooBarrierTest = RecipeTest;
using KazooElectionTest = RecipeTest;

std::vector<std::string> sorted_members(kazoo::BasicParty& party) {
  auto members = party.members(block);
  if (!members) return {members.error().message};
  std::ranges::sort(*members);
  return *members;
}

TEST_F(KazooPartyTest, MembersComeAndGo) {
  Client a = client();
  Client b = client();
  kazoo::Party one(a, path() + "/deep", "one");
  kazoo::Party two(b, path() + "/deep", "two");
  EXPECT_TRUE(sorted_members(one).empty());
  ASSERT_TRUE(ok(one.join(block)));
  ASSERT_TRUE(ok(one.join(block)));
  ASSERT_TRUE(ok(two.join(block)));
  EXPECT_EQ(sorted_members(one), (std::vector<std::string>{"one", "two"}));
  const auto name = one.node_path().substr(one.path().size() + 1);
  EXPECT_EQ(name.size(), 32 + std::string("__party__").size());
  EXPECT_TRUE(name.ends_with("__party__"));
  EXPECT_EQ(as_text(a.get(one.node_path(), {}, block)->data), "one");
  EXPECT_TRUE(*one.leave(block));
  EXPECT_FALSE(*one.leave(block));
  static_cast<void>(b.close(block));
  EXPECT_TRUE(eventually([&] { return sorted_members(one).empty(); }));
}

TEST_F(KazooPartyTest, ShallowOnesHaveTheirNameInTheZnodes) {
  Client c = client();
  kazoo::ShallowParty one(c, path(), "host-1");
  ASSERT_TRUE(ok(one.join(block)));
  EXPECT_EQ(sorted_members(one), std::vector<std::string>{"host-1"});
  EXPECT_EQ(children(c, path()).front().substr(32), "-host-1");
  EXPECT_EQ(as_text(c.get(one.node_path(), {}, block)->data), "host-1");
}

TEST_F(KazooCounterTest, DecimalText) {
  Client c = client();
  kazoo::Counter counter(c, path() + "/deep/n", {.default_value = 10});
  EXPECT_EQ(*counter.value(block), 10);
  const auto outcome = counter.add(2, block);
  ASSERT_TRUE(ok(outcome));
  EXPECT_EQ(outcome->pre, 10);
  EXPECT_EQ(outcome->post, 12);
  EXPECT_EQ(counter.subtract(20, block)->post, -8);
  EXPECT_EQ(as_text(c.get(counter.path(), {}, block)->data), "-8");
  ASSERT_TRUE(ok(c.set(counter.path(), as_bytes("1.5"), {}, block)));
  EXPECT_EQ(code_of(counter.value(block)), ErrorCode::kCorruptPayload);
  ASSERT_TRUE(ok(c.set(counter.path(), {}, {}, block)));
  EXPECT_EQ(*counter.value(block), 10);
}

TEST_F(KazooCounterTest, FloatsAsPythonSpellsThem) {
  Client c = client();
  kazoo::FloatCounter counter(c, path(), {.default_value = 1});
  const std::pair<double, const char*> sums[] = {
      {2, "3.0"},      {0.25, "3.25"},       {-3.25, "0.0"}, {0.0001, "0.0001"},
      {-1e-4, "0.0"},  {0.00005, "5e-05"},   {-5e-5, "0.0"}, {1e15, "1000000000000000.0"},
      {9e15, "1e+16"}, {1.5e300, "1.5e+300"}};
  for (const auto& [delta, text] : sums) {
    ASSERT_TRUE(ok(counter.add(delta, block)));
    EXPECT_EQ(as_text(c.get(path(), {}, block)->data), text);
  }
  EXPECT_EQ(*counter.value(block), 1.5e300);
  ASSERT_TRUE(ok(c.set(path(), as_bytes("x"), {}, block)));
  EXPECT_EQ(code_of(counter.value(block)), ErrorCode::kCorruptPayload);
  kazoo::FloatCounter impossible(c, path() + "/x", {.support_curator = true});
  EXPECT_EQ(code_of(impossible.add(1, block)), ErrorCode::kBadArguments);
}

TEST_F(KazooCounterTest, CuratorsFormIsASharedCount) {
  Client c = client();
  kazoo::Counter counter(c, path(), {.support_curator = true});
  ASSERT_TRUE(ok(counter.add(3, block)));
  EXPECT_EQ(c.get(path(), {}, block)->data, BigEndianInt32::encode(3));
  SharedCount count(c, path(), 0);
  ASSERT_TRUE(ok(count.start(block)));
  EXPECT_EQ(count.get()->value, 3);
  EXPECT_EQ(code_of(counter.add(std::numeric_limits<std::int32_t>::max(), block)),
            ErrorCode::kBadArguments);
}

TEST_F(KazooCounterTest, ConcurrentChangesAreExact) {
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, where = path()] {
      kazoo::Counter counter(client(), where);
      for (int done = 0; done < 25; ++done) {
        if (!counter.add(1, block)) ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(*kazoo::Counter(client(), path()).value(block), 100);
}

TEST_F(KazooBarrierTest, OneBarrierWithCurators) {
  Client c = client({.default_data = to_bytes("host")});
  kazoo::Barrier barrier(c, path() + "/deep/barrier");
  ASSERT_TRUE(ok(barrier.create(block)));
  EXPECT_EQ(as_text(c.get(path() + "/deep/barrier", {}, block)->data), "");
  EXPECT_EQ(code_of(Gate(c, path() + "/deep/barrier").wait(std::chrono::milliseconds(20), block)),
            ErrorCode::kTimedOut);
  ASSERT_TRUE(ok(barrier.remove(block)));
  EXPECT_TRUE(ok(barrier.wait(kPatience, block)));
}

TEST_F(KazooBarrierTest, OneDoubleBarrierWithCurators) {
  Client c = client();
  kazoo::DoubleBarrier one(c, path(), 2, "me-1");
  DoubleBarrier two(c, path(), 2);
  auto entered = one.enter(kPatience, boost::asio::use_future);
  ASSERT_TRUE(ok(two.enter(kPatience, block)));
  ASSERT_TRUE(ok(entered.get()));
  EXPECT_EQ(one.node_path().size(), path().size() + 1 + 32);
  EXPECT_EQ(as_text(c.get(one.node_path(), {}, block)->data), "me-1");
  auto left = one.leave(kPatience, boost::asio::use_future);
  ASSERT_TRUE(ok(two.leave(kPatience, block)));
  EXPECT_TRUE(ok(left.get()));
  EXPECT_TRUE(children(c, path()).empty());
}

boost::asio::awaitable<void> lead(Client client, std::atomic<int>* leading,
                                  std::atomic<int>* leading_max) {
  const int now = ++*leading;
  if (now > *leading_max) *leading_max = now;
  static_cast<void>(co_await client.sync("/"));
  --*leading;
}

TEST_F(KazooElectionTest, OneAtATime) {
  std::atomic<int> leading = 0;
  std::atomic<int> leading_max = 0;
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, where = path()] {
      Client c = client();
      kazoo::Election election(c, where, "c");
      const auto body = [c, &leading, &leading_max](const Leadership&) {
        return lead(c, &leading, &leading_max);
      };
      for (int round = 0; round < 5; ++round) {
        if (!election.run(body, kPatience, block)) ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(leading_max, 1);
}

}  // namespace
}  // namespace drover::test
