// Goal: the first frame of a connection, section 2 of the protocol, in every form that clients
// send.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "socketless.h"

namespace drover::core_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(HandshakeTest, ANewSessionGetsItsTimeoutAndPassword) {
  Server server;
  Client& client = server.accept();
  client.handshake(connect_request(10000));
  server.run();
  EXPECT_THAT(client.heard(), ElementsAre("session timeout=10000"));
  EXPECT_EQ(client.connect_response_size(), 37u);
  EXPECT_EQ(client.session().value >> 56, 1) << "standalone counts as server 1";
  EXPECT_EQ(server.tree.last_zxid(), wire::Zxid(1)) << "a session is a txn";
}

TEST(HandshakeTest, AClientWithoutReadOnlyByteIsAnsweredWithout) {
  Server server;
  Client& client = server.accept();
  auto old = connect_request(10000);
  old.read_only.reset();
  client.handshake(old);
  server.run();
  EXPECT_THAT(client.heard(), ElementsAre("session timeout=10000"));
  EXPECT_EQ(client.connect_response_size(), 36u);
}

TEST(HandshakeTest, AskingForReadOnlyOfAServerThatWritesIsFine) {
  Server server;
  Client& client = server.accept();
  auto wish = connect_request(10000);
  wish.read_only = true;
  client.handshake(wish);
  server.run();
  EXPECT_THAT(client.heard(), ElementsAre("session timeout=10000"));
}

TEST(HandshakeTest, TheTimeoutIsBroughtIntoBounds) {
  Server server;  // 6000 to 60000
  for (const auto& [asked, granted] :
       {std::pair{1, 6000}, {0, 6000}, {-5, 6000}, {6000, 6000}, {60000, 60000}, {70000, 60000}}) {
    Client& client = server.accept();
    client.handshake(connect_request(asked));
    server.run();
    EXPECT_THAT(client.heard(), ElementsAre(fmt::format("session timeout={}", granted)));
  }
}

TEST(HandshakeTest, AnyProtocolVersionAndNoPasswordAreFineForANewSession) {
  Server server;
  Client& client = server.accept();
  auto odd = connect_request(10000);
  odd.protocol_version = 7;
  odd.password.reset();
  client.handshake(odd);
  server.run();
  EXPECT_THAT(client.heard(), ElementsAre("session timeout=10000"));
}

TEST(HandshakeTest, WhoHasSeenMoreThanWeHaveIsSentAway) {
  Server server;
  server.connect();  // zxid 1
  Client& equal = server.accept();
  auto seen = connect_request(10000);
  seen.last_zxid_seen = wire::Zxid(1);
  equal.handshake(seen);
  server.run();
  EXPECT_THAT(equal.heard(), ElementsAre("session timeout=10000"));
  Client& ahead = server.accept();
  seen.last_zxid_seen = wire::Zxid(3);
  ahead.handshake(seen);
  server.run();
  EXPECT_THAT(ahead.heard(), ElementsAre("closed"));
}

TEST(HandshakeTest, AConnectRequestCutShortClosesWithoutAWord) {
  for (const std::size_t size : {0u, 1u, 8u, 27u, 30u}) {
    Server server;
    Client& client = server.accept();
    base::ByteBuffer whole;
    wire::JuteWriter out(whole);
    connect_request(10000).encode(out);
    client.send_frame(std::string(whole.view().substr(0, size)));
    server.run();
    EXPECT_THAT(client.heard(), ElementsAre("closed")) << size;
  }
}

TEST(HandshakeTest, FramesSentAlongWithTheConnectRequestAreServedAfterIt) {
  Server server;
  Client& client = server.accept();
  client.handshake(connect_request(10000));
  client.create("/a");
  client.get_data("/a");
  server.run();
  EXPECT_THAT(client.heard(),
              ElementsAre("session timeout=10000", "1 @2 create /a", "2 @2 getData  v0"));
}

TEST(HandshakeTest, AConnectionThatNeverAsksForASessionIsClosed) {
  Server server;
  Client& silent = server.accept();
  Client& busy = server.connect();
  server.advance(9999);
  EXPECT_THAT(silent.heard(), IsEmpty());
  server.advance(2);
  EXPECT_THAT(silent.heard(), ElementsAre("closed"));
  EXPECT_FALSE(busy.is_closed());
}

TEST(HandshakeTest, SessionIdsCountUp) {
  Server server;
  Client& first = server.connect();
  Client& second = server.connect();
  EXPECT_EQ(second.session().value, first.session().value + 1);
}

// ---- reattach

TEST(ReattachTest, ASessionMovesToANewConnectionAndTheFormerOneIsClosed) {
  Server server;
  Client& before = server.connect();
  before.create("/e", "", 1);
  server.run();
  before.heard();
  Client& after = server.accept();
  after.reattach(before, 20000);
  after.get_data("/e");
  server.run();
  EXPECT_THAT(before.heard(), ElementsAre("closed"));
  EXPECT_THAT(after.heard(), ElementsAre("session timeout=20000", "1 @2 getData  v0"));
  EXPECT_EQ(after.session(), before.session());
}

TEST(ReattachTest, ItMovesBetweenLanesToo) {
  Server server({.lanes = 2});
  Client& before = server.connect(0);
  Client& after = server.accept(1);
  after.reattach(before);
  server.run();
  EXPECT_THAT(before.heard(), ElementsAre("closed"));
  EXPECT_THAT(after.heard(), ElementsAre("session timeout=10000"));
}

TEST(ReattachTest, AfterALostConnectionTheSessionIsStillThere) {
  Server server;
  Client& before = server.connect();
  before.disconnect();
  server.run();
  Client& after = server.accept();
  after.reattach(before);
  server.run();
  EXPECT_THAT(after.heard(), ElementsAre("session timeout=10000"));
}

TEST(ReattachTest, AWrongPasswordGetsZerosAndDisturbsNobody) {
  Server server;
  Client& owner = server.connect();
  for (const wire::NullableBytes wrong :
       {wire::NullableBytes("0123456789abcdef"), wire::NullableBytes(""), wire::NullableBytes()}) {
    Client& thief = server.accept();
    auto back = connect_request(10000);
    back.session_id = owner.session();
    back.password = wrong;
    thief.handshake(back);
    server.run();
    EXPECT_THAT(thief.heard(), ElementsAre("no session", "closed"));
    EXPECT_EQ(thief.connect_response_size(), 37u);
  }
  EXPECT_FALSE(owner.is_closed());
}

TEST(ReattachTest, AnUnknownSessionGetsZeros) {
  Server server;
  Client& client = server.accept();
  auto back = connect_request(10000);
  back.session_id = wire::SessionId(99999);
  const auto bytes = session::password_of(back.session_id);
  const std::string password(bytes.data(), bytes.size());
  back.password = password;
  back.read_only.reset();
  client.handshake(back);
  server.run();
  EXPECT_THAT(client.heard(), ElementsAre("no session", "closed"));
  EXPECT_EQ(client.connect_response_size(), 36u);
}

TEST(ReattachTest, WritesOfTheFormerConnectionEndWhereTheSessionMoved) {
  Server server({.lanes = 2});
  Client& before = server.connect(0);
  server.hold_disk();
  before.create("/decided-before");
  server.run();
  Client& after = server.accept(1);
  after.reattach(before);
  server.run();
  // The former connection still stands, as its close waits in the queue, but it speaks for nobody.
  before.create("/decided-after");
  server.run();
  server.release_disk();
  EXPECT_THAT(before.heard(), ElementsAre("1 @2 create /decided-before", "closed"));
  after.exists("/decided-before");
  after.exists("/decided-after");
  server.run();
  EXPECT_THAT(after.heard(),
              ElementsAre("session timeout=10000", "1 @2 exists v0", "2 @2 exists NONODE"));
}

}  // namespace
}  // namespace drover::core_test
