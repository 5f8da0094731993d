// Watches against a real server: one-shot ones, persistent streams, what happens to both when the
// connection or the session goes.
#include <drover/client.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "client_library/fixture.h"
#include "client_library/proxy.h"

namespace drover {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

using ClientWatchesTest = ClientLibraryTest;

TEST_F(ClientWatchesTest, DataChangesFireOnce) {
  Client client = open();
  auto watched = client.watch_data(root_, block);
  ASSERT_TRUE(watched) << watched.error().message;
  EXPECT_FALSE(watched->changed.has_fired());
  EXPECT_EQ(watched->changed.fired(milliseconds(0), block).error().code, ErrorCode::kTimedOut);
  EXPECT_EQ(watched->changed.fired(milliseconds(20), block).error().code, ErrorCode::kTimedOut);
  ASSERT_TRUE(client.set(root_, as_bytes("x"), {}, block));
  ASSERT_TRUE(client.set(root_, as_bytes("y"), {}, block));
  for (int i = 0; i < 2; ++i) {
    const auto event = watched->changed.fired(kPatience, block);
    ASSERT_TRUE(event) << event.error().message;
    EXPECT_EQ(event->type, EventType::kNodeDataChanged);
    EXPECT_EQ(event->path, root_);
  }
  EXPECT_EQ(client.watch_data(at("/none"), block).error().code, ErrorCode::kNoNode);
}

TEST_F(ClientWatchesTest, ExistenceIsWatchedBothWays) {
  Client client = open();
  auto absent = client.watch_exists(at("/a"), block);
  ASSERT_TRUE(absent);
  EXPECT_FALSE(absent->value);
  ASSERT_TRUE(client.create(at("/a"), as_bytes(""), {}, block));
  EXPECT_EQ(absent->changed.fired(kPatience, block)->type, EventType::kNodeCreated);
  auto present = client.watch_exists(at("/a"), block);
  ASSERT_TRUE(present);
  EXPECT_TRUE(present->value);
  ASSERT_TRUE(client.remove(at("/a"), {}, block));
  EXPECT_EQ(present->changed.fired(kPatience, block)->type, EventType::kNodeDeleted);
}

TEST_F(ClientWatchesTest, ChildrenAreWatched) {
  Client client = open();
  auto children = client.watch_children(root_, block);
  auto data = client.watch_data(root_, block);
  ASSERT_TRUE(children && data);
  ASSERT_TRUE(client.create(at("/a"), as_bytes(""), {}, block));
  EXPECT_EQ(children->changed.fired(kPatience, block)->type, EventType::kNodeChildrenChanged);
  EXPECT_FALSE(data->changed.has_fired());
}

TEST_F(ClientWatchesTest, TwoWatchesOfOneZnodeBothFireAndOneMayGo) {
  Client client = open();
  auto first = client.watch_data(root_, block);
  auto second = client.watch_data(root_, block);
  {
    auto third = client.watch_data(root_, block);
    ASSERT_TRUE(third);
  }
  ASSERT_TRUE(first && second);
  first->changed.cancel();
  EXPECT_EQ(first->changed.fired(milliseconds(0), block).error().code, ErrorCode::kTimedOut);
  ASSERT_TRUE(client.set(root_, as_bytes("x"), {}, block));
  EXPECT_TRUE(second->changed.fired(kPatience, block));
}

TEST_F(ClientWatchesTest, ADroppedWatchLeavesTheServer) {
  Client client = open();
  {
    auto watched = client.watch_data(root_, block);
    ASSERT_TRUE(watched);
  }
  // The removal was sent before this; a new watch works all the same.
  auto again = client.watch_data(root_, block);
  ASSERT_TRUE(again);
  ASSERT_TRUE(client.set(root_, as_bytes("x"), {}, block));
  EXPECT_TRUE(again->changed.fired(kPatience, block));
}

// A callback on the client's own thread sees the event before an answer that reflects it.
TEST_F(ClientWatchesTest, AnEventComesBeforeTheAnswerThatReflectsIt) {
  Client client = open();
  Client writer = open();
  constexpr int kRounds = 50;
  for (int round = 0; round < kRounds; ++round) {
    auto watched = client.watch_data(root_, block);
    ASSERT_TRUE(watched);
    const auto version = watched->value.stat.version;
    std::atomic<bool> is_told = false;
    std::promise<void> told;
    watched->changed.fired(kForever, [&](const Result<WatchedEvent>& event) {
      EXPECT_TRUE(event);
      is_told = true;
      told.set_value();
    });
    auto set = writer.set(root_, as_bytes("x"), {}, asio::use_future);
    std::promise<void> seen;
    std::function<void(Result<Node>)> look = [&](const Result<Node>& node) {
      ASSERT_TRUE(node);
      if (node->stat.version == version) return client.get(root_, {}, look);
      EXPECT_TRUE(is_told) << "round " << round;
      seen.set_value();
    };
    client.get(root_, {}, look);
    seen.get_future().get();
    told.get_future().get();
    ASSERT_TRUE(set.get());
  }
}

TEST_F(ClientWatchesTest, APersistentWatchTellsEverythingBelow) {
  Client client = open();
  auto tree = client.watch_tree(root_, true, block);
  ASSERT_TRUE(tree) << tree.error().message;
  EXPECT_FALSE(tree->poll());
  ASSERT_TRUE(client.create(at("/a"), as_bytes(""), {}, block));
  ASSERT_TRUE(client.create(at("/a/b"), as_bytes(""), {}, block));
  ASSERT_TRUE(client.set(at("/a/b"), as_bytes("x"), {}, block));
  ASSERT_TRUE(client.remove(at("/a/b"), {}, block));
  const std::pair<EventType, std::string> expected[] = {{EventType::kNodeCreated, at("/a")},
                                                        {EventType::kNodeCreated, at("/a/b")},
                                                        {EventType::kNodeDataChanged, at("/a/b")},
                                                        {EventType::kNodeDeleted, at("/a/b")}};
  for (const auto& [type, path] : expected) {
    const auto event = tree->next(kPatience, block);
    ASSERT_TRUE(event) << event.error().message;
    EXPECT_EQ(event->type, type);
    EXPECT_EQ(event->path, path);
  }
  EXPECT_EQ(tree->next(milliseconds(10), block).error().code, ErrorCode::kTimedOut);
}

// The removal of the one must not take the other's watch from the server, whose request is on its
// way.
TEST_F(ClientWatchesTest, AWatchBeingSetOutlivesTheOneThatIsDropped) {
  Client client = open();
  for (int round = 0; round < 20; ++round) {
    std::future<Result<Stream<WatchedEvent>>> coming;
    std::future<Result<Watched<Node>>> data_coming;
    {
      auto dropped = client.watch_tree(root_, true, block);
      auto data_dropped = client.watch_data(root_, block);
      ASSERT_TRUE(dropped && data_dropped);
      coming = client.watch_tree(root_, true, asio::use_future);
      data_coming = client.watch_data(root_, asio::use_future);
    }
    auto tree = coming.get();
    auto data = data_coming.get();
    ASSERT_TRUE(tree && data);
    ASSERT_TRUE(client.set(root_, as_bytes("x"), {}, block));
    EXPECT_TRUE(tree->next(kPatience, block)) << "round " << round;
    EXPECT_TRUE(data->changed.fired(kPatience, block)) << "round " << round;
  }
}

TEST_F(ClientWatchesTest, WatchesOutliveTheConnection) {
  Proxy proxy(server_);
  Client client = open(proxy.address(), options());
  Client writer = open();
  ASSERT_TRUE(client.create(at("/b"), as_bytes(""), {}, block));
  auto states = client.connection_states();
  auto quiet = client.watch_data(root_, block);
  auto data = client.watch_data(at("/b"), block);
  auto tree = client.watch_tree(root_, true, block);
  ASSERT_TRUE(quiet && data && tree);
  proxy.refuse(true);
  proxy.cut();
  EXPECT_EQ(*states.next(kPatience, block), ConnectionState::kSuspended);
  EXPECT_TRUE(client.suspect_token().stop_requested());
  ASSERT_TRUE(writer.set(at("/b"), as_bytes("missed"), {}, block));
  proxy.refuse(false);
  EXPECT_EQ(*states.next(kPatience, block), ConnectionState::kReconnected);
  EXPECT_FALSE(client.suspect_token().stop_requested());
  // The change that was missed is told by the next server; the persistent watch only says so.
  EXPECT_EQ(data->changed.fired(kPatience, block)->type, EventType::kNodeDataChanged);
  const auto reset = tree->next(kPatience, block);
  ASSERT_TRUE(reset);
  EXPECT_EQ(reset->type, EventType::kNone);
  EXPECT_EQ(reset->path, root_);
  ASSERT_TRUE(writer.set(root_, as_bytes("x"), {}, block));
  EXPECT_EQ(quiet->changed.fired(kPatience, block)->type, EventType::kNodeDataChanged);
  EXPECT_EQ(tree->next(kPatience, block)->type, EventType::kNodeDataChanged);
}

TEST_F(ClientWatchesTest, ASessionThatDiesEndsOneShotsAndRearmsStreams) {
  Proxy proxy(server_);
  Client client = open(proxy.address(), options());
  Client writer = open();
  auto states = client.connection_states();
  auto data = client.watch_data(root_, block);
  auto tree = client.watch_tree(root_, true, block);
  ASSERT_TRUE(data && tree);
  ASSERT_TRUE(client.create(at("/e"), as_bytes(""), {.mode = CreateMode::kEphemeral}, block));
  EXPECT_EQ(tree->next(kPatience, block)->type, EventType::kNodeCreated);
  const auto session = client.session_id();
  proxy.refuse(true);
  proxy.cut();
  EXPECT_EQ(*states.next(kPatience, block), ConnectionState::kSuspended);
  EXPECT_EQ(*states.next(kPatience, block), ConnectionState::kLost);
  EXPECT_EQ(data->changed.fired(kPatience, block).error().code, ErrorCode::kSessionExpired);
  proxy.refuse(false);
  EXPECT_EQ(*states.next(kPatience, block), ConnectionState::kReconnected);
  EXPECT_NE(client.session_id(), session);
  const auto reset = tree->next(kPatience, block);
  ASSERT_TRUE(reset);
  EXPECT_EQ(reset->type, EventType::kNone);
  ASSERT_TRUE(writer.set(root_, as_bytes("x"), {}, block));
  for (auto event = tree->next(kPatience, block);; event = tree->next(kPatience, block)) {
    ASSERT_TRUE(event) << event.error().message;
    if (event->type == EventType::kNodeDataChanged) break;  // the old ephemeral may go before
  }
}

TEST_F(ClientWatchesTest, ClosingEndsEveryWait) {
  Client client = open();
  auto data = client.watch_data(root_, block);
  auto tree = client.watch_tree(root_, true, block);
  auto states = client.connection_states();
  ASSERT_TRUE(data && tree);
  auto event = data->changed.fired(kForever, asio::use_future);
  auto next = tree->next(kForever, asio::use_future);
  auto state = states.next(kForever, asio::use_future);
  EXPECT_TRUE(client.close(block));
  EXPECT_EQ(event.get().error().code, ErrorCode::kClosed);
  EXPECT_EQ(next.get().error().code, ErrorCode::kClosed);
  EXPECT_EQ(state.get().error().code, ErrorCode::kClosed);
}

}  // namespace
}  // namespace drover
