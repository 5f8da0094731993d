// The session machine against a server played by the test, frame by frame, in made-up time.
#include "client/session_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace drover::client {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kSession = 0x1234;
const std::string kPassword = "0123456789abcdef";

std::string frame(const std::string& payload) {
  base::ByteBuffer bytes;
  wire::JuteWriter out(bytes);
  out.write_bytes(payload);
  return std::string(bytes.view());
}

std::string connect_response(std::int32_t timeout_ms, std::int64_t session = kSession) {
  base::ByteBuffer bytes;
  wire::JuteWriter out(bytes);
  wire::ConnectResponse{.timeout_ms = timeout_ms,
                        .session_id = wire::SessionId(session),
                        .password = kPassword,
                        .read_only = false}
      .encode(out);
  return frame(std::string(bytes.view()));
}

std::string reply(std::int32_t xid, std::int64_t zxid, ErrorCode error = ErrorCode::kOk,
                  std::string_view body = "") {
  base::ByteBuffer bytes;
  wire::JuteWriter out(bytes);
  wire::ReplyHeader{.xid = xid, .zxid = wire::Zxid(zxid), .error = error}.encode(out);
  bytes.append(body);
  return frame(std::string(bytes.view()));
}

std::string event(EventType type, std::string_view path, std::int64_t zxid = 77) {
  base::ByteBuffer body;
  wire::JuteWriter out(body);
  wire::WatcherEvent{.type = type, .state = KeeperState::kSyncConnected, .path = path}.encode(out);
  return reply(wire::xid::kNotification, zxid, ErrorCode::kOk, body.view());
}

// What a client sent, decoded as far as the tests look.
struct Sent {
  std::int32_t xid;
  wire::OpCode op;
  std::string body;
};

class SessionMachineTest : public testing::Test {
 protected:
  SessionMachineTest() { build({.host_count = 1, .timeout_ms = 9000}); }

  void build(const SessionMachine::Options& options) {
    machine = std::make_unique<SessionMachine>(options);
    effects = SessionEffects();
  }

  void advance(milliseconds by) { now = now + by; }

  // Waits for the next deadline and lets it pass.
  void wait() {
    ASSERT_TRUE(machine->next_deadline());
    now = std::max(now, *machine->next_deadline());
    machine->on_time(now, effects);
  }

  void connect(std::int32_t timeout_ms = 9000, std::int64_t session = kSession) {
    if (!effects.connect_to) wait();
    ASSERT_TRUE(effects.connect_to);
    machine->on_connected(now, effects);
    handshake = take_handshake();
    machine->on_bytes(connect_response(timeout_ms, session), now, effects);
    effects.connect_to.reset();
  }
  void start_connected() {
    machine->start(now, effects);
    connect();
    effects.deliveries.clear();
  }

  wire::ConnectRequest take_handshake() {
    handshake_bytes = std::string(effects.send.view());
    effects.send.clear();
    wire::JuteReader in(handshake_bytes);
    in.read_int();
    return wire::ConnectRequest::decode(in);
  }
  std::vector<Sent> take_sent() {
    std::vector<Sent> all;
    std::string bytes(effects.send.view());
    effects.send.clear();
    for (wire::JuteReader in(bytes); in.remaining() > 0;) {
      const auto payload = in.read_string();
      wire::JuteReader request(payload);
      const auto header = wire::RequestHeader::decode(request);
      all.push_back({header.xid, header.op, std::string(request.rest())});
    }
    return all;
  }
  std::vector<wire::OpCode> take_ops() {
    std::vector<wire::OpCode> ops;
    for (const auto& sent : take_sent()) ops.push_back(sent.op);
    return ops;
  }
  std::vector<Completion> take_completions() {
    std::vector<Completion> all;
    for (const auto& delivery : effects.deliveries) {
      if (const auto* completion = std::get_if<Completion>(&delivery)) all.push_back(*completion);
    }
    effects.deliveries.clear();
    return all;
  }
  std::vector<KeeperState> take_states() {
    std::vector<KeeperState> all;
    for (const auto& delivery : effects.deliveries) {
      const auto* told = std::get_if<WatchedEvent>(&delivery);
      if (told != nullptr && told->type == EventType::kNone) all.push_back(told->state);
    }
    effects.deliveries.clear();
    return all;
  }

  RequestId ask(wire::OpCode op, std::optional<std::pair<WatchKind, std::string>> watch = {}) {
    return machine->submit({.op = op, .body = "body", .watch = std::move(watch)}, now, effects);
  }
  void receive(const std::string& bytes) { machine->on_bytes(bytes, now, effects); }

  std::unique_ptr<SessionMachine> machine;
  SessionEffects effects;
  base::Instant now = base::Instant::from_ms(1'000'000);
  std::string handshake_bytes;
  wire::ConnectRequest handshake;
};

TEST_F(SessionMachineTest, HandshakeAsksForANewSession) {
  machine->start(now, effects);
  EXPECT_EQ(effects.connect_to, 0u);
  EXPECT_EQ(machine->state(), SessionState::kConnecting);
  connect(5000);
  EXPECT_EQ(handshake.session_id.value, 0);
  EXPECT_EQ(handshake.timeout_ms, 9000);
  EXPECT_EQ(handshake.password, std::string(16, '\0'));
  EXPECT_EQ(handshake.read_only, false);
  EXPECT_EQ(machine->state(), SessionState::kConnected);
  EXPECT_EQ(machine->session_id().value, kSession);
  EXPECT_EQ(machine->timeout_ms(), 5000);
  EXPECT_THAT(take_states(), ElementsAre(KeeperState::kSyncConnected));
}

TEST_F(SessionMachineTest, RequestsWaitForTheHandshakeAndAreNumberedFromOne) {
  machine->start(now, effects);
  ask(wire::OpCode::kGetData);
  ask(wire::OpCode::kDelete);
  EXPECT_TRUE(effects.send.empty());
  connect();
  const auto sent = take_sent();
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_EQ(sent[0].xid, 1);
  EXPECT_EQ(sent[0].op, wire::OpCode::kGetData);
  EXPECT_EQ(sent[0].body, "body");
  EXPECT_EQ(sent[1].xid, 2);
}

TEST_F(SessionMachineTest, RepliesArePairedInOrderWhateverTheirPieces) {
  start_connected();
  const auto first = ask(wire::OpCode::kGetData);
  const auto second = ask(wire::OpCode::kGetData);
  for (const char byte : reply(1, 10, ErrorCode::kOk, "one") + reply(2, 11, ErrorCode::kNoNode)) {
    receive(std::string(1, byte));
  }
  const auto completions = take_completions();
  ASSERT_THAT(completions, SizeIs(2));
  EXPECT_EQ(completions[0].id, first);
  EXPECT_EQ(completions[0].body, "one");
  EXPECT_EQ(completions[1].id, second);
  EXPECT_EQ(completions[1].error, ErrorCode::kNoNode);
}

TEST_F(SessionMachineTest, AnotherXidThanExpectedDropsTheConnection) {
  start_connected();
  ask(wire::OpCode::kGetData);
  receive(reply(2, 10));
  EXPECT_TRUE(effects.disconnect);
  const auto completions = take_completions();
  ASSERT_THAT(completions, SizeIs(1));
  EXPECT_EQ(completions[0].error, ErrorCode::kConnectionLoss);
  EXPECT_TRUE(completions[0].was_sent);
}

TEST_F(SessionMachineTest, FramesOfImpossibleLengthDropTheConnection) {
  for (const auto& bytes :
       {std::string("\xff\xff\xff\xf0", 4), std::string("\x7f\xff\xff\xff", 4)}) {
    build({.host_count = 1, .timeout_ms = 9000});
    start_connected();
    receive(bytes);
    EXPECT_TRUE(effects.disconnect);
    EXPECT_EQ(machine->state(), SessionState::kConnecting);
  }
}

TEST_F(SessionMachineTest, PingsAtAThirdOfTheTimeoutWhenIdle) {
  start_connected();
  EXPECT_EQ(*machine->next_deadline() - now, milliseconds(3000));
  wait();
  EXPECT_THAT(take_ops(), ElementsAre(wire::OpCode::kPing));
  receive(reply(wire::xid::kPing, 5));
  EXPECT_FALSE(effects.disconnect);
  advance(milliseconds(1000));
  ask(wire::OpCode::kGetData);  // any request postpones the next ping
  EXPECT_EQ(*machine->next_deadline() - now, milliseconds(3000));
}

TEST_F(SessionMachineTest, SilenceForTwoThirdsOfTheTimeoutDropsTheConnection) {
  start_connected();
  const auto heard = now;
  wait();
  EXPECT_THAT(take_ops(), ElementsAre(wire::OpCode::kPing));
  wait();
  EXPECT_EQ(now - heard, milliseconds(6000));
  EXPECT_TRUE(effects.disconnect);
  EXPECT_THAT(take_states(), ElementsAre(KeeperState::kDisconnected));
}

// Answers that were on their way for long, as after a cut that healed: the server may have heard
// nothing since, and count the session's timeout down from what they answer.
TEST_F(SessionMachineTest, LateAnswersDoNotKeepTheConnection) {
  start_connected();
  const auto connected = now;
  wait();
  EXPECT_THAT(take_ops(), ElementsAre(wire::OpCode::kPing));
  const auto asked = now;
  advance(milliseconds(2900));
  receive(reply(wire::xid::kPing, 5));
  EXPECT_EQ(machine->last_confirmed(), asked);
  advance(milliseconds(2900));
  receive(event(EventType::kNodeDataChanged, "/a"));  // answers nothing
  while (!effects.disconnect) {
    ASSERT_LT(now - connected, milliseconds(20'000));
    wait();
  }
  EXPECT_EQ(now - asked, milliseconds(7500));
  EXPECT_THAT(take_states(), ElementsAre(KeeperState::kDisconnected));
}

TEST_F(SessionMachineTest, ReconnectsWithTheSameSessionAndLastZxid) {
  start_connected();
  ask(wire::OpCode::kGetData);
  receive(reply(1, 42));
  ask(wire::OpCode::kSetData);
  take_sent();
  machine->on_disconnected(now, effects);
  EXPECT_EQ(take_completions().back().error, ErrorCode::kConnectionLoss);
  connect();
  EXPECT_EQ(handshake.session_id.value, kSession);
  EXPECT_EQ(handshake.password, kPassword);
  EXPECT_EQ(handshake.last_zxid_seen, wire::Zxid(42));
  EXPECT_TRUE(effects.send.empty());  // what was lost is not repeated
  EXPECT_EQ(machine->state(), SessionState::kConnected);
}

TEST_F(SessionMachineTest, GoesRoundAllHostsBeforeItRepeatsOne) {
  build({.host_count = 3, .timeout_ms = 9000, .seed = 5});
  machine->start(now, effects);
  std::vector<std::size_t> tried;
  for (int i = 0; i < 6; ++i) {
    if (!effects.connect_to) wait();
    tried.push_back(*effects.connect_to);
    effects.connect_to.reset();
    machine->on_disconnected(now, effects);
  }
  EXPECT_THAT((std::vector(tried.begin(), tried.begin() + 3)),
              testing::UnorderedElementsAre(0, 1, 2));
  EXPECT_EQ((std::vector(tried.begin(), tried.begin() + 3)),
            (std::vector(tried.begin() + 3, tried.end())));
}

TEST_F(SessionMachineTest, AFailedRoundIsFollowedByAPause) {
  machine->start(now, effects);
  machine->on_disconnected(now, effects);
  EXPECT_GE(*machine->next_deadline() - now, milliseconds(1000));
  EXPECT_LE(*machine->next_deadline() - now, milliseconds(2000));
}

TEST_F(SessionMachineTest, AnAttemptTakesItsShareOfTheTimeoutAtMost) {
  build({.host_count = 3, .timeout_ms = 9000});
  machine->start(now, effects);
  EXPECT_EQ(*machine->next_deadline() - now, milliseconds(3000));
  ask(wire::OpCode::kGetData);
  wait();
  EXPECT_TRUE(effects.disconnect);
  const auto completions = take_completions();
  ASSERT_THAT(completions, SizeIs(1));
  EXPECT_EQ(completions[0].error, ErrorCode::kConnectionLoss);
  EXPECT_FALSE(completions[0].was_sent);
}

TEST_F(SessionMachineTest, CredentialsThenWatchesThenRequestsGoFirstOnANewConnection) {
  start_connected();
  machine->add_auth({.scheme = "digest", .auth = "u:p"}, now, effects);
  EXPECT_THAT(take_ops(), ElementsAre(wire::OpCode::kAuth));
  ask(wire::OpCode::kGetData, {{WatchKind::kData, "/a"}});
  take_sent();
  receive(reply(wire::xid::kAuth, 0) + reply(1, 9));
  machine->on_disconnected(now, effects);
  ask(wire::OpCode::kDelete);
  connect();
  const auto sent = take_sent();
  ASSERT_THAT(sent, SizeIs(3));
  EXPECT_EQ(sent[0].op, wire::OpCode::kAuth);
  EXPECT_EQ(sent[0].xid, wire::xid::kAuth);
  EXPECT_EQ(sent[1].op, wire::OpCode::kSetWatches);
  EXPECT_EQ(sent[1].xid, wire::xid::kSetWatches);
  wire::JuteReader in(sent[1].body);
  const auto watches = wire::SetWatchesRequest::decode(in, false);
  EXPECT_EQ(watches.relative_zxid, wire::Zxid(9));
  EXPECT_THAT(*watches.data, ElementsAre("/a"));
  EXPECT_EQ(sent[2].op, wire::OpCode::kDelete);
  EXPECT_EQ(sent[2].xid, 2);
}

TEST_F(SessionMachineTest, RefusedCredentialsEndTheSession) {
  start_connected();
  machine->add_auth({.scheme = "nonsense", .auth = "x"}, now, effects);
  ask(wire::OpCode::kGetData);
  receive(reply(wire::xid::kAuth, 0, ErrorCode::kAuthFailed));
  EXPECT_EQ(machine->state(), SessionState::kAuthFailed);
  EXPECT_EQ(machine->next_deadline(), std::nullopt);
  ask(wire::OpCode::kGetData);
  const auto completions = take_completions();
  ASSERT_THAT(completions, SizeIs(2));
  EXPECT_EQ(completions[0].error, ErrorCode::kAuthFailed);
  EXPECT_EQ(completions[1].error, ErrorCode::kAuthFailed);
}

TEST_F(SessionMachineTest, EventsReachThoseWhoAskedAndNobodyElse) {
  start_connected();
  ask(wire::OpCode::kGetData, {{WatchKind::kData, "/a"}});
  ask(wire::OpCode::kGetData, {{WatchKind::kData, "/missing"}});
  receive(reply(1, 9) + reply(2, 9, ErrorCode::kNoNode));
  effects.deliveries.clear();
  receive(event(EventType::kNodeDataChanged, "/a") + event(EventType::kNodeDataChanged, "/a") +
          event(EventType::kNodeCreated, "/missing"));
  ASSERT_THAT(effects.deliveries, SizeIs(1));
  EXPECT_EQ(std::get<WatchedEvent>(effects.deliveries[0]),
            (WatchedEvent{.type = EventType::kNodeDataChanged,
                          .state = KeeperState::kSyncConnected,
                          .path = "/a",
                          .zxid = 77}));
}

TEST_F(SessionMachineTest, ExistsLeavesAWatchOnAnAbsentZnodeToo) {
  start_connected();
  ask(wire::OpCode::kExists, {{WatchKind::kData, "/a"}});
  receive(reply(1, 9, ErrorCode::kNoNode));
  effects.deliveries.clear();
  receive(event(EventType::kNodeCreated, "/a"));
  EXPECT_THAT(effects.deliveries, SizeIs(1));
}

TEST_F(SessionMachineTest, ForgottenWatchesSaySo) {
  start_connected();
  ask(wire::OpCode::kGetChildren, {{WatchKind::kChild, "/a"}});
  receive(reply(1, 9));
  effects.deliveries.clear();
  EXPECT_FALSE(machine->forget_watches(WatcherType::kData, "/a", effects));
  EXPECT_THAT(effects.deliveries, IsEmpty());
  EXPECT_TRUE(machine->has_watch(WatcherType::kAny, "/a"));
  EXPECT_TRUE(machine->forget_watches(WatcherType::kAny, "/a", effects));
  ASSERT_THAT(effects.deliveries, SizeIs(1));
  EXPECT_EQ(std::get<WatchedEvent>(effects.deliveries[0]).type, EventType::kChildWatchRemoved);
}

TEST_F(SessionMachineTest, AServerThatForgotTheSessionEndsIt) {
  start_connected();
  machine->on_disconnected(now, effects);
  effects.deliveries.clear();
  ask(wire::OpCode::kGetData);
  connect(0, 0);
  EXPECT_EQ(machine->state(), SessionState::kClosed);
  EXPECT_TRUE(effects.disconnect);
  ASSERT_THAT(effects.deliveries, SizeIs(2));
  EXPECT_EQ(std::get<WatchedEvent>(effects.deliveries[0]).state, KeeperState::kExpired);
  EXPECT_EQ(std::get<Completion>(effects.deliveries[1]).error, ErrorCode::kSessionExpired);
}

TEST_F(SessionMachineTest, CloseWaitsForTheServersWord) {
  start_connected();
  ask(wire::OpCode::kGetData);
  const auto closing = machine->close(now, effects);
  ask(wire::OpCode::kGetData);
  EXPECT_THAT(take_ops(), ElementsAre(wire::OpCode::kGetData, wire::OpCode::kCloseSession));
  EXPECT_EQ(take_completions()[0].error, ErrorCode::kSessionExpired);  // asked after close
  receive(reply(1, 9) + reply(2, 10));
  EXPECT_TRUE(effects.disconnect);
  EXPECT_EQ(machine->state(), SessionState::kClosed);
  ASSERT_THAT(effects.deliveries, SizeIs(3));
  EXPECT_EQ(std::get<Completion>(effects.deliveries[1]).id, closing);
  EXPECT_EQ(std::get<WatchedEvent>(effects.deliveries[2]).state, KeeperState::kClosed);
}

TEST_F(SessionMachineTest, CloseWithoutAConnectionDoesNotWait) {
  machine->start(now, effects);
  const auto closing = machine->close(now, effects);
  EXPECT_EQ(machine->state(), SessionState::kClosed);
  ASSERT_THAT(effects.deliveries, SizeIs(2));
  EXPECT_EQ(std::get<Completion>(effects.deliveries[0]).id, closing);
  EXPECT_EQ(std::get<Completion>(effects.deliveries[0]).error, ErrorCode::kConnectionLoss);
  machine->on_connected(now, effects);
  EXPECT_TRUE(effects.send.empty());
}

TEST_F(SessionMachineTest, SameStateIsToldOnce) {
  start_connected();
  machine->on_disconnected(now, effects);
  effects.connect_to.reset();
  wait();
  machine->on_disconnected(now, effects);
  EXPECT_THAT(take_states(), ElementsAre(KeeperState::kDisconnected));
}

TEST_F(SessionMachineTest, ALocalCodeFromAServerIsNotBelieved) {
  start_connected();
  machine->submit({.op = wire::OpCode::kGetData, .body = "asked"}, now, effects);
  machine->on_bytes(reply(1, 5, ErrorCode::kNotSent), now, effects);
  const auto completions = take_completions();
  ASSERT_THAT(completions, SizeIs(1));
  EXPECT_EQ(completions[0].error, ErrorCode::kSystemError);
}

TEST_F(SessionMachineTest, ARequestThatFailedHereIsGivenBack) {
  start_connected();
  machine->submit({.op = wire::OpCode::kGetData, .body = "sent"}, now, effects);
  effects.send.clear();
  machine->on_disconnected(now, effects);
  machine->submit({.op = wire::OpCode::kGetData, .body = "queued"}, now, effects);
  wait();
  machine->on_disconnected(now, effects);
  const auto completions = take_completions();
  ASSERT_THAT(completions, SizeIs(2));
  EXPECT_EQ(completions[0].body, "sent");
  EXPECT_TRUE(completions[0].was_sent);
  EXPECT_EQ(completions[1].body, "queued");
  EXPECT_FALSE(completions[1].was_sent);
}

TEST_F(SessionMachineTest, AnAbandonedSessionIsExpired) {
  start_connected();
  machine->submit({.op = wire::OpCode::kGetData, .body = ""}, now, effects);
  machine->abandon(effects);
  EXPECT_EQ(machine->state(), SessionState::kClosed);
  EXPECT_TRUE(effects.disconnect);
  EXPECT_FALSE(machine->next_deadline());
  ASSERT_THAT(effects.deliveries, SizeIs(3));
  EXPECT_EQ(std::get<WatchedEvent>(effects.deliveries[0]).state, KeeperState::kDisconnected);
  EXPECT_EQ(std::get<WatchedEvent>(effects.deliveries[1]).state, KeeperState::kExpired);
  EXPECT_EQ(std::get<Completion>(effects.deliveries[2]).error, ErrorCode::kSessionExpired);
}

TEST_F(SessionMachineTest, NothingMeantForALostConnectionIsSentToTheNext) {
  start_connected();
  machine->submit({.op = wire::OpCode::kGetData, .body = ""}, now, effects);
  machine->on_disconnected(now, effects);
  EXPECT_TRUE(effects.send.empty());
}

TEST_F(SessionMachineTest, NewHostsAreTriedInTheirOrder) {
  build({.host_count = 1, .timeout_ms = 9000});
  start_connected();
  machine->replace_hosts({2, 0, 1});
  machine->on_disconnected(now, effects);
  for (const std::size_t host : {2u, 0u, 1u, 2u}) {
    effects.connect_to.reset();
    wait();
    EXPECT_EQ(effects.connect_to, host);
    machine->on_disconnected(now, effects);
  }
}

}  // namespace
}  // namespace drover::client
