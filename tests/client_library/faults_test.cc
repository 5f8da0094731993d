// The client when the network or the server fails it, through a proxy that a test commands.
#include <drover/client.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>

#include "client_library/fixture.h"
#include "client_library/proxy.h"

namespace drover {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::SizeIs;

class ClientFaultsTest : public ClientLibraryTest {
 protected:
  void SetUp() override {
    ClientLibraryTest::SetUp();
    if (!server_.empty()) proxy = std::make_unique<Proxy>(server_);
  }
  [[nodiscard]] ClientOptions without_retries() const {
    auto chosen = options();
    chosen.retry = retry::None{};
    return chosen;
  }
  // Waits until `holds` does.
  template <typename F>
  void wait_until(F holds) {
    const auto end = steady_clock::now() + kPatience;
    while (!holds() && steady_clock::now() < end) std::this_thread::yield();
    ASSERT_TRUE(holds());
  }

  std::unique_ptr<Proxy> proxy;
};

TEST_F(ClientFaultsTest, ALostAnswerIsAnUnknownOutcome) {
  Client client = open(proxy->address(), without_retries());
  proxy->lose_replies(true);
  auto made = client.create(at("/a"), as_bytes("x"), {}, asio::use_future);
  wait_until([&] { return proxy->lost() > 0; });
  proxy->cut();
  const auto answer = made.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kConnectionLoss);
  EXPECT_EQ(error_class(answer.error().code), ErrorClass::kOutcomeUnknown);
  EXPECT_TRUE(*open().exists(at("/a"), block)) << "it was executed after all";
}

TEST_F(ClientFaultsTest, WhatWasNotSentSaysSo) {
  auto quick = without_retries();
  quick.connection_timeout = milliseconds(100);
  Client client = open(proxy->address(), quick);
  auto states = client.connection_states();
  proxy->refuse(true);
  proxy->cut();
  ASSERT_EQ(*states.next(kPatience, block), ConnectionState::kSuspended);
  const auto answer = client.create(at("/a"), as_bytes("x"), {}, block);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kNotSent);
  EXPECT_EQ(error_class(answer.error().code), ErrorClass::kNotApplied);
  EXPECT_FALSE(*open().exists(at("/a"), block));
}

TEST_F(ClientFaultsTest, ReadsAreAskedAgain) {
  Client client = open(proxy->address(), options());
  proxy->lose_replies(true);
  auto read = client.get(root_, {}, asio::use_future);
  wait_until([&] { return proxy->lost() > 0; });
  proxy->lose_replies(false);
  proxy->cut();
  const auto answer = read.get();
  EXPECT_TRUE(answer) << answer.error().message;
}

TEST_F(ClientFaultsTest, CallsWaitForTheConnectionInTheirOrder) {
  Client client = open(proxy->address(), options());
  auto states = client.connection_states();
  proxy->refuse(true);
  proxy->cut();
  ASSERT_EQ(*states.next(kPatience, block), ConnectionState::kSuspended);
  std::vector<std::future<Result<Stat>>> sets;
  for (int i = 0; i < 20; ++i) {
    sets.push_back(client.set(root_, as_bytes(std::to_string(i)), {}, asio::use_future));
  }
  proxy->refuse(false);
  std::int32_t version = 0;
  for (auto& set : sets) {
    const auto stat = set.get();
    ASSERT_TRUE(stat) << stat.error().message;
    EXPECT_GT(stat->version, version);
    version = stat->version;
  }
}

// The answer to a protected create is lost: the znode is found again, not made twice.
TEST_F(ClientFaultsTest, AProtectedCreateIsFoundAfterALostAnswer) {
  Client client = open(proxy->address(), options());
  proxy->lose_replies(true);
  auto made =
      client.create(at("/lock-"), as_bytes("x"),
                    {.mode = CreateMode::kEphemeralSequential, .protect = true}, asio::use_future);
  wait_until([&] { return proxy->lost() > 0; });
  proxy->lose_replies(false);
  proxy->cut();
  const auto answer = made.get();
  ASSERT_TRUE(answer) << answer.error().message;
  const auto listing = open().children(root_, block);
  ASSERT_THAT(listing->names, SizeIs(1));
  EXPECT_EQ(answer->path, at("/" + listing->names[0]));
  EXPECT_EQ(answer->stat.ephemeral_owner, client.session_id());
}

// ... and one that nobody waits for any more is removed.
TEST_F(ClientFaultsTest, ACancelledProtectedCreateLeavesNothing) {
  Client client = open(proxy->address(), options());
  const auto cancelled = run_blocking(
      client.get_executor(),
      [](Client self, std::string path, Proxy& relay) -> asio::awaitable<Result<void>> {
        using namespace asio::experimental::awaitable_operators;
        relay.freeze(true);
        asio::steady_timer timer(self.get_executor(), milliseconds(50));
        const auto first =
            co_await (self.create(path, as_bytes("x"),
                                  {.mode = CreateMode::kEphemeralSequential, .protect = true}) ||
                      timer.async_wait(asio::use_awaitable));
        relay.freeze(false);
        if (first.index() != 1) co_return failure("it was not cancelled");
        co_return Result<void>();
      }(client, at("/lock-"), *proxy));
  ASSERT_TRUE(cancelled) << cancelled.error().message;
  Client other = open();
  // It is created when the relay goes on, and removed then.
  wait_until([&] {
    const auto stat = other.exists(root_, block);
    return stat && *stat && (*stat)->cversion == 2 && (*stat)->num_children == 0;
  });
}

TEST_F(ClientFaultsTest, AGuaranteedRemovalIsDoneInTheBackground) {
  auto no_retries = without_retries();
  no_retries.connection_timeout = milliseconds(50);
  Client client = open(proxy->address(), no_retries);
  Client other = open();
  for (const auto* name : {"/a", "/b"}) {
    ASSERT_TRUE(client.create(at(name), as_bytes(""), {}, block));
  }
  auto states = client.connection_states();
  proxy->refuse(true);
  proxy->cut();
  ASSERT_EQ(*states.next(kPatience, block), ConnectionState::kSuspended);
  const auto removed = client.remove(at("/a"), {.guaranteed = true}, block);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, ErrorCode::kNotSent);
  client.remove_in_background(at("/b"));
  proxy->refuse(false);
  for (const auto* name : {"/a", "/b"}) {
    auto left = other.watch_exists(at(name), block);
    ASSERT_TRUE(left);
    if (left->value) {
      EXPECT_TRUE(left->changed.fired(kPatience, block));
    }
  }
}

TEST_F(ClientFaultsTest, ARequestThatTakesTooLongIsGivenUp) {
  auto impatient = without_retries();
  impatient.request_timeout = milliseconds(100);
  impatient.session_timeout = std::chrono::minutes(1);
  Client client = open(proxy->address(), impatient);
  proxy->freeze(true);
  const auto answer = client.get(root_, {}, block);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kRequestTimeout);
  proxy->freeze(false);
  EXPECT_TRUE(client.wait_connected(kPatience, block));
}

// A server that falls silent: suspended after two thirds of the timeout, lost after the whole,
// both from the last byte heard; and a new session when it is back.
TEST_F(ClientFaultsTest, AFrozenServerIsSuspendedThenLost) {
  Client client = open(proxy->address(), options());
  auto states = client.connection_states();
  const auto session = client.session_id();
  const auto timeout = client.negotiated_timeout();
  ASSERT_TRUE(client.get(root_, {}, block));
  const auto suspect = client.suspect_token();
  EXPECT_FALSE(suspect.stop_requested());
  const auto heard = steady_clock::now();
  proxy->freeze(true);
  ASSERT_EQ(*states.next(kPatience, block), ConnectionState::kSuspended);
  const auto suspended = steady_clock::now() - heard;
  EXPECT_TRUE(suspect.stop_requested());
  ASSERT_EQ(*states.next(kPatience, block), ConnectionState::kLost);
  const auto lost = steady_clock::now() - heard;
  EXPECT_GE(suspended, timeout / 2);
  EXPECT_GE(lost, timeout * 9 / 10);
  EXPECT_LT(suspended, lost);
  proxy->freeze(false);
  proxy->cut();
  ASSERT_EQ(*states.next(kPatience, block), ConnectionState::kReconnected);
  EXPECT_NE(client.session_id(), session);
  EXPECT_TRUE(client.get(root_, {}, block));
}

TEST_F(ClientFaultsTest, AShortBreakKeepsTheSession) {
  Client client = open(proxy->address(), options());
  std::vector<ConnectionState> seen;
  std::mutex mutex;
  auto subscription = client.on_connection_state([&](ConnectionState state) {
    const std::lock_guard lock(mutex);
    seen.push_back(state);
  });
  auto states = client.connection_states();
  const auto session = client.session_id();
  ASSERT_TRUE(client.create(at("/e"), as_bytes(""), {.mode = CreateMode::kEphemeral}, block));
  proxy->cut();
  ASSERT_EQ(*states.next(kPatience, block), ConnectionState::kSuspended);
  ASSERT_EQ(*states.next(kPatience, block), ConnectionState::kReconnected);
  EXPECT_EQ(client.session_id(), session);
  EXPECT_TRUE(*client.exists(at("/e"), block));
  {
    const std::lock_guard lock(mutex);
    EXPECT_THAT(seen,
                testing::ElementsAre(ConnectionState::kSuspended, ConnectionState::kReconnected));
  }
  subscription.reset();
}

TEST_F(ClientFaultsTest, ManyCutsLoseNoAnswer) {
  auto patient = options();
  patient.retry = retry::Forever{milliseconds(1)};
  Client client = open(proxy->address(), patient);
  std::atomic<int> answered = 0;
  std::atomic<int> failed = 0;
  constexpr int kCount = 3000;
  std::promise<void> all;
  int cuts = 0;
  for (int i = 0; i < kCount; ++i) {
    const auto done = [&](bool is_well) {
      if (!is_well) ++failed;
      if (++answered == kCount) all.set_value();
    };
    if (i % 3 == 0) {
      client.set(root_, as_bytes("x"), {}, [done](const Result<Stat>& stat) { done(!!stat); });
    } else {
      client.get(root_, {}, [done](const Result<Node>& node) { done(!!node); });
    }
    if (i % 1000 == 500) {
      proxy->cut();
      ++cuts;
    }
  }
  ASSERT_EQ(all.get_future().wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(cuts, 3);
}

TEST_F(ClientFaultsTest, ClosingDoesNotWaitForAServerThatIsGone) {
  Client client = open(proxy->address(), options());
  auto states = client.connection_states();
  proxy->refuse(true);
  proxy->cut();
  ASSERT_EQ(*states.next(kPatience, block), ConnectionState::kSuspended);
  auto pending = client.get(root_, {}, asio::use_future);
  const auto closed = client.close(block);
  EXPECT_EQ(closed ? ErrorCode::kOk : closed.error().code, ErrorCode::kConnectionLoss);
  EXPECT_EQ(pending.get().error().code, ErrorCode::kClosed);
}

TEST_F(ClientFaultsTest, AnotherServerIsTakenFromANewList) {
  Proxy other(server_);
  Client client = open(proxy->address(), options());
  EXPECT_EQ(client.set_servers("a:b").error().code, ErrorCode::kBadArguments);
  EXPECT_EQ(client.set_servers("a/b").error().code, ErrorCode::kBadArguments);
  auto states = client.connection_states();
  ASSERT_TRUE(client.set_servers(other.address()));
  ASSERT_EQ(*states.next(kPatience, block), ConnectionState::kSuspended);
  ASSERT_EQ(*states.next(kPatience, block), ConnectionState::kReconnected);
  EXPECT_TRUE(client.get(root_, {}, block));
  EXPECT_GT(other.sent(), 0u);
}

}  // namespace
}  // namespace drover
