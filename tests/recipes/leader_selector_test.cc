// Goal: bodies run one at a time, in turn, and are told when to stop. Method: bodies that only
// count and wait for their stop_token or a word of the test.

#include <drover/recipes/leader_selector.h>

#include <atomic>
#include <deque>

#include "recipes/fixture.h"

namespace drover::test {
namespace {

using LeaderSelectorTest = RecipeTest;

// What the bodies of one test share.
struct Stage {
  std::atomic<int> leading = 0;
  std::atomic<int> leading_max = 0;
  std::atomic<int> led = 0;
  std::atomic<std::int64_t> last_token = 0;
  std::atomic<bool> tokens_grow = true;
};

boost::asio::awaitable<void> lead(Client client, Stage* stage, Leadership leadership,
                                  bool until_lost) {
  const int now = ++stage->leading;
  if (now > stage->leading_max) stage->leading_max = now;
  if (stage->last_token.exchange(leadership.fencing_token) >= leadership.fencing_token) {
    stage->tokens_grow = false;
  }
  // A round trip at least.
  do {
    static_cast<void>(co_await client.sync("/"));
    static_cast<void>(co_await detail::pause(client, std::chrono::milliseconds(1)));
  } while (until_lost && !leadership.lost.stop_requested());
  --stage->leading;
  ++stage->led;
}

LeaderSelector::Body body(Client client, Stage& stage, bool until_lost) {
  return [client, &stage, until_lost](Leadership leadership) {
    return lead(client, &stage, std::move(leadership), until_lost);
  };
}

TEST_F(LeaderSelectorTest, LeadershipGoesRound) {
  Stage stage;
  std::deque<LeaderSelector> selectors;
  for (int i = 0; i < 3; ++i) {
    Client c = client();
    selectors.emplace_back(c, path(), body(c, stage, false),
                           LeaderSelectorOptions{.id = std::to_string(i), .auto_requeue = true});
    ASSERT_TRUE(ok(selectors.back().start()));
  }
  EXPECT_TRUE(eventually([&] { return stage.led >= 30; }));
  for (auto& selector : selectors) EXPECT_TRUE(ok(selector.close(block)));
  EXPECT_EQ(stage.leading_max, 1);
  EXPECT_TRUE(stage.tokens_grow);
  Client c = client();
  EXPECT_TRUE(children(c, path()).empty());
}

TEST_F(LeaderSelectorTest, OnceUnlessQueuedAgain) {
  Stage stage;
  Client c = client();
  LeaderSelector selector(c, path(), body(c, stage, false));
  ASSERT_TRUE(ok(selector.start()));
  EXPECT_EQ(code_of(selector.start()), ErrorCode::kBadArguments);
  ASSERT_TRUE(eventually([&] { return stage.led == 1 && children(c, path()).empty(); }));
  ASSERT_TRUE(eventually([&] { return selector.requeue(); }));
  EXPECT_TRUE(eventually([&] { return stage.led == 2; }));
}

TEST_F(LeaderSelectorTest, InterruptedAndClosed) {
  Stage stage;
  Client c = client();
  LeaderSelector selector(c, path(), body(c, stage, true), {.id = "me", .auto_requeue = true});
  ASSERT_TRUE(ok(selector.start()));
  ASSERT_TRUE(eventually([&] { return selector.has_leadership(); }));
  const auto leader = selector.leader(block);
  ASSERT_TRUE(ok(leader));
  EXPECT_EQ(*leader, (Participant{"me", true}));
  selector.interrupt_leadership();
  ASSERT_TRUE(eventually([&] { return stage.led == 1 && selector.has_leadership(); }));
  EXPECT_TRUE(ok(selector.close(block)));
  EXPECT_EQ(stage.led, 2);
  EXPECT_EQ(stage.leading, 0);
}

TEST_F(LeaderSelectorTest, ClosedWhileWaiting) {
  Stage stage;
  Client c = client();
  LeaderSelector first(c, path(), body(c, stage, true), {.id = "first"});
  ASSERT_TRUE(ok(first.start()));
  ASSERT_TRUE(eventually([&] { return first.has_leadership(); }));
  LeaderSelector second(c, path(), body(c, stage, true), {.id = "second"});
  ASSERT_TRUE(ok(second.start()));
  ASSERT_TRUE(eventually([&] { return second.participants(block)->size() == 2; }));
  EXPECT_TRUE(ok(second.close(block)));
  EXPECT_EQ(children(c, path()).size(), 1U);
  EXPECT_TRUE(first.has_leadership());
  EXPECT_TRUE(ok(first.close(block)));
}

TEST_F(LeaderSelectorTest, SuspensionTellsTheBodyAndTheNextLeads) {
  Stage stage;
  CuttingProxy proxy(shared_server().port());
  Client fragile = fragile_client(proxy);
  Client other = client();
  LeaderSelector first(fragile, path(), body(fragile, stage, true), {.auto_requeue = true});
  ASSERT_TRUE(ok(first.start()));
  ASSERT_TRUE(eventually([&] { return first.has_leadership(); }));
  LeaderSelector second(other, path(), body(other, stage, true), {.auto_requeue = true});
  ASSERT_TRUE(ok(second.start()));
  proxy.shut();
  EXPECT_TRUE(eventually([&] { return second.has_leadership(); }));
  proxy.open();
  EXPECT_TRUE(eventually([&] { return !first.has_leadership(); }));
  EXPECT_TRUE(ok(second.close(block)));
  EXPECT_TRUE(eventually([&] { return first.has_leadership(); }));
  EXPECT_TRUE(ok(first.close(block)));
}

}  // namespace
}  // namespace drover::test
