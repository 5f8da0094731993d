// Goal: acceptor, connection, readiness and deadline do on real loopback sockets what their headers
// promise.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <optional>
#include <string>

#include "net/acceptor.h"
#include "net/connection.h"
#include "net/deadline.h"
#include "net/readiness.h"

namespace drover::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr auto kDeadline = seconds(10);

class NetTest : public testing::Test {
 protected:
  // Runs the context until `done`, at most kDeadline.
  template <typename Done>
  void run_until(Done done) {
    const auto end = std::chrono::steady_clock::now() + kDeadline;
    while (!done() && std::chrono::steady_clock::now() < end) {
      context.restart();
      context.run_one_for(std::chrono::milliseconds(100));
    }
    ASSERT_TRUE(done());
  }

  // A connected pair: `connection` is what a server accepted, `peer` the client.
  void connect() {
    auto listening = Acceptor::listen(context, {.address = "127.0.0.1"});
    ASSERT_TRUE(listening.has_value()) << listening.error().message;
    acceptor = std::move(*listening);
    acceptor->start([this]() -> asio::io_context& { return context; },
                    [this](tcp::socket socket) { connection.emplace(std::move(socket), false); },
                    [](const std::string& why) { FAIL() << why; });
    peer.connect(acceptor->local_endpoint());
    run_until([this] { return connection.has_value(); });
    ASSERT_TRUE(readiness.add(connection->descriptor(), kKey));
  }

  void wait_readable() {
    readable = false;
    run_until([this] { return readable; });
  }

  static constexpr std::uint64_t kKey = 7;
  asio::io_context context{1};
  bool readable = false;
  bool writable = false;
  bool ended = false;
  int told = 0;    // descriptors
  int rounds = 0;  // ends of a wake-up
  Readiness readiness{context,
                      [this](const Ready& ready) {
                        EXPECT_EQ(ready.key, kKey);
                        readable = readable || ready.readable;
                        writable = writable || ready.writable;
                        ended = ended || ready.ended;
                        ++told;
                      },
                      [this] { ++rounds; }};
  std::unique_ptr<Acceptor> acceptor;
  tcp::socket peer{context};
  std::optional<Connection> connection;
  std::vector<char> scratch = std::vector<char>(65536);
};

TEST_F(NetTest, PortZeroPicksAFreeOne) {
  connect();
  EXPECT_NE(acceptor->local_endpoint().port(), 0);
}

TEST_F(NetTest, PortInUseIsOneClearError) {
  connect();
  const auto second = Acceptor::listen(
      context, {.address = "127.0.0.1", .port = acceptor->local_endpoint().port()});
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().message, HasSubstr("cannot listen on 127.0.0.1:"));
  EXPECT_THAT(second.error().message, HasSubstr("Address already in use"));
}

TEST_F(NetTest, EmptyAddressListensOnIpv4AndIpv6) {
  auto listening = Acceptor::listen(context, {});
  ASSERT_TRUE(listening.has_value());
  std::string seen;
  (*listening)
      ->start(
          [this]() -> asio::io_context& { return context; },
          [&seen](tcp::socket socket) { seen = address_text(socket.remote_endpoint().address()); },
          [](const std::string&) {});
  peer.connect({asio::ip::address_v4::loopback(), (*listening)->local_endpoint().port()});
  run_until([&seen] { return !seen.empty(); });
  EXPECT_EQ(seen, "127.0.0.1") << "an IPv4 client shows as one";
}

TEST_F(NetTest, UnknownAddressIsOneClearError) {
  const auto listening = Acceptor::listen(context, {.address = "256.256.256.256"});
  ASSERT_FALSE(listening.has_value());
  EXPECT_THAT(listening.error().message, HasSubstr("256.256.256.256:0: unknown address"));
}

TEST_F(NetTest, ReadTellsBytesNothingAndEnd) {
  connect();
  EXPECT_EQ(connection->read(scratch).io, Connection::Io::kWouldBlock);
  asio::write(peer, asio::buffer("hello", 5));
  wait_readable();
  const auto result = connection->read(scratch);
  EXPECT_EQ(result.io, Connection::Io::kDone);
  EXPECT_EQ(std::string(scratch.data(), result.bytes), "hello");
  EXPECT_FALSE(ended);
  peer.shutdown(tcp::socket::shutdown_send);
  wait_readable();
  EXPECT_TRUE(ended);
  EXPECT_EQ(connection->read(scratch).io, Connection::Io::kClosed);
}

TEST_F(NetTest, HalfClosedPeerStillGetsTheAnswer) {
  connect();
  asio::write(peer, asio::buffer("ruok", 4));
  peer.shutdown(tcp::socket::shutdown_send);
  wait_readable();
  EXPECT_EQ(connection->read(scratch).bytes, 4u);
  base::ByteBuffer output;
  output.append("imok");
  EXPECT_EQ(connection->write(output), Connection::Io::kDone);
  connection->close(scratch);
  std::string answer;
  boost::system::error_code end;
  asio::read(peer, asio::dynamic_buffer(answer), end);
  EXPECT_EQ(end, asio::error::eof);
  EXPECT_EQ(answer, "imok");
}

TEST_F(NetTest, WriteStopsWhenThePeerDoesNotReadAndGoesOnWhenItDoes) {
  connect();
  base::ByteBuffer output;
  const std::string content(32u << 20, 'x');
  output.append(content);
  ASSERT_EQ(connection->write(output), Connection::Io::kWouldBlock);
  ASSERT_GT(output.size(), 0u);
  std::size_t received = 0;
  std::vector<char> sink(1 << 20);
  bool done = false;
  while (!done) {
    received += peer.read_some(asio::buffer(sink));
    writable = false;
    done = connection->write(output) == Connection::Io::kDone;
    while (!done && !writable && received < content.size()) {
      received += peer.read_some(asio::buffer(sink));
      context.restart();
      context.poll();
    }
  }
  while (received < content.size()) received += peer.read_some(asio::buffer(sink));
  EXPECT_EQ(received, content.size());
}

TEST_F(NetTest, CloseWithUnreadInputDeliversTheLastAnswer) {
  connect();
  asio::write(peer, asio::buffer("stat and more that nobody reads", 31));
  wait_readable();
  base::ByteBuffer output;
  output.append("last words");
  EXPECT_EQ(connection->write(output), Connection::Io::kDone);
  connection->close(scratch);
  std::string answer;
  boost::system::error_code end;
  asio::read(peer, asio::dynamic_buffer(answer), end);
  EXPECT_EQ(end, asio::error::eof) << end.message();
  EXPECT_EQ(answer, "last words");
}

TEST_F(NetTest, ResetIsSeenAsSuch) {
  connect();
  connection->reset();
  char byte = 0;
  boost::system::error_code end;
  peer.read_some(asio::buffer(&byte, 1), end);
  EXPECT_EQ(end, asio::error::connection_reset);
}

TEST_F(NetTest, ReadinessTellsOncePerArrival) {
  connect();
  asio::write(peer, asio::buffer("one", 3));
  wait_readable();
  EXPECT_EQ(connection->read(scratch).bytes, 3u);
  const int told_before = told;
  context.restart();
  context.poll();
  EXPECT_EQ(told, told_before) << "nothing has happened since";
  asio::write(peer, asio::buffer("two", 3));
  wait_readable();
  EXPECT_EQ(connection->read(scratch).bytes, 3u);
}

TEST_F(NetTest, ReadinessTellsOfAllInOneRound) {
  connect();
  std::vector<std::unique_ptr<tcp::socket>> peers;
  std::vector<std::unique_ptr<Connection>> others;
  acceptor->close();
  auto listening = Acceptor::listen(context, {.address = "127.0.0.1"});
  ASSERT_TRUE(listening.has_value());
  (*listening)
      ->start([this]() -> asio::io_context& { return context; },
              [&others](tcp::socket socket) {
                others.push_back(std::make_unique<Connection>(std::move(socket), false));
              },
              [](const std::string& why) { FAIL() << why; });
  for (std::size_t i = 0; i < 10; ++i) {
    peers.push_back(std::make_unique<tcp::socket>(context));
    peers.back()->connect((*listening)->local_endpoint());
    run_until([&] { return others.size() == i + 1; });
  }
  for (auto& other : others) {
    asio::write(*peers[static_cast<std::size_t>(&other - others.data())], asio::buffer("x", 1));
  }
  readable = false;
  told = rounds = 0;
  for (auto& other : others) ASSERT_TRUE(readiness.add(other->descriptor(), kKey));
  run_until([this] { return told >= 10; });
  EXPECT_EQ(rounds, 1);
  EXPECT_EQ(told, 10);
}

TEST_F(NetTest, AClosedConnectionIsNotToldOf) {
  connect();
  context.restart();
  context.poll();  // that it can be written to
  connection->close({});
  EXPECT_EQ(connection->descriptor(), -1);
  const int told_before = told;
  peer.close();
  context.restart();
  context.poll();
  EXPECT_EQ(told, told_before);
}

TEST_F(NetTest, NoDelayIsOn) {
  auto listening = Acceptor::listen(context, {.address = "127.0.0.1"});
  ASSERT_TRUE(listening.has_value());
  tcp::socket accepted(context);
  bool done = false;
  (*listening)
      ->start([this]() -> asio::io_context& { return context; },
              [&](tcp::socket socket) {
                const int handle = ::dup(socket.native_handle());
                const Connection made(std::move(socket), true);
                accepted.assign(tcp::v4(), handle);
                done = true;
              },
              [](const std::string&) {});
  peer.connect((*listening)->local_endpoint());
  run_until([&done] { return done; });
  tcp::no_delay no_delay;
  asio::socket_base::keep_alive keep_alive;
  accepted.get_option(no_delay);
  accepted.get_option(keep_alive);
  EXPECT_TRUE(static_cast<bool>(no_delay));
  EXPECT_TRUE(static_cast<bool>(keep_alive));
}

TEST(AddressTextTest, AsJavaPrintsThem) {
  EXPECT_EQ(address_text(asio::ip::make_address("10.0.0.1")), "10.0.0.1");
  EXPECT_EQ(address_text(asio::ip::make_address("::1")), "0:0:0:0:0:0:0:1");
  EXPECT_EQ(address_text(asio::ip::make_address("::ffff:10.0.0.1")), "10.0.0.1");
  EXPECT_EQ(address_text(asio::ip::make_address("2001:db8::00ff:0")), "2001:db8:0:0:0:0:ff:0");
}

TEST_F(NetTest, DeadlineFiresOnceAndCanComeCloser) {
  int fired = 0;
  Deadline deadline(context, [&fired] { ++fired; });
  const auto start = std::chrono::steady_clock::now();
  deadline.at(start + std::chrono::hours(1));
  deadline.at(start + std::chrono::milliseconds(1));
  deadline.at(start + std::chrono::hours(2));
  run_until([&fired] { return fired > 0; });
  EXPECT_EQ(fired, 1);
  EXPECT_LT(std::chrono::steady_clock::now() - start, kDeadline);
  deadline.at(std::nullopt);
  deadline.cancel();
}

}  // namespace
}  // namespace drover::net
