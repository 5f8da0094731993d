// ZkClient's conveniences on a real server, through cut connections and lost sessions.

#include <drover/recipes/zk_client.h>
#include <gmock/gmock.h>

#include <boost/asio/use_future.hpp>
#include <future>
#include <mutex>

#include "recipes/cutting_proxy.h"
#include "recipes/fixture.h"

namespace drover::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

// What listeners were told, in order.
class Told {
 public:
  void add(std::string text) {
    const std::lock_guard lock(mutex_);
    told_.push_back(std::move(text));
  }
  std::vector<std::string> all() {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  bool ends_with(const std::string& text) {
    const std::lock_guard lock(mutex_);
    return !told_.empty() && told_.back() == text;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> told_;
};

boost::asio::awaitable<Result<bool>> is_there(Client client, std::string path) {
  auto stat = co_await client.exists(path);
  if (!stat) co_return std::unexpected(std::move(stat.error()));
  co_return stat->has_value();
}

class ZkClientTest : public RecipeTest {
 protected:
  static ZkClient::DataListener<Text> text_listener(Told& told) {
    return [&told](Result<std::optional<std::string>> value) {
      told.add(!value ? "error" : *value ? "=" + **value : "none");
    };
  }
  static ZkClient::ChildListener child_listener(Told& told) {
    return [&told](std::optional<std::vector<std::string>> names) {
      std::string text = names ? "" : "none";
      for (const std::string& name : names.value_or(std::vector<std::string>())) text += name;
      told.add(text);
    };
  }

  ZkClient other_{client()};
};

TEST_F(ZkClientTest, ValuesThereAndBack) {
  ASSERT_TRUE(ok(other_.create<BigEndianInt32>(path(), 7, CreateMode::kPersistent, block)));
  EXPECT_THAT(other_.read<BigEndianInt32>(path(), block), Optional(7));
  ASSERT_TRUE(ok(other_.write<Text>(path(), "ab", kAnyVersion, block)));
  EXPECT_EQ(code_of(other_.read<BigEndianInt32>(path(), block)), ErrorCode::kCorruptPayload);
  EXPECT_EQ(code_of(other_.write<Text>(path(), "x", 0, block)), ErrorCode::kBadVersion);
  EXPECT_EQ(code_of(other_.read(path() + "x", block)), ErrorCode::kNoNode);
}

TEST_F(ZkClientTest, UpdatesLoseNothing) {
  constexpr int kTimes = 40;
  ZkClient first(client());
  ASSERT_TRUE(ok(other_.create<BigEndianInt32>(path(), 0, CreateMode::kPersistent, block)));
  const auto one_more = [](const std::int32_t& n) { return n + 1; };
  std::vector<std::future<Result<Stat>>> updates;
  for (int i = 0; i < kTimes; ++i) {
    updates.push_back(
        (i % 2 ? first : other_).update<BigEndianInt32>(path(), one_more, boost::asio::use_future));
  }
  for (auto& update : updates) EXPECT_TRUE(ok(update.get()));
  EXPECT_THAT(other_.read<BigEndianInt32>(path(), block), Optional(kTimes));
}

TEST_F(ZkClientTest, RemovesAndCounts) {
  EXPECT_THAT(other_.remove(path(), block), Optional(false));
  EXPECT_THAT(other_.count_children(path(), block), Optional(0));
  for (const char* below : {"", "/a", "/b", "/b/c"}) {
    ASSERT_TRUE(ok(other_.create<Text>(path() + below, "", CreateMode::kPersistent, block)));
  }
  EXPECT_THAT(other_.count_children(path(), block), Optional(2));
  EXPECT_EQ(code_of(other_.remove(path(), block)), ErrorCode::kNotEmpty);
  EXPECT_THAT(other_.remove_recursive(path(), block), Optional(true));
  EXPECT_THAT(other_.remove_recursive(path(), block), Optional(false));
}

TEST_F(ZkClientTest, WaitsUntilItExists) {
  ZkClient zk(client());
  EXPECT_THAT(zk.wait_until_exists(path(), std::chrono::milliseconds(20), block), Optional(false));
  auto waiting = zk.wait_until_exists(path(), kForever, boost::asio::use_future);
  ASSERT_TRUE(ok(other_.create<Text>(path(), "", CreateMode::kPersistent, block)));
  EXPECT_THAT(waiting.get(), Optional(true));
}

TEST_F(ZkClientTest, SubscriptionsSeeEveryState) {
  ZkClient zk(client());
  Told data;
  Told names;
  auto watching = zk.subscribe_data<Text>(path(), text_listener(data));
  auto listing = zk.subscribe_children(path(), child_listener(names));
  EXPECT_TRUE(eventually([&] { return data.ends_with("none") && names.ends_with("none"); }));
  ASSERT_TRUE(ok(other_.create<Text>(path(), "1", CreateMode::kPersistent, block)));
  EXPECT_TRUE(eventually([&] { return data.ends_with("=1") && names.ends_with(""); }));
  ASSERT_TRUE(ok(other_.create<Text>(path() + "/a", "", CreateMode::kPersistent, block)));
  ASSERT_TRUE(ok(other_.write<Text>(path(), "2", kAnyVersion, block)));
  EXPECT_TRUE(eventually([&] { return data.ends_with("=2") && names.ends_with("a"); }));
  ASSERT_TRUE(ok(other_.remove_recursive(path(), block)));
  EXPECT_TRUE(eventually([&] { return data.ends_with("none") && names.ends_with("none"); }));
  EXPECT_THAT(data.all(), ElementsAre("none", "=1", "=2", "none"));

  watching.reset();
  ASSERT_TRUE(ok(other_.create<Text>(path(), "3", CreateMode::kPersistent, block)));
  EXPECT_TRUE(eventually([&] { return names.ends_with(""); }));
  EXPECT_EQ(data.all().size(), 4U);
}

TEST_F(ZkClientTest, SubscriptionsOutliveTheSession) {
  CuttingProxy proxy(shared_server().port());
  Client client = fragile_client(proxy);
  ASSERT_TRUE(ok(other_.create<Text>(path(), "0", CreateMode::kPersistent, block)));
  Told data;
  auto watching = ZkClient(client).subscribe_data<Text>(path(), text_listener(data));
  ContentWatcher<Text> content(client, path());
  std::string text = "0";
  for (int i = 1; i < 20; ++i) {
    proxy.cut();
    text = std::to_string(i);
    ASSERT_TRUE(ok(other_.write<Text>(path(), text, kAnyVersion, block)));
  }
  EXPECT_TRUE(eventually([&] { return data.ends_with("=" + text); }));
  EXPECT_TRUE(eventually([&] {
    const auto newest = content.content();
    return newest && *newest == text;
  }));
}

TEST_F(ZkClientTest, RetriesUntilConnected) {
  CuttingProxy proxy(shared_server().port());
  Client client = connect(proxy.address(), {.retry = retry::None{}});
  const std::function<boost::asio::awaitable<Result<bool>>()> look = [&client] {
    return is_there(client, path());
  };
  ZkClient zk(client);
  for (int i = 0; i < 10; ++i) {
    proxy.cut();
    EXPECT_THAT(zk.retry_until_connected<bool>(look, kForever, block), Optional(false));
  }
}

TEST_F(ZkClientTest, QueueOfValues) {
  ZkQueue<BigEndianInt32> queue(client(), path());
  EXPECT_THAT(queue.poll(block), Optional(std::optional<std::int32_t>()));
  ASSERT_TRUE(ok(queue.offer(7, block)));
  ASSERT_TRUE(ok(queue.offer(8, block)));
  Client plain = client();
  EXPECT_THAT(children(plain, path()), ElementsAre("element-0000000000", "element-0000000001"));
  EXPECT_THAT(queue.size(block), Optional(2));
  EXPECT_THAT(queue.peek(block), Optional(Optional(7)));
  EXPECT_THAT(queue.poll(block), Optional(Optional(7)));
  EXPECT_THAT(queue.poll(block), Optional(Optional(8)));
}

}  // namespace
}  // namespace drover::test
