// A cache beside a server that others change: its entries, and its events replayed, against what
// the server holds.

#include <drover/cache.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <random>
#include <thread>

#include "recipes/cutting_proxy.h"
#include "recipes/server_process.h"

namespace drover::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Pair;

using Content = std::map<std::string, std::string>;  // data and version by path

std::string told(const Node& node) {
  return std::string(as_text(node.data)) + "@" + std::to_string(node.stat.version);
}

Content content_of(const Cache& cache) {
  Content content;
  for (const auto& [path, node] : cache.snapshot()) content[path] = told(*node);
  return content;
}

void read_tree(Client& client, const std::string& path, Content& content) {
  const auto node = client.get(path, {}, block);
  if (!node) return;
  content[path] = told(*node);
  const auto children = client.children(path, block);
  if (!children) return;
  for (const std::string& name : children->names) read_tree(client, path + "/" + name, content);
}

Content content_of(Client& client, const std::string& root) {
  Content content;
  read_tree(client, root, content);
  return content;
}

// What the events say, replayed from nothing; and that each fits the one before.
class Replay {
 public:
  void apply(const CacheEvent& event) {
    switch (event.kind) {
      case CacheEvent::Kind::kCreated:
        EXPECT_FALSE(content_.contains(event.path)) << event.path;
        content_[event.path] = told(*event.after);
        break;
      case CacheEvent::Kind::kChanged:
        EXPECT_EQ(content_[event.path], told(*event.before)) << event.path;
        content_[event.path] = told(*event.after);
        break;
      case CacheEvent::Kind::kDeleted:
        EXPECT_EQ(content_[event.path], told(*event.before)) << event.path;
        content_.erase(event.path);
        break;
      case CacheEvent::Kind::kInitialized:
        ++initialized_;
        break;
      case CacheEvent::Kind::kOverflow:
        ADD_FAILURE() << "overflow";
    }
  }
  void apply_all(Stream<CacheEvent>& events) {
    while (const auto event = events.poll()) apply(*event);
  }
  [[nodiscard]] const Content& content() const { return content_; }
  [[nodiscard]] int initialized() const { return initialized_; }

 private:
  Content content_;
  int initialized_ = 0;
};

bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds at_most = 60s) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

class CacheTest : public testing::Test {
 protected:
  static Client open(const std::string& address) {
    return value_or_throw(Client::open(
        address,
        {.session_timeout = 5s, .retry = retry::Times{1000, 20ms}, .track_ensemble = false}));
  }

  ServerProcess server_;
  Client other_ = open(server_.address());
};

TEST_F(CacheTest, FollowsATree) {
  Client client = open(server_.address());
  ASSERT_TRUE(other_.create("/a", as_bytes("1"), {}, block));
  ASSERT_TRUE(other_.create("/a/b", as_bytes("2"), {}, block));
  Cache cache(client, "/a");
  auto early = cache.events();
  ASSERT_TRUE(cache.start(block));
  EXPECT_TRUE(cache.is_initialized());
  EXPECT_THAT(content_of(cache), ElementsAre(Pair("/a", "1@0"), Pair("/a/b", "2@0")));

  ASSERT_TRUE(other_.create("/a/b/c", as_bytes("3"), {}, block));
  ASSERT_TRUE(other_.set("/a", as_bytes("4"), {}, block));
  ASSERT_TRUE(wait_until(
      [&] { return content_of(cache).size() == 3 && told(*cache.find("/a")) == "4@1"; }));
  ASSERT_TRUE(other_.remove("/a", {.recursive = true}, block));
  ASSERT_TRUE(wait_until([&] { return content_of(cache).empty(); }));

  Replay replay;
  replay.apply_all(early);
  EXPECT_TRUE(replay.content().empty());
  EXPECT_EQ(replay.initialized(), 1);
}

TEST_F(CacheTest, AMissingRootIsInitializedToo) {
  Client client = open(server_.address());
  Cache cache(client, "/none");
  ASSERT_TRUE(cache.start(block));
  EXPECT_TRUE(cache.snapshot().empty());
  ASSERT_TRUE(other_.create("/none", as_bytes("x"), {}, block));
  EXPECT_TRUE(wait_until([&] { return cache.find("/none") != nullptr; }));
}

TEST_F(CacheTest, ALateReaderHearsTheWholeStory) {
  Client client = open(server_.address());
  ASSERT_TRUE(other_.create("/a", as_bytes("1"), {}, block));
  Cache cache(client, "/a");
  ASSERT_TRUE(cache.start(block));
  auto events = cache.events();
  EXPECT_EQ(events.poll()->path, "/a");
  EXPECT_EQ(events.poll()->kind, CacheEvent::Kind::kInitialized);
  EXPECT_FALSE(events.poll());

  std::promise<std::string> first;
  auto subscription = cache.on_event([&first, once = false](const CacheEvent& event) mutable {
    if (!std::exchange(once, true)) first.set_value(event.path);
  });
  EXPECT_EQ(first.get_future().get(), "/a");
}

TEST_F(CacheTest, DepthIsALimit) {
  Client client = open(server_.address());
  for (const char* path : {"/a", "/a/b", "/a/b/c"}) {
    ASSERT_TRUE(other_.create(path, as_bytes("1"), {}, block));
  }
  Cache node(client, "/a", {.depth_max = 0});
  Cache children(client, "/a", {.depth_max = 1});
  ASSERT_TRUE(node.start(block));
  ASSERT_TRUE(children.start(block));
  EXPECT_THAT(content_of(node), ElementsAre(Pair("/a", "1@0")));
  EXPECT_THAT(content_of(children), ElementsAre(Pair("/a", "1@0"), Pair("/a/b", "1@0")));

  ASSERT_TRUE(other_.set("/a/b/c", as_bytes("2"), {}, block));
  ASSERT_TRUE(other_.create("/a/d", as_bytes("2"), {}, block));
  ASSERT_TRUE(other_.set("/a", as_bytes("2"), {}, block));
  ASSERT_TRUE(wait_until(
      [&] { return told(*node.find("/a")) == "2@1" && told(*children.find("/a")) == "2@1"; }));
  EXPECT_EQ(node.snapshot().size(), 1U);
  EXPECT_THAT(children.children("/a"), ElementsAre(Pair("b", testing::_), Pair("d", testing::_)));
}

TEST_F(CacheTest, WhatMayNotBeReadIsLeftOut) {
  Client client = open(server_.address());
  ASSERT_TRUE(other_.create("/a", as_bytes("1"), {}, block));
  const AclList secret = {{perms::kAll, {"digest", "u:p"}}};
  ASSERT_TRUE(other_.create("/a/secret", as_bytes("1"), {.acls = secret}, block));
  Cache cache(client, "/a");
  ASSERT_TRUE(cache.start(block));
  EXPECT_THAT(content_of(cache), ElementsAre(Pair("/a", "1@0")));
}

TEST_F(CacheTest, CloseEndsTheEvents) {
  Client client = open(server_.address());
  Cache cache(client, "/a");
  auto events = cache.events();
  ASSERT_TRUE(cache.start(block));
  cache.close();
  auto next = events.next(60s, block);
  while (next) next = events.next(60s, block);
  EXPECT_EQ(next.error().code, ErrorCode::kClosed);
  EXPECT_EQ(cache.start(block).error().code, ErrorCode::kClosed);
}

TEST_F(CacheTest, ClosingTheClientEndsTheCache) {
  Client client = open(server_.address());
  Cache cache(client, "/a");
  auto events = cache.events();
  ASSERT_TRUE(cache.start(block));
  ASSERT_TRUE(client.close(block));
  auto next = events.next(60s, block);
  while (next) next = events.next(60s, block);
  EXPECT_EQ(next.error().code, ErrorCode::kClosed);
}

TEST_F(CacheTest, ABadPathIsTold) {
  Client client = open(server_.address());
  Cache cache(client, "a//b");
  EXPECT_EQ(cache.start(block).error().code, ErrorCode::kBadArguments);
}

// Changes a small tree at random, so that nodes come, go, come back and change.
class Changer {
 public:
  explicit Changer(Client client) : client_(std::move(client)) {}
  void change() {
    std::string path = "/tree";
    for (auto depth = random_() % 3; depth > 0; --depth)
      path += "/" + std::to_string(random_() % 6);
    const Bytes data = to_bytes(std::to_string(++count_));
    switch (random_() % 5) {
      case 0:
      case 1:
        static_cast<void>(client_.create(path, data, {}, block));
        break;
      case 2:
      case 3:
        static_cast<void>(client_.set(path, data, {}, block));
        break;
      default:
        if (path != "/tree" || random_() % 20 == 0) {
          static_cast<void>(client_.remove(path, {.recursive = true}, block));
        }
    }
  }

 private:
  Client client_;
  std::mt19937 random_{20'261'121};
  int count_ = 0;
};

TEST_F(CacheTest, EqualsTheTreeAfterTenThousandChangesRestartsAndCuts) {
  constexpr int kChanges = 10'000;
  CuttingProxy proxy(server_.port());
  Client client = open(proxy.address());
  Cache cache(client, "/tree");
  auto events = cache.events();
  ASSERT_TRUE(cache.start(block));
  Changer changer(other_);
  Replay replay;
  for (int i = 0; i < kChanges; ++i) {
    changer.change();
    if (i % 500 == 250) proxy.cut();
    if (i == kChanges / 3 || i == 2 * kChanges / 3) {
      server_.kill();
      server_.start();
    }
    if (i % 100 == 0) replay.apply_all(events);
  }
  const Content truth = content_of(other_, "/tree");
  EXPECT_GT(truth.size(), 5U);
  EXPECT_TRUE(wait_until([&] { return content_of(cache) == truth; }));
  // The snapshot stands still now; the events come to it.
  EXPECT_TRUE(wait_until([&] {
    replay.apply_all(events);
    return replay.content() == truth;
  }));
  EXPECT_EQ(content_of(cache), truth);
  EXPECT_EQ(replay.initialized(), 1);
}

}  // namespace
}  // namespace drover::test
