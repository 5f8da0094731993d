// Goal: no update is lost, none goes back, listeners converge. Method: several sessions that race.

#include <drover/recipes/shared_value.h>

#include <atomic>
#include <deque>

#include "recipes/fixture.h"

namespace drover::test {
namespace {

using SharedValueTest = RecipeTest;

TEST_F(SharedValueTest, SeedBytesAndVersions) {
  Client c = client();
  SharedCount count(c, path() + "/deep/count", 5);
  EXPECT_EQ(*count.get(), (Versioned<std::int32_t>{5, -1, 0}));
  EXPECT_EQ(code_of(count.try_set(*count.get(), 6, block)), ErrorCode::kBadArguments);
  ASSERT_TRUE(ok(count.start(block)));
  EXPECT_EQ(count.get()->value, 5);
  const auto node = c.get(count.path(), {}, block);
  ASSERT_TRUE(ok(node));
  EXPECT_EQ(node->data, BigEndianInt32::encode(5));
  EXPECT_EQ(count.get()->mzxid, node->stat.mzxid);
  // There is a value already: the seed does not count.
  SharedCount other(c, count.path(), 99);
  ASSERT_TRUE(ok(other.start(block)));
  EXPECT_EQ(other.get()->value, 5);
  EXPECT_EQ(code_of(other.start(block)), ErrorCode::kBadArguments);
}

TEST_F(SharedValueTest, ConcurrentIncrementsAreExact) {
  constexpr int kThreads = 4;
  constexpr int kEach = 50;
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, where = path()] {
      SharedCount count(client(), where, 0);
      if (!count.start(block)) ++failures;
      for (int done = 0; done < kEach && failures == 0;) {
        const auto seen = count.get();
        const auto set = count.try_set(*seen, seen->value + 1, block);
        if (!set) ++failures;
        if (set && *set) ++done;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  SharedCount count(client(), path(), 0);
  ASSERT_TRUE(ok(count.start(block)));
  EXPECT_EQ(count.get()->value, kThreads * kEach);
}

TEST_F(SharedValueTest, ListenersConverge) {
  Client a = client();
  SharedValue<Text> writer(a, path(), "one");
  ASSERT_TRUE(ok(writer.start(block)));
  std::deque<SharedValue<Text>> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back(client(), path(), "");
    ASSERT_TRUE(ok(readers.back().start(block)));
  }
  auto changes = readers.front().changes();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(ok(writer.set("v" + std::to_string(i), block)));
  for (const auto& reader : readers) {
    EXPECT_TRUE(eventually([&] { return reader.get()->value == "v19"; }));
  }
  std::int64_t mzxid = 0;
  std::string last;
  while (last != "v19") {
    const auto change = changes.next(kPatience, block);
    ASSERT_TRUE(ok(change));
    EXPECT_GT(change->mzxid, mzxid);
    mzxid = change->mzxid;
    last = change->value;
  }
}

TEST_F(SharedValueTest, ChangesMissedWhileAwayAreSeen) {
  CuttingProxy proxy(shared_server().port());
  SharedValue<Text> away(fragile_client(proxy), path(), "a");
  ASSERT_TRUE(ok(away.start(block)));
  SharedValue<Text> here(client(), path(), "");
  ASSERT_TRUE(ok(here.start(block)));
  proxy.shut();
  ASSERT_TRUE(ok(here.set("b", block)));
  proxy.open();
  EXPECT_TRUE(eventually([&] { return away.get()->value == "b"; }));
}

TEST_F(SharedValueTest, DeletedZnodeStaysAwayAndIsFollowedWhenItComesBack) {
  Client c = client();
  SharedValue<Text> value(c, path(), "a");
  ASSERT_TRUE(ok(value.start(block)));
  ASSERT_TRUE(ok(c.remove(path(), {}, block)));
  EXPECT_EQ(code_of(value.set("b", block)), ErrorCode::kNoNode);
  EXPECT_EQ(value.get()->value, "a");
  ASSERT_TRUE(ok(c.create(path(), as_bytes("c"), {}, block)));
  EXPECT_TRUE(eventually([&] { return value.get()->value == "c"; }));
}

TEST_F(SharedValueTest, NotANumber) {
  Client c = client();
  ASSERT_TRUE(ok(c.create(path(), as_bytes("xx"), {}, block)));
  SharedCount count(c, path(), 0);
  ASSERT_TRUE(ok(count.start(block)));
  EXPECT_EQ(code_of(count.get()), ErrorCode::kCorruptPayload);
}

}  // namespace
}  // namespace drover::test
