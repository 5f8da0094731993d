// Entering and leaving together; who comes too late, who goes away, what stays behind.

#include <drover/recipes/double_barrier.h>

#include <boost/asio/use_future.hpp>
#include <future>

#include "recipes/fixture.h"

namespace drover::test {
namespace {

using boost::asio::use_future;
using std::chrono::milliseconds;
using DoubleBarrierTest = RecipeTest;

TEST_F(DoubleBarrierTest, TwoEnterAndLeaveTogether) {
  Client a = client();
  Client b = client();
  DoubleBarrier one(a, path(), 2);
  DoubleBarrier two(b, path(), 2);
  auto entered = one.enter(kPatience, use_future);
  EXPECT_EQ(entered.wait_for(kMoment), std::future_status::timeout);
  ASSERT_TRUE(ok(two.enter(kPatience, block)));
  ASSERT_TRUE(ok(entered.get()));
  EXPECT_TRUE(a.exists(path() + "/ready", block)->has_value());
  auto left = one.leave(kPatience, use_future);
  EXPECT_EQ(left.wait_for(kMoment), std::future_status::timeout);
  ASSERT_TRUE(ok(two.leave(kPatience, block)));
  ASSERT_TRUE(ok(left.get()));
  EXPECT_TRUE(children(a, path()).empty());
}

TEST_F(DoubleBarrierTest, FiveMembersInAnyOrder) {
  std::vector<Client> clients;
  std::vector<DoubleBarrier> members;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(client());
    members.emplace_back(clients.back(), path(), 5);
  }
  std::vector<std::future<Result<void>>> entered;
  for (auto& member : members) entered.push_back(member.enter(kPatience, use_future));
  for (auto& one : entered) ASSERT_TRUE(ok(one.get()));
  std::vector<std::future<Result<void>>> left;
  for (auto& member : members) left.push_back(member.leave(kPatience, use_future));
  for (auto& one : left) ASSERT_TRUE(ok(one.get()));
  EXPECT_TRUE(children(clients.front(), path()).empty());
}

TEST_F(DoubleBarrierTest, WhoComesTooLateLeavesHisZnode) {
  Client c = client();
  DoubleBarrier alone(c, path(), 2);
  ASSERT_EQ(code_of(alone.enter(milliseconds(50), block)), ErrorCode::kTimedOut);
  EXPECT_TRUE(c.exists(alone.node_path(), block)->has_value());
  // It counts for the other one, and the first may still come.
  Client d = client();
  DoubleBarrier other(d, path(), 2);
  EXPECT_TRUE(ok(other.enter(kPatience, block)));
  EXPECT_TRUE(ok(alone.enter(kPatience, block)));
}

TEST_F(DoubleBarrierTest, ReadyLetsMoreIn) {
  Client c = client();
  DoubleBarrier first(c, path(), 1);
  ASSERT_TRUE(ok(first.enter(kPatience, block)));
  DoubleBarrier second(c, path(), 7);
  EXPECT_TRUE(ok(second.enter(milliseconds(0), block)));
}

TEST_F(DoubleBarrierTest, StragglerHoldsTheOthers) {
  Client a = client();
  Client b = client();
  DoubleBarrier one(a, path(), 2);
  DoubleBarrier two(b, path(), 2);
  auto entered = one.enter(kPatience, use_future);
  ASSERT_TRUE(ok(two.enter(kPatience, block)));
  ASSERT_TRUE(ok(entered.get()));
  EXPECT_EQ(code_of(one.leave(milliseconds(50), block)), ErrorCode::kTimedOut);
  auto left = one.leave(kPatience, use_future);  // the time was over, not the leaving
  EXPECT_TRUE(ok(two.leave(kPatience, block)));
  EXPECT_TRUE(ok(left.get()));
}

TEST_F(DoubleBarrierTest, DeadMemberDoesNotHoldTheOthers) {
  Client a = client();
  Client b = client();
  DoubleBarrier one(a, path(), 2);
  DoubleBarrier two(b, path(), 2);
  auto entered = one.enter(kPatience, use_future);
  ASSERT_TRUE(ok(two.enter(kPatience, block)));
  ASSERT_TRUE(ok(entered.get()));
  auto left = one.leave(kPatience, use_future);
  static_cast<void>(b.close(block));
  EXPECT_TRUE(ok(left.get()));
}

TEST_F(DoubleBarrierTest, WhoIsNotInCannotLeave) {
  Client a = client();
  DoubleBarrier in(a, path(), 1);
  ASSERT_TRUE(ok(in.enter(kPatience, block)));
  DoubleBarrier out(a, path(), 1);
  EXPECT_EQ(code_of(out.leave(milliseconds(0), block)), ErrorCode::kNotOwner);
  EXPECT_TRUE(ok(in.leave(kPatience, block)));
  EXPECT_EQ(code_of(DoubleBarrier(a, path(), 0).enter(milliseconds(0), block)),
            ErrorCode::kBadArguments);
}

TEST_F(DoubleBarrierTest, ExpiredWhileWaiting) {
  CuttingProxy proxy(shared_server().port());
  Client fragile = fragile_client(proxy);
  Client other = client();
  DoubleBarrier barrier(fragile, path(), 2);
  auto entered = barrier.enter(kPatience, use_future);
  ASSERT_TRUE(eventually([&] { return children(other, path()).size() == 1; }));
  proxy.shut();
  ASSERT_TRUE(eventually([&] { return children(other, path()).empty(); }));
  proxy.open();
  EXPECT_EQ(code_of(entered.get()), ErrorCode::kSessionExpired);
}

}  // namespace
}  // namespace drover::test
