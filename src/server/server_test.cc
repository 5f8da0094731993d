// Goal: a whole server in this process, on a real port and a real folder, spoken to by a small raw
// client. What the protocol answers is tested elsewhere; here: start, stop, limits, words, several
// reactors, restart.

#include "server/server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace drover::server {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::ip::tcp;
using testing::HasSubstr;
using testing::StartsWith;

std::string be(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
  return out;
}
std::uint64_t from_be(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}
std::string text(std::string_view s) {
  return be(s.size(), 4) + std::string(s);
}

// Blocking; every read has a deadline through SO_RCVTIMEO, so that a server that hangs fails the
// test.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
    timeval timeout{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  }
  void send(const std::string& bytes) { asio::write(socket_, asio::buffer(bytes)); }
  void send_frame(const std::string& payload) { send(be(payload.size(), 4) + payload); }
  // Empty when the server ended the connection.
  std::string receive_frame() {
    std::string head(4, '\0');
    boost::system::error_code end;
    asio::read(socket_, asio::buffer(head), end);
    if (end) return {};
    std::string payload(from_be(head), '\0');
    asio::read(socket_, asio::buffer(payload), end);
    return payload;
  }
  std::string receive_all() {
    std::string all;
    boost::system::error_code end;
    asio::read(socket_, asio::dynamic_buffer(all), end);
    return all;
  }
  // Opens a session, or goes on with `session`; answers its id, 0 when refused.
  std::uint64_t open_session(std::uint64_t session = 0,
                             const std::string& password = std::string(16, '\0')) {
    send_frame(be(0, 4) + be(0, 8) + be(10000, 4) + be(session, 8) + text(password) + be(0, 1));
    const std::string answer = receive_frame();
    if (answer.size() != 37) return 0;
    password_ = answer.substr(20, 16);
    return from_be(answer.substr(8, 8));
  }
  [[nodiscard]] const std::string& password() const { return password_; }

  static std::string create(std::uint32_t xid, const std::string& path, const std::string& data) {
    return be(xid, 4) + be(1, 4) + text(path) + text(data) + be(1, 4) + be(31, 4) + text("world") +
           text("anyone") + be(0, 4);
  }
  static std::string get(std::uint32_t xid, const std::string& path) {
    return be(xid, 4) + be(4, 4) + text(path) + be(0, 1);
  }
  static std::string set(std::uint32_t xid, const std::string& path, const std::string& data) {
    return be(xid, 4) + be(5, 4) + text(path) + text(data) + be(0xffffffff, 4);
  }

 private:
  asio::io_context context_;
  tcp::socket socket_{context_};
  std::string password_;
};

struct Answer {
  std::uint32_t xid;
  std::uint64_t zxid;
  std::int32_t error;
  std::string body;
};
Answer answer_of(const std::string& payload) {
  EXPECT_GE(payload.size(), 16u);
  if (payload.size() < 16) return {};
  return {static_cast<std::uint32_t>(from_be(payload.substr(0, 4))), from_be(payload.substr(4, 8)),
          static_cast<std::int32_t>(from_be(payload.substr(12, 4))), payload.substr(16)};
}
std::string data_of(const Answer& answer) {
  return answer.body.substr(4, from_be(answer.body.substr(0, 4)));
}

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    std::ranges::replace(name, '/', '-');
    folder_ = fs::temp_directory_path() / fmt::format("drover-server-test-{}-{}", ::getpid(), name);
    config_.client_port = 0;
    config_.client_port_address = "127.0.0.1";
    config_.data_dir = folder_ / "data";
    config_.preallocate_kb = 64;
    config_.four_letter_words = "*";
    config_.admin_enabled = false;
  }
  ~ServerTest() override {
    server_.reset();
    fs::remove_all(folder_);
  }
  void start() {
    auto started = Server::start(config_, log_);
    ASSERT_TRUE(started.has_value()) << started.error().message;
    server_ = std::move(*started);
  }
  [[nodiscard]] std::string word(const std::string& name) const {
    RawClient client(server_->port());
    client.send(name);
    return client.receive_all();
  }
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_ / "data" / "version-2"))
      names.push_back(entry.path().filename());
    return names;
  }

  fs::path folder_;
  Config config_;
  base::NullLog log_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, ServesSessionsAndWords) {
  start();
  RawClient client(server_->port());
  ASSERT_NE(client.open_session(), 0u);
  client.send_frame(RawClient::create(1, "/a", "hello"));
  EXPECT_EQ(answer_of(client.receive_frame()).error, 0);
  client.send_frame(RawClient::get(2, "/a"));
  EXPECT_EQ(data_of(answer_of(client.receive_frame())), "hello");
  EXPECT_EQ(word("ruok"), "imok");
  EXPECT_THAT(word("srvr"), HasSubstr("Zxid: 0x2\nMode: standalone\nNode count: 6\n"));
  EXPECT_THAT(word("mntr"), StartsWith("zk_version\t"));
}

TEST_F(ServerTest, RequestsPipelinedWithTheHandshakeAreServed) {
  start();
  RawClient client(server_->port());
  const std::string connect =
      be(0, 4) + be(0, 8) + be(10000, 4) + be(0, 8) + text(std::string(16, '\0')) + be(0, 1);
  const std::string create = RawClient::create(1, "/p", "x");
  const std::string get = RawClient::get(2, "/p");
  client.send(be(connect.size(), 4) + connect + be(create.size(), 4) + create + be(get.size(), 4) +
              get);
  EXPECT_EQ(client.receive_frame().size(), 37u);
  EXPECT_EQ(answer_of(client.receive_frame()).xid, 1u);
  EXPECT_EQ(data_of(answer_of(client.receive_frame())), "x");
}

TEST_F(ServerTest, TheAdminPortIsThereWhenAskedForAndTakenPortsAreToldOf) {
  config_.admin_enabled = true;
  config_.admin_address = "127.0.0.1";
  config_.admin_port = 0;
  start();
  RawClient browser(server_->admin_port());
  browser.send("GET /livez HTTP/1.0\r\n\r\n");
  EXPECT_THAT(browser.receive_all(), HasSubstr("\r\n\r\nok\n"));

  Config second = config_;
  second.data_dir = folder_ / "second";
  second.admin_port = server_->admin_port();
  const auto refused = Server::start(second, log_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ExitCode::kAdminPortTaken);
  second.admin_enabled.reset();
  const auto without = Server::start(second, log_);
  ASSERT_TRUE(without.has_value()) << without.error().message;
  EXPECT_EQ((*without)->admin_port(), 0);
}

// A read between two writes of one pipeline sees the first and not the second, although both
// commits may come in one batch; with several reactors the lane is on another thread than the
// replica.
class ServerReactorsTest : public ServerTest, public testing::WithParamInterface<std::uint32_t> {};

TEST_P(ServerReactorsTest, ReadsSeeExactlyTheEarlierWritesOfTheirSession) {
  constexpr std::uint32_t kRounds = 300;
  config_.reactors = GetParam();
  start();
  std::vector<std::thread> threads;
  for (int c = 0; c < 4; ++c) {
    threads.emplace_back([this, c] {
      RawClient client(server_->port());
      ASSERT_NE(client.open_session(), 0u);
      const std::string path = fmt::format("/n{}", c);
      client.send_frame(RawClient::create(1, path, "-"));
      ASSERT_EQ(answer_of(client.receive_frame()).error, 0);
      std::string burst;
      for (std::uint32_t i = 0; i < kRounds; ++i) {
        for (const auto& payload :
             {RawClient::set(2 * i, path, std::to_string(i)), RawClient::get(2 * i + 1, path)}) {
          burst += be(payload.size(), 4) + payload;
        }
      }
      client.send(burst);
      std::uint64_t zxid = 0;
      for (std::uint32_t i = 0; i < kRounds; ++i) {
        const Answer written = answer_of(client.receive_frame());
        ASSERT_EQ(written.xid, 2 * i);
        ASSERT_EQ(written.error, 0);
        ASSERT_GT(written.zxid, zxid);
        const Answer read = answer_of(client.receive_frame());
        ASSERT_EQ(read.xid, 2 * i + 1);
        ASSERT_EQ(data_of(read), std::to_string(i));
        ASSERT_GE(read.zxid, written.zxid);
        zxid = read.zxid;
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST_P(ServerReactorsTest, WordsAddUpAllReactors) {
  config_.reactors = GetParam();
  start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<RawClient>(server_->port()));
    ASSERT_NE(clients.back()->open_session(), 0u);
  }
  EXPECT_THAT(word("srvr"), HasSubstr("Connections: 6\n"));
  EXPECT_THAT(word("dump"), HasSubstr("/(5):\n"));
}

INSTANTIATE_TEST_SUITE_P(Reactors, ServerReactorsTest, testing::Values(1, 2, 4));

TEST_F(ServerTest, StateAndSessionSurviveARestart) {
  start();
  std::uint64_t session = 0;
  std::string password;
  {
    RawClient client(server_->port());
    session = client.open_session();
    password = client.password();
    client.send_frame(RawClient::create(1, "/kept", "value"));
    ASSERT_EQ(answer_of(client.receive_frame()).error, 0);
  }
  server_->stop();
  server_.reset();
  EXPECT_THAT(files(), testing::IsSupersetOf({std::string("snapshot.0"), std::string("log.1")}));
  start();
  EXPECT_THAT(files(), testing::Contains("snapshot.2"))
      << "replayed txns are folded into a snapshot at start";
  RawClient client(server_->port());
  EXPECT_EQ(client.open_session(session, password), session);
  client.send_frame(RawClient::get(1, "/kept"));
  EXPECT_EQ(data_of(answer_of(client.receive_frame())), "value");
}

TEST_F(ServerTest, SnapshotsAreTakenWhileServing) {
  config_.snapshot_every_txns = 50;
  start();
  RawClient client(server_->port());
  ASSERT_NE(client.open_session(), 0u);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::size_t snapshots = 0;
  for (std::uint32_t i = 0; snapshots < 3 && std::chrono::steady_clock::now() < deadline; ++i) {
    client.send_frame(RawClient::create(i, fmt::format("/s{}", i), "x"));
    ASSERT_EQ(answer_of(client.receive_frame()).error, 0);
    snapshots = static_cast<std::size_t>(std::ranges::count_if(
        files(), [](const std::string& name) { return name.starts_with("snapshot."); }));
  }
  EXPECT_GE(snapshots, 3u);
}

TEST_F(ServerTest, ConnectionsPerAddressAreLimited) {
  config_.connections_per_ip_max = 2;
  start();
  RawClient first(server_->port());
  ASSERT_NE(first.open_session(), 0u);
  {
    RawClient second(server_->port());
    ASSERT_NE(second.open_session(), 0u);
    RawClient third(server_->port());
    try {
      EXPECT_EQ(third.open_session(), 0u);
    } catch (const boost::system::system_error&) {  // NOLINT(bugprone-empty-catch)
      // The reset came before the request was sent.
    }
  }
  first.send_frame(RawClient::get(1, "/"));
  EXPECT_EQ(answer_of(first.receive_frame()).error, 0);
}

TEST_F(ServerTest, BadLengthEndsOneConnectionOnly) {
  start();
  RawClient good(server_->port());
  ASSERT_NE(good.open_session(), 0u);
  for (const std::uint64_t length : {0xffffffffULL, 0x00100000ULL, 0x7fffffffULL}) {
    RawClient bad(server_->port());
    bad.send(be(length, 4) + "junk");
    EXPECT_EQ(bad.receive_frame(), "") << length;
  }
  good.send_frame(RawClient::get(1, "/"));
  EXPECT_EQ(answer_of(good.receive_frame()).error, 0);
}

TEST_F(ServerTest, WordsThatAreNotListedAreRefused) {
  config_.four_letter_words = "ruok";
  start();
  EXPECT_EQ(word("ruok"), "imok");
  EXPECT_EQ(word("mntr"), "mntr is not executed because it is not in the whitelist.\n");
  EXPECT_THAT(word("srvr"), HasSubstr("Mode: standalone"));
}

TEST_F(ServerTest, PortInUse) {
  start();
  Config second = config_;
  second.client_port = server_->port();
  second.data_dir = folder_ / "other";
  const auto started = Server::start(second, log_);
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, ExitCode::kFailed);
  EXPECT_THAT(started.error().message, HasSubstr("Address already in use"));
}

TEST_F(ServerTest, FolderInUse) {
  start();
  const auto started = Server::start(config_, log_);
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code, ExitCode::kDataDirUnusable);
  EXPECT_THAT(started.error().message, HasSubstr((folder_ / "data").string()));
}

TEST_F(ServerTest, StopEndsConnectionsAndMayBeCalledTwice) {
  start();
  RawClient client(server_->port());
  ASSERT_NE(client.open_session(), 0u);
  server_->stop();
  EXPECT_EQ(client.receive_frame(), "");
  server_->stop();
}

}  // namespace
}  // namespace drover::server
