// Goal: the end of sessions, sections 2.8 and 2.9: expiry, closeSession, and what keeps a session
// alive.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "socketless.h"

namespace drover::core_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SessionTest, ASilentSessionExpiresAndItsConnectionIsClosedWithoutAWord) {
  Server server;  // tick 3000
  Client& client = server.connect(0, 6000);
  client.create("/e", "", 1);
  server.run();
  client.heard();
  server.advance(6000);
  EXPECT_THAT(client.heard(), IsEmpty());
  EXPECT_NE(server.tree.find("/e"), tree::kNoNode);
  server.advance(3001);
  EXPECT_THAT(client.heard(), ElementsAre("closed"));
  EXPECT_EQ(server.tree.find("/e"), tree::kNoNode);
  EXPECT_EQ(server.sessions.size(), 0u);
  EXPECT_EQ(server.replica->probe().sessions_expired, 1);
}

TEST(SessionTest, AnExpiredSessionCannotBeTakenUpAgain) {
  Server server;
  Client& client = server.connect(0, 6000);
  client.disconnect();
  server.advance(9001);
  Client& late = server.accept();
  late.reattach(client);
  server.run();
  EXPECT_THAT(late.heard(), ElementsAre("no session", "closed"));
}

TEST(SessionTest, PingsAndReadsAndWritesKeepASessionAlive) {
  Server server;
  Client& pings = server.connect(0, 6000);
  Client& reads = server.connect(0, 6000);
  Client& writes = server.connect(0, 6000);
  Client& unknown_to_reply = server.connect(0, 6000);
  for (int i = 0; i < 20; ++i) {
    server.advance(2000);
    pings.ping();
    reads.exists("/");
    writes.set_data("/", "x");
    server.run();
  }
  EXPECT_FALSE(pings.is_closed());
  EXPECT_FALSE(reads.is_closed());
  EXPECT_FALSE(writes.is_closed());
  EXPECT_TRUE(unknown_to_reply.is_closed());
}

TEST(SessionTest, AuthPacketsDoNotKeepASessionAlive) {
  Server server;
  Client& client = server.connect(0, 6000);
  for (int i = 0; i < 5; ++i) {
    server.advance(2000);
    client.authenticate("digest", "u:p");
    server.run();
  }
  EXPECT_TRUE(client.is_closed());
}

TEST(SessionTest, AReattachSetsTheTimeoutInForce) {
  Server server;
  Client& before = server.connect(0, 6000);
  Client& after = server.accept();
  after.reattach(before, 30000);
  server.advance(20000);
  EXPECT_FALSE(after.is_closed());
  server.advance(14000);
  EXPECT_TRUE(after.is_closed());
}

TEST(SessionTest, CloseSessionRepliesThenCloses) {
  Server server;
  Client& client = server.connect();
  client.create("/e", "", 1);
  client.bare(wire::OpCode::kCloseSession);
  server.run();
  EXPECT_THAT(client.heard(), ElementsAre("1 @2 create /e", "2 @3 closeSession", "closed"));
  EXPECT_EQ(server.tree.find("/e"), tree::kNoNode);
  EXPECT_EQ(server.sessions.size(), 0u);
}

TEST(SessionTest, WhatIsPipelinedBehindCloseSessionNeverRuns) {
  Server server;
  Client& client = server.connect();
  client.bare(wire::OpCode::kCloseSession);
  client.create("/e", "", 1);
  client.create("/p");
  client.exists("/");
  server.run();
  EXPECT_THAT(client.heard(), ElementsAre("1 @2 closeSession", "closed"));
  EXPECT_EQ(server.tree.find("/e"), tree::kNoNode);
  EXPECT_EQ(server.tree.find("/p"), tree::kNoNode);
}

TEST(SessionTest, ConnectCreateAndCloseInOneWriteLeaveNoEphemeral) {
  Server server;
  Client& client = server.accept();
  client.handshake(connect_request(10000));
  client.bare(wire::OpCode::kCloseSession);
  client.create("/e", "", 1);
  server.run();
  EXPECT_EQ(server.tree.find("/e"), tree::kNoNode);
  EXPECT_TRUE(client.is_closed());
}

TEST(SessionTest, AHeldReadBeforeCloseSessionIsStillAnswered) {
  Server server;
  Client& client = server.connect();
  server.hold_disk();
  client.create("/a");
  client.exists("/a");
  client.bare(wire::OpCode::kCloseSession);
  server.run();
  server.release_disk();
  EXPECT_THAT(client.heard(),
              ElementsAre("1 @2 create /a", "2 @2 exists v0", "3 @3 closeSession", "closed"));
}

TEST(SessionTest, TheEndOfASessionTellsWatchersOfItsEphemerals) {
  Server server({.lanes = 2});
  Client& owner = server.connect(0);
  Client& watcher = server.connect(1);
  owner.create("/e", "", 1);
  server.run();
  watcher.exists("/e", true);
  watcher.get_children("/", true);
  server.run();
  watcher.heard();
  owner.bare(wire::OpCode::kCloseSession);
  server.run();
  EXPECT_THAT(watcher.heard(), ElementsAre("event @4 Deleted /e", "event @4 ChildrenChanged /"));
}

TEST(SessionTest, ALostConnectionLeavesTheSessionAndItsEphemerals) {
  Server server;
  Client& client = server.connect();
  client.create("/e", "", 1);
  server.hold_disk();
  server.run();
  client.disconnect();
  server.release_disk();
  EXPECT_NE(server.tree.find("/e"), tree::kNoNode) << "what was received is still executed";
  EXPECT_EQ(server.sessions.size(), 1u);
  EXPECT_EQ(server.lanes[0]->probe().outstanding, 0);
}

TEST(SessionTest, RequestsOfASessionThatIsClosingAreDropped) {
  Server server;
  Client& client = server.connect(0, 6000);
  server.hold_disk();
  server.advance(9001);  // the close is decided, not yet durable
  EXPECT_FALSE(client.is_closed());
  client.create("/late");
  client.with_path(wire::OpCode::kSync, "/");
  server.run();
  server.release_disk();
  EXPECT_THAT(client.heard(), ElementsAre("closed"));
  EXPECT_EQ(server.tree.find("/late"), tree::kNoNode);
}

TEST(SessionTest, AConnectionSlotUsedAgainDoesNotHearOfItsFormerTenant) {
  Server server;
  Client& before = server.connect();
  const std::uint64_t former = before.connection()->id;
  server.hold_disk();
  before.create("/a");
  server.run();
  before.disconnect();
  Client& after = server.accept();
  EXPECT_NE(after.connection()->id, former);
  EXPECT_EQ(static_cast<std::uint32_t>(after.connection()->id), static_cast<std::uint32_t>(former));
  EXPECT_EQ(server.lanes[0]->find(former), nullptr);
  server.release_disk();
  EXPECT_THAT(after.heard(), IsEmpty());
}

TEST(SessionTest, CountersTellWhatAConnectionDid) {
  Server server;
  Client& client = server.connect();
  client.create("/a");
  client.exists("/a", true);
  client.set_data("/a", "x");
  client.ping();
  server.run();
  const auto& counters = client.connection()->counters;
  EXPECT_EQ(counters.received, 5);
  EXPECT_EQ(counters.sent, 6) << "an event more";
  EXPECT_EQ(counters.last_op, wire::OpCode::kPing);
  EXPECT_EQ(counters.last_cxid, 3) << "pings do not count";
  EXPECT_EQ(counters.last_zxid, wire::Zxid(3));
  EXPECT_EQ(client.connection()->outstanding, 0u);
}

TEST(SessionTest, LatencyIsTheTimeFromFrameToReply) {
  Server server;
  Client& client = server.connect();
  client.ping();
  server.run();
  server.hold_disk();
  client.create("/a");
  server.run();
  EXPECT_EQ(client.connection()->outstanding, 1u);
  server.advance(7);
  server.release_disk();
  const auto& counters = client.connection()->counters;
  EXPECT_EQ(counters.latency_count, 2);
  EXPECT_EQ(counters.latency_ms_min, 0);
  EXPECT_EQ(counters.latency_ms_max, 7);
  EXPECT_EQ(counters.last_latency_ms, 7);
  EXPECT_EQ(server.lanes[0]->probe().latency_ms_max, 7);
}

}  // namespace
}  // namespace drover::core_test
