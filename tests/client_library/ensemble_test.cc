// The client of an ensemble whose members come and go. Whoever runs this stops and starts them: it
// gets a command on standard output ("> stop leader") and answers with a line when it is done. The
// members' addresses come in DROVER_TEST_ENSEMBLE, commas between.
#include <drover/client.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

namespace drover {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kPatience{120};

class EnsembleTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* servers = std::getenv("DROVER_TEST_ENSEMBLE");
    if (!servers) GTEST_SKIP() << "no ensemble in DROVER_TEST_ENSEMBLE";
    servers_ = servers;
  }
  static void tell(const std::string& command) {
    std::cout << "> " << command << std::endl;
    std::string answer;
    ASSERT_TRUE(std::getline(std::cin, answer));
  }
  [[nodiscard]] Client open(bool read_only = false) const {
    return value_or_throw(Client::open(servers_, {.session_timeout = milliseconds(10'000),
                                                  .connection_timeout = std::chrono::minutes(1),
                                                  .retry = retry::Forever{milliseconds(20)},
                                                  .read_only = read_only}));
  }

  std::string servers_;
};

TEST_F(EnsembleTest, TheSessionOutlivesItsServer) {
  Client client = open();
  const auto session = client.session_id();
  ASSERT_TRUE(client.create("/e", as_bytes(""), {.mode = CreateMode::kEphemeral}, block));
  ASSERT_TRUE(client.create("/s", as_bytes("0"), {}, block));
  auto tree = client.watch_tree("/s", false, block);
  ASSERT_TRUE(tree);
  for (int round = 0; round < 2; ++round) {
    tell("restart leader");
    const auto set = client.set("/s", as_bytes(std::to_string(round + 1)), {}, block);
    ASSERT_TRUE(set) << set.error().message;
    const auto read = client.get("/s", {.sync_first = true}, block);
    ASSERT_TRUE(read);
    EXPECT_EQ(as_text(read->data), std::to_string(round + 1));
    for (auto event = tree->next(kPatience, block);; event = tree->next(kPatience, block)) {
      ASSERT_TRUE(event) << event.error().message;
      if (event->type == EventType::kNodeDataChanged) break;
    }
  }
  EXPECT_EQ(client.session_id(), session);
  const auto owned = client.exists("/e", block);
  ASSERT_TRUE(owned && *owned);
  EXPECT_EQ((*owned)->ephemeral_owner, session);
}

TEST_F(EnsembleTest, AServerWithoutQuorumIsReadUntilThereIsABetterOne) {
  Client client = open(true);
  ASSERT_TRUE(client.create("/r", as_bytes("x"), {}, block));
  auto states = client.connection_states();
  const auto wait_for = [&](ConnectionState wanted) {
    for (auto state = states.next(kPatience, block);; state = states.next(kPatience, block)) {
      ASSERT_TRUE(state) << state.error().message;
      if (*state == wanted) return;
    }
  };
  tell("stop two");
  wait_for(ConnectionState::kReadOnly);
  EXPECT_EQ(client.state(), SessionState::kConnectedReadOnly);
  const auto read = client.get("/r", {}, block);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(as_text(read->data), "x");
  EXPECT_EQ(client.set("/r", as_bytes("y"), {}, block).error().code, ErrorCode::kNotReadOnly);
  tell("start two");
  wait_for(ConnectionState::kReconnected);
  EXPECT_EQ(client.state(), SessionState::kConnected);
  EXPECT_TRUE(client.set("/r", as_bytes("y"), {}, block));
}

}  // namespace
}  // namespace drover
