// One leader at a time: in turn, after deaths, expiries and restarts.

#include <drover/recipes/leader_latch.h>

#include <boost/asio/use_future.hpp>
#include <deque>

#include "recipes/fixture.h"

namespace drover::test {
namespace {

using boost::asio::use_future;
using std::chrono::milliseconds;
using LeaderLatchTest = RecipeTest;

struct Candidate {
  Candidate(Client its_client, const std::string& path, std::string id)
      : client(std::move(its_client)), latch(client, path, std::move(id)) {
    EXPECT_TRUE(ok(latch.start()));
  }
  Client client;
  LeaderLatch latch;
};

int leaders(const std::deque<Candidate>& candidates) {
  return static_cast<int>(
      std::ranges::count_if(candidates, [](const auto& one) { return one.latch.is_leader(); }));
}

TEST_F(LeaderLatchTest, LeadersDieInTurn) {
  std::deque<Candidate> candidates;
  for (int i = 0; i < 4; ++i) {
    candidates.emplace_back(client(), path(), "c" + std::to_string(i));
    ASSERT_TRUE(eventually([&] { return !candidates.back().latch.node_path().empty(); }));
  }
  std::int64_t token = 0;
  while (!candidates.empty()) {
    auto& first = candidates.front();
    const auto lost = first.latch.await_leadership(kPatience, block);
    ASSERT_TRUE(ok(lost));
    EXPECT_EQ(leaders(candidates), 1);
    EXPECT_GT(first.latch.fencing_token(), token);
    token = first.latch.fencing_token();
    const auto leader = candidates.back().latch.leader(block);
    ASSERT_TRUE(ok(leader));
    ASSERT_TRUE(leader->has_value());
    EXPECT_EQ((*leader)->id, first.latch.id());
    static_cast<void>(first.client.close(block));
    EXPECT_TRUE(eventually([&] { return lost->stop_requested(); }));
    EXPECT_FALSE(first.latch.is_leader());
    candidates.pop_front();
  }
}

TEST_F(LeaderLatchTest, LayoutAndParticipants) {
  Client c = client();
  LeaderLatch first(c, path() + "/deep/latch", "one");
  ASSERT_TRUE(ok(first.start()));
  ASSERT_TRUE(ok(first.await_leadership(kPatience, block)));
  LeaderLatch second(c, first.path(), "");
  ASSERT_TRUE(ok(second.start()));
  ASSERT_TRUE(eventually([&] { return children(c, first.path()).size() == 2; }));
  for (const auto& name : children(c, first.path())) {
    EXPECT_EQ(name.size(), std::string("_c_-latch-0000000000").size() + 36) << name;
    EXPECT_TRUE(name.starts_with("_c_"));
    EXPECT_EQ(name.substr(39, 7), "-latch-");
  }
  const auto node = c.get(first.node_path(), {}, block);
  ASSERT_TRUE(ok(node));
  EXPECT_EQ(as_text(node->data), "one");
  EXPECT_EQ(node->stat.ephemeral_owner, c.session_id());
  const auto all = first.participants(block);
  ASSERT_TRUE(ok(all));
  EXPECT_EQ(*all, (std::vector<Participant>{{"one", true}, {"", false}}));
}

TEST_F(LeaderLatchTest, CloseGivesLeadershipUp) {
  Client c = client();
  LeaderLatch latch(c, path());
  auto changes = latch.changes();
  ASSERT_TRUE(ok(latch.start()));
  EXPECT_EQ(code_of(latch.start()), ErrorCode::kBadArguments);
  const auto lost = latch.await_leadership(kPatience, block);
  ASSERT_TRUE(ok(lost));
  ASSERT_TRUE(ok(latch.close(block)));
  EXPECT_TRUE(lost->stop_requested());
  EXPECT_TRUE(children(c, path()).empty());
  EXPECT_EQ(*changes.next(kPatience, block), true);
  EXPECT_EQ(*changes.next(kPatience, block), false);
  EXPECT_EQ(code_of(changes.next(kPatience, block)), ErrorCode::kClosed);
  EXPECT_EQ(code_of(latch.await_leadership(kPatience, block)), ErrorCode::kClosed);
}

TEST_F(LeaderLatchTest, WhoWaitsMayGiveUp) {
  Client a = client();
  LeaderLatch first(a, path());
  ASSERT_TRUE(ok(first.start()));
  ASSERT_TRUE(ok(first.await_leadership(kPatience, block)));
  {
    LeaderLatch second(a, path());
    ASSERT_TRUE(ok(second.start()));
    EXPECT_EQ(code_of(second.await_leadership(milliseconds(50), block)), ErrorCode::kTimedOut);
    ASSERT_TRUE(eventually([&] { return children(a, path()).size() == 2; }));
  }  // dropped: it withdraws
  EXPECT_TRUE(eventually([&] { return children(a, path()).size() == 1; }));
  EXPECT_TRUE(first.is_leader());
}

TEST_F(LeaderLatchTest, SuspensionEndsLeadershipAndReconnectionGivesItBack) {
  CuttingProxy proxy(shared_server().port());
  Client c = connect(proxy.address());  // its session outlives the cut
  LeaderLatch latch(c, path());
  ASSERT_TRUE(ok(latch.start()));
  const auto lost = latch.await_leadership(kPatience, block);
  ASSERT_TRUE(ok(lost));
  const auto node = latch.node_path();
  const auto token = latch.fencing_token();
  proxy.shut();
  EXPECT_TRUE(eventually([&] { return lost->stop_requested(); }));
  EXPECT_FALSE(latch.is_leader());
  proxy.open();
  ASSERT_TRUE(ok(latch.await_leadership(kPatience, block)));
  EXPECT_EQ(latch.node_path(), node);
  EXPECT_EQ(latch.fencing_token(), token);
}

TEST_F(LeaderLatchTest, ExpiredLeaderStandsAgainBehindTheOthers) {
  CuttingProxy proxy(shared_server().port());
  Candidate first(fragile_client(proxy), path(), "first");
  ASSERT_TRUE(ok(first.latch.await_leadership(kPatience, block)));
  Candidate second(client(), path(), "second");
  proxy.shut();
  ASSERT_TRUE(ok(second.latch.await_leadership(kPatience, block)));
  EXPECT_FALSE(first.latch.is_leader());
  proxy.open();
  ASSERT_TRUE(eventually([&] { return second.latch.participants(block)->size() == 2; }));
  EXPECT_TRUE(second.latch.is_leader());
  ASSERT_TRUE(ok(second.latch.close(block)));
  EXPECT_TRUE(ok(first.latch.await_leadership(kPatience, block)));
}

TEST_F(LeaderLatchTest, ZnodeRemovedByHandEndsLeadership) {
  Client c = client();
  LeaderLatch latch(c, path());
  ASSERT_TRUE(ok(latch.start()));
  const auto lost = latch.await_leadership(kPatience, block);
  ASSERT_TRUE(ok(lost));
  ASSERT_TRUE(ok(c.remove(latch.node_path(), {}, block)));
  EXPECT_TRUE(eventually([&] { return lost->stop_requested(); }));
  EXPECT_TRUE(ok(latch.await_leadership(kPatience, block)));
}

TEST_F(LeaderLatchTest, ServerRestart) {
  ServerProcess server;
  std::deque<Candidate> candidates;
  for (int i = 0; i < 3; ++i) {
    candidates.emplace_back(connect(server.address()), path(), std::to_string(i));
  }
  ASSERT_TRUE(eventually([&] { return leaders(candidates) == 1; }));
  server.kill();
  EXPECT_TRUE(eventually([&] { return leaders(candidates) == 0; }));
  server.start();
  ASSERT_TRUE(eventually([&] { return leaders(candidates) == 1; }));
  const auto all_stand = [&] {
    const auto all = candidates[0].latch.participants(block);
    return all && all->size() == 3;
  };
  EXPECT_TRUE(eventually(all_stand));
}

TEST_F(LeaderLatchTest, ForeignChildInFrontLeadsAsItDoesForCurator) {
  Client c = client();
  ASSERT_TRUE(ok(c.ensure_path(path(), block)));
  ASSERT_TRUE(ok(c.create(path() + "/!x", {}, block)));
  LeaderLatch latch(c, path());
  ASSERT_TRUE(ok(latch.start()));
  EXPECT_EQ(code_of(latch.await_leadership(kMoment, block)), ErrorCode::kTimedOut);
  ASSERT_TRUE(ok(c.remove(path() + "/!x", {}, block)));
  EXPECT_TRUE(ok(latch.await_leadership(kPatience, block)));
}

TEST_F(LeaderLatchTest, NoPermission) {
  Client c = client();
  const AclList nobody{{.perms = perms::kRead, .id = {.scheme = "world", .id = "anyone"}}};
  ASSERT_TRUE(ok(c.create(path(), {.acls = nobody}, block)));
  LeaderLatch latch(c, path());
  auto waits = latch.await_leadership(kPatience, use_future);
  ASSERT_TRUE(ok(latch.start()));
  EXPECT_EQ(code_of(waits.get()), ErrorCode::kNoAuth);
}

}  // namespace
}  // namespace drover::test
