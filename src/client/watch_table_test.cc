// Who is told of which event. No executor runs: what is told is polled.
#include "client/watch_table.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

namespace drover::client {
namespace {

class WatchTableTest : public testing::Test {
 protected:
  using Channel = WatchTable::Channel;

  Channel watch(WatchKind kind, const std::string& path, const std::string& prefix = "") {
    const bool is_one_shot =
        kind != WatchKind::kPersistent && kind != WatchKind::kPersistentRecursive;
    auto channel = std::make_shared<detail::Channel<WatchedEvent>>(
        io.get_executor(), detail::Channel<WatchedEvent>::Options{.is_sticky = is_one_shot});
    table.add(kind, path, prefix, channel);
    return channel;
  }
  void tell(EventType type, const std::string& path) {
    table.deliver({.type = type, .state = KeeperState::kSyncConnected, .path = path});
  }
  static bool is_told(const Channel& channel) { return channel->has_unread(); }

  boost::asio::io_context io;
  WatchTable table;
};

TEST_F(WatchTableTest, EachKindIsToldOfItsEventsAlone) {
  const auto data = watch(WatchKind::kData, "/a");
  const auto child = watch(WatchKind::kChild, "/a");
  const auto other = watch(WatchKind::kData, "/b");
  tell(EventType::kNodeDataChanged, "/a");
  EXPECT_TRUE(is_told(data));
  EXPECT_FALSE(is_told(child));
  tell(EventType::kNodeChildrenChanged, "/a");
  EXPECT_TRUE(is_told(child));
  EXPECT_FALSE(is_told(other));
  EXPECT_FALSE(table.contains(WatchKind::kData, "/a")) << "used up";
  EXPECT_TRUE(table.contains(WatchKind::kData, "/b"));
}

TEST_F(WatchTableTest, DeletionIsToldToDataAndChildren) {
  const auto data = watch(WatchKind::kData, "/a");
  const auto child = watch(WatchKind::kChild, "/a");
  tell(EventType::kNodeDeleted, "/a");
  EXPECT_TRUE(is_told(data));
  EXPECT_TRUE(is_told(child));
}

TEST_F(WatchTableTest, RecursiveOnesHearOfAllBelowButNotOfChildren) {
  const auto root = watch(WatchKind::kPersistentRecursive, "/");
  const auto tree = watch(WatchKind::kPersistentRecursive, "/a");
  const auto sibling = watch(WatchKind::kPersistentRecursive, "/ab");
  const auto exact = watch(WatchKind::kPersistent, "/a");
  tell(EventType::kNodeChildrenChanged, "/a");
  EXPECT_FALSE(is_told(tree));
  EXPECT_TRUE(is_told(exact));
  tell(EventType::kNodeCreated, "/a/b/c");
  EXPECT_TRUE(is_told(root));
  EXPECT_TRUE(is_told(tree));
  EXPECT_FALSE(is_told(sibling));
  EXPECT_EQ(tree->poll()->path, "/a/b/c");
  tell(EventType::kNodeCreated, "/a/b/d");
  EXPECT_EQ(tree->poll()->path, "/a/b/d") << "they stay";
}

TEST_F(WatchTableTest, PathsLoseTheirPrefix) {
  const auto data = watch(WatchKind::kData, "/root/a", "/root");
  tell(EventType::kNodeDataChanged, "/root/a");
  EXPECT_EQ(data->poll()->path, "/a");
}

TEST_F(WatchTableTest, TheLastOfItsKindIsKnown) {
  const auto data = watch(WatchKind::kData, "/a");
  const auto exist = watch(WatchKind::kExist, "/a");
  EXPECT_FALSE(table.remove(WatchKind::kData, "/a", data.get())) << "exist is the same list";
  EXPECT_FALSE(table.remove(WatchKind::kData, "/a", data.get())) << "it has gone already";
  EXPECT_TRUE(table.remove(WatchKind::kExist, "/a", exist.get()));
}

TEST_F(WatchTableTest, TheEndOfASessionEndsOneShotsAlone) {
  const auto data = watch(WatchKind::kData, "/a");
  const auto tree = watch(WatchKind::kPersistentRecursive, "/a");
  table.end_one_shots({ErrorCode::kSessionExpired, "over"});
  EXPECT_FALSE(table.contains(WatchKind::kData, "/a"));
  ASSERT_EQ(table.persistent().size(), 1u);
  table.reset_persistent();
  EXPECT_EQ(tree->poll()->type, EventType::kNone);
}

TEST_F(WatchTableTest, AReaderThatDoesNotComeIsTold) {
  auto channel = std::make_shared<detail::Channel<WatchedEvent>>(
      io.get_executor(), detail::Channel<WatchedEvent>::Options{
                             .unread_max = 3, .overflow = WatchedEvent{.path = "/a"}});
  table.add(WatchKind::kPersistent, "/a", "", channel);
  for (int i = 0; i < 4; ++i) tell(EventType::kNodeDataChanged, "/a");
  EXPECT_EQ(channel->poll()->type, EventType::kNone);
  EXPECT_FALSE(channel->poll());
}

}  // namespace
}  // namespace drover::client
