// Goal: the set is divided as kazoo divides it, and never given twice. Method: several members with
// a session each; shares and znodes compared while they come, go and die.

#include <drover/recipes/kazoo_lock.h>
#include <drover/recipes/kazoo_set_partitioner.h>

#include <boost/asio/use_future.hpp>
#include <future>
#include <set>

#include "recipes/fixture.h"

namespace drover::test {
namespace {

using namespace std::chrono_literals;
using kazoo::SetPartition;
using kazoo::SetPartitioner;
using Names = std::vector<std::string>;

class KazooSetPartitionerTest : public RecipeTest {
 protected:
  static constexpr std::chrono::milliseconds kBoundary{150};

  [[nodiscard]] static SetPartitioner member(const Client& client, const std::string& name,
                                             Names items = {"a", "b", "c"}) {
    return {client, path(), std::move(items), name, {.time_boundary = kBoundary}};
  }
  [[nodiscard]] static bool stops(const std::stop_token& token) {
    return eventually([&] { return token.stop_requested(); });
  }
  // The shares of all, who have asked at the same time.
  [[nodiscard]] static std::vector<SetPartition> acquire_all(std::vector<SetPartitioner*> members) {
    std::vector<std::future<Result<SetPartition>>> asked;
    asked.reserve(members.size());
    for (auto* one : members) asked.push_back(one->acquire(kPatience, boost::asio::use_future));
    std::vector<SetPartition> shares;
    for (auto& one : asked) {
      auto share = one.get();
      EXPECT_TRUE(ok(share));
      if (share) shares.push_back(std::move(*share));
    }
    return shares;
  }
};

TEST_F(KazooSetPartitionerTest, OneMemberHasAll) {
  Client c = client();
  auto one = member(c, "host-1", {"c", "a", "b"});
  auto share = one.acquire(kPatience, block);
  ASSERT_TRUE(ok(share));
  EXPECT_EQ(share->items(), (Names{"a", "b", "c"}));
  EXPECT_FALSE(share->changed().stop_requested());
  const auto party = children(c, path() + "/party");
  ASSERT_EQ(party.size(), 1U);
  EXPECT_EQ(party.front().substr(32), "-host-1");
  EXPECT_EQ(children(c, path() + "/locks"), (Names{"a", "b", "c"}));
  const auto lock = children(c, path() + "/locks/a");
  ASSERT_EQ(lock.size(), 1U);
  EXPECT_EQ(lock.front().substr(32), "__lock__0000000000");
  ASSERT_TRUE(ok(share->release(block)));
  EXPECT_TRUE(share->items().empty());
  EXPECT_TRUE(children(c, path() + "/locks/a").empty());
  EXPECT_TRUE(*one.leave(block));
  EXPECT_FALSE(*one.leave(block));
}

TEST_F(KazooSetPartitionerTest, WhoComesGetsHisPart) {
  Client a = client();
  Client b = client();
  auto one = member(a, "1");
  auto two = member(b, "2");
  auto all = one.acquire(kPatience, block);
  ASSERT_TRUE(ok(all));
  auto waiting = two.acquire(kPatience, boost::asio::use_future);
  ASSERT_TRUE(stops(all->changed()));
  EXPECT_EQ(all->items().size(), 3U) << "its locks are held until it is released";
  ASSERT_TRUE(ok(all->release(block)));
  auto rest = one.acquire(kPatience, block);
  ASSERT_TRUE(ok(rest));
  auto part = waiting.get();
  ASSERT_TRUE(ok(part));
  EXPECT_EQ(rest->items(), (Names{"a", "c"}));
  EXPECT_EQ(part->items(), Names{"b"});
}

TEST_F(KazooSetPartitionerTest, WhatTheDeadHadIsTheOthers) {
  Client a = client();
  auto one = member(a, "1");
  CuttingProxy proxy(shared_server().port());
  Client b = fragile_client(proxy);
  auto two = member(b, "2");
  auto shares = acquire_all({&one, &two});
  ASSERT_EQ(shares.size(), 2U);
  proxy.shut();
  EXPECT_TRUE(stops(shares[1].changed())) << "it may have lost its locks";
  ASSERT_TRUE(stops(shares[0].changed()));
  ASSERT_TRUE(ok(shares[0].release(block)));
  auto all = one.acquire(kPatience, block);
  ASSERT_TRUE(ok(all));
  EXPECT_EQ(all->items(), (Names{"a", "b", "c"}));
}

TEST_F(KazooSetPartitionerTest, MoreMembersThanItems) {
  Client c = client();
  auto one = member(c, "1", {"a"});
  auto two = member(c, "2", {"a"});
  auto shares = acquire_all({&one, &two});
  ASSERT_EQ(shares.size(), 2U);
  EXPECT_EQ(shares[0].items(), Names{"a"});
  EXPECT_TRUE(shares[1].items().empty());
  // A member that is dropped leaves, and what was dropped is free.
  {
    const auto gone = std::move(one);
  }
  {
    const auto gone = std::move(shares[0]);
  }
  ASSERT_TRUE(stops(shares[1].changed()));
  auto all = two.acquire(kPatience, block);
  ASSERT_TRUE(ok(all));
  EXPECT_EQ(all->items(), Names{"a"});
}

TEST_F(KazooSetPartitionerTest, WithoutTimeItHoldsNothing) {
  Client a = client();
  Client b = client();
  kazoo::Lock other(b, path() + "/locks/b");
  auto held = other.acquire(kPatience, block);
  ASSERT_TRUE(ok(held));
  auto one = member(a, "1");
  const auto share = one.acquire(4 * kBoundary, block);
  ASSERT_EQ(code_of(share), ErrorCode::kTimedOut);
  EXPECT_EQ(share.error().path, path());
  EXPECT_TRUE(eventually([&] { return children(b, path() + "/locks/a").empty(); }));
  EXPECT_EQ(children(b, path() + "/locks/b").size(), 1U);
  ASSERT_TRUE(ok(held->release(block)));
  EXPECT_TRUE(ok(one.acquire(kPatience, block)));
}

TEST_F(KazooSetPartitionerTest, AnotherWayToDivide) {
  Client c = client();
  const auto all_but_own_name = [](const std::string& identifier, const Names& /*members*/,
                                   Names items) {
    std::erase(items, identifier);
    return items;
  };
  SetPartitioner one(c, path(), {"b", "a", "c"}, "a",
                     {.time_boundary = kBoundary, .divide = all_but_own_name});
  auto share = one.acquire(kPatience, block);
  ASSERT_TRUE(ok(share));
  EXPECT_EQ(share->items(), (Names{"b", "c"}));
}

TEST_F(KazooSetPartitionerTest, AnItemThatIsNoName) {
  Client c = client();
  auto one = member(c, "1", {""});
  const auto share = one.acquire(kPatience, block);
  EXPECT_EQ(code_of(share), ErrorCode::kBadArguments);
}

}  // namespace
}  // namespace drover::test
