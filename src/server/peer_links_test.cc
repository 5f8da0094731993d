// Goal: streams between servers on real sockets: each is told of once when it comes up and once
// when it ends, whoever ended it; what is queued leaves; strangers are bounded in number.

#include "server/peer_links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/write.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace drover::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::ElementsAre;
using testing::SizeIs;
using zab::LinkId;

std::uint16_t free_port(asio::io_context& context) {
  return tcp::acceptor(context, {asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
}

// A core that only notes what it hears.
class Host {
 public:
  explicit Host(asio::io_context& context, std::size_t accepted_max = 256)
      : port(free_port(context)),
        quorum_port(free_port(context)),
        links(
            context,
            {.election_address = "127.0.0.1",
             .election_port = port,
             .quorum_address = "127.0.0.1",
             .quorum_port = quorum_port,
             .accepted_max = accepted_max},
            log_,
            {.on_accepted =
                 [this](zab::Port port_in) {
                   const LinkId id = make(port_in).id;
                   accepted.push_back(id);
                   return id;
                 },
             .link = [this](LinkId id) { return &known_.at(id); },
             .on_connected = [this](LinkId id) { connected.push_back(id); },
             .on_bytes = [this](LinkId id, std::string_view bytes) { received[id].append(bytes); },
             .on_drained = [this](LinkId id) { drained.push_back(id); },
             .on_closed = [this](LinkId id) { closed.push_back(id); }}) {}

  zab::Link& make(zab::Port port_in = zab::Port::kElection) {
    const LinkId id(++last_);
    zab::Link& link = known_[id];
    link.id = id;
    link.port = port_in;
    return link;
  }
  zab::Link& dial(const std::string& host, std::uint16_t port_number) {
    zab::Link& link = make();
    links.dial({.link = link.id,
                .port = zab::Port::kElection,
                .to = zab::ServerId(9),
                .host = host,
                .port_number = port_number});
    return link;
  }
  void say(zab::Link& link, std::string_view text) {
    link.output.append(text);
    links.flush(link);
  }

  std::uint16_t port, quorum_port;
  std::vector<LinkId> accepted, connected, drained, closed;
  std::map<LinkId, std::string> received;

 private:
  std::map<LinkId, zab::Link> known_;
  std::uint64_t last_ = 0;
  base::NullLog log_;

 public:
  PeerLinks links;
};

class PeerLinksTest : public testing::Test {
 protected:
  template <typename Condition>
  void run_until(Condition condition) {
    const auto give_up_at = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up_at);
      context_.run_one_for(std::chrono::milliseconds(100));
      context_.restart();
    }
  }
  void listen(Host& host) {
    ASSERT_TRUE(host.links.listen());
    host.links.start();
  }

  asio::io_context context_;
};

TEST_F(PeerLinksTest, BytesGoBothWaysAndEachEndIsToldOnce) {
  Host one(context_), two(context_);
  listen(two);
  zab::Link& out = one.dial("localhost", two.port);  // a name: resolved on the way
  run_until([&] { return !one.connected.empty() && !two.accepted.empty(); });
  one.say(out, "hello");
  const LinkId in = two.accepted[0];
  run_until([&] { return two.received[in] == "hello"; });
  EXPECT_THAT(one.drained, ElementsAre(out.id));
  out.output.append("last words");
  out.close = true;
  one.links.flush(out);
  run_until([&] { return !one.closed.empty() && !two.closed.empty(); });
  EXPECT_EQ(two.received[in], "hellolast words");
  EXPECT_THAT(one.closed, ElementsAre(out.id));
  EXPECT_THAT(two.closed, ElementsAre(in));
  EXPECT_EQ(one.links.size() + two.links.size(), 0u);
}

TEST_F(PeerLinksTest, ADialThatFailsIsAStreamThatEnded) {
  Host host(context_);
  const LinkId refused = host.dial("127.0.0.1", free_port(context_)).id;
  const LinkId unknown = host.dial("no-such-host.invalid", 1).id;
  EXPECT_THAT(host.closed, SizeIs(0));  // never from within a call
  run_until([&] { return host.closed.size() == 2; });
  EXPECT_THAT(host.closed, testing::UnorderedElementsAre(refused, unknown));
  EXPECT_THAT(host.connected, SizeIs(0));
}

TEST_F(PeerLinksTest, ADialThatIsNoLongerWantedEnds) {
  Host host(context_);
  zab::Link& link = host.dial("127.0.0.1", free_port(context_));
  link.close = true;
  host.links.flush(link);
  run_until([&] { return !host.closed.empty(); });
  context_.poll();
  EXPECT_THAT(host.closed, ElementsAre(link.id));
}

TEST_F(PeerLinksTest, MoreThanASocketTakesIsSentAsItDrains) {
  Host one(context_), two(context_);
  listen(two);
  zab::Link& out = one.dial("127.0.0.1", two.port);
  run_until([&] { return !one.connected.empty(); });
  const std::string much(16u << 20, 'x');
  one.say(out, much);
  run_until([&] { return !one.drained.empty(); });
  run_until([&] { return two.received[two.accepted[0]].size() == much.size(); });
}

TEST_F(PeerLinksTest, TheOldestSilentStrangerMakesRoom) {
  Host host(context_, 3);
  listen(host);
  std::vector<tcp::socket> strangers;
  const auto come = [&] {
    strangers.emplace_back(context_);
    strangers.back().connect({asio::ip::address_v4::loopback(), host.port});
    run_until([&, n = strangers.size()] { return host.accepted.size() == n; });
  };
  come();
  asio::write(strangers[0], asio::buffer("x", 1));  // the oldest has said something
  run_until([&] { return host.received[host.accepted[0]] == "x"; });
  for (int i = 0; i < 3; ++i) come();
  run_until([&] { return !host.closed.empty(); });
  EXPECT_THAT(host.closed, ElementsAre(host.accepted[1]));
  EXPECT_LE(host.links.size(), 3u);
}

TEST_F(PeerLinksTest, TheQuorumPortIsOpenOnlyWhenAsked) {
  Host host(context_);
  listen(host);
  const auto is_open = [&] {
    boost::system::error_code error;
    tcp::socket(context_).connect({asio::ip::address_v4::loopback(), host.quorum_port}, error);
    return !error;
  };
  EXPECT_FALSE(is_open());
  host.links.set_listening(true);
  EXPECT_TRUE(is_open());
  run_until([&] { return host.accepted.size() == 1; });
  host.links.set_listening(false);
  EXPECT_FALSE(is_open());
  host.links.set_listening(true);
  EXPECT_TRUE(is_open());
}

TEST_F(PeerLinksTest, NobodyIsToldAnythingAfterTheEnd) {
  Host one(context_), two(context_);
  listen(two);
  one.dial("127.0.0.1", two.port);
  run_until([&] { return !two.accepted.empty(); });
  two.links.close_all();
  one.links.close_all();
  context_.poll();
  EXPECT_EQ(two.links.size(), 0u);
  EXPECT_THAT(two.closed, SizeIs(0));
  EXPECT_THAT(one.closed, SizeIs(0));
}

}  // namespace
}  // namespace drover::server
