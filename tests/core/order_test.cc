// Goal: section 3.3. Replies leave in request order, events before any answer that could reveal
// their change, and nothing overtakes, auth packets included. Method: the disk is held, so that
// writes stay pending for as long as a test wants.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "socketless.h"

namespace drover::core_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(OrderTest, AReadBehindAnOwnWriteWaitsForIt) {
  Server server;
  Client& client = server.connect();
  server.hold_disk();
  client.create("/a", "x");
  client.get_data("/a");
  client.ping();
  client.with_path(wire::OpCode::kGetAllChildrenNumber, "/");
  server.run();
  EXPECT_THAT(client.heard(), IsEmpty());
  server.release_disk();
  EXPECT_THAT(client.heard(), ElementsAre("1 @2 create /a", "2 @2 getData x v0", "-2 @2 ping",
                                          "3 @2 getAllChildrenNumber 4"));
}

TEST(OrderTest, AReadOfAnotherClientDoesNotWait) {
  Server server;
  Client& writer = server.connect();
  Client& reader = server.connect();
  server.hold_disk();
  writer.create("/a");
  reader.exists("/a");
  server.run();
  EXPECT_THAT(writer.heard(), IsEmpty());
  EXPECT_THAT(reader.heard(), ElementsAre("1 @2 exists NONODE"));
  server.release_disk();
}

TEST(OrderTest, ReadsAndWritesOfOnePipelineAnswerInTurn) {
  Server server;
  Client& client = server.connect();
  server.hold_disk();
  for (int i = 0; i < 3; ++i) {
    client.set_data("/", std::to_string(i));
    client.exists("/");
  }
  server.run();
  server.release_disk();
  // All three writes commit in one batch, and yet each read sees those before it and none after it.
  EXPECT_THAT(client.heard(), ElementsAre("1 @2 setData v1", "2 @2 exists v1", "3 @3 setData v2",
                                          "4 @3 exists v2", "5 @4 setData v3", "6 @4 exists v3"));
}

TEST(OrderTest, WritesAloneKeepTheZxidOfTheirOwnTxn) {
  Server server;
  Client& client = server.connect();
  server.hold_disk();
  client.create("/a");
  client.create("/a");
  client.create("/b");
  server.run();
  server.release_disk();
  EXPECT_THAT(client.heard(),
              ElementsAre("1 @2 create /a", "2 @3 create NODEEXISTS", "3 @4 create /b"));
}

TEST(OrderTest, TheEventOfAWriteComesBeforeItsReply) {
  Server server;
  Client& client = server.connect();
  client.exists("/a", true);
  client.create("/a");
  server.run();
  EXPECT_THAT(client.heard(),
              ElementsAre("1 @1 exists NONODE", "event @2 Created /a", "2 @2 create /a"));
}

TEST(OrderTest, EventsAndRepliesFollowTheTxns) {
  Server server;
  Client& client = server.connect();
  Client& other = server.connect();
  client.exists("/b", true);
  server.run();
  client.heard();
  server.hold_disk();
  client.create("/a");
  server.run();
  other.create("/b");
  server.run();
  client.create("/c");
  server.run();
  server.release_disk();
  EXPECT_THAT(client.heard(),
              ElementsAre("2 @3 create /a", "event @4 Created /b", "3 @5 create /c"));
}

TEST(OrderTest, AWatchLeftInAPipelineHearsOfTheNextWrite) {
  for (const bool by_add_watch : {false, true}) {
    Server server;
    Client& client = server.connect();
    server.hold_disk();
    client.create("/a");
    if (by_add_watch) {
      client.with_path_and_mode(wire::OpCode::kAddWatch, "/a", 0);
    } else {
      client.get_data("/a", true);
    }
    client.set_data("/a", "x");
    server.run();
    server.release_disk();
    EXPECT_THAT(client.heard(),
                ElementsAre("1 @2 create /a", by_add_watch ? "2 @2 addWatch 0" : "2 @2 getData  v0",
                            "event @3 DataChanged /a", "3 @3 setData v1"));
  }
}

TEST(OrderTest, AWatchTakenBackInAPipelineDoesNotHearOfTheNextWrite) {
  Server server;
  Client& client = server.connect();
  client.create("/a");
  client.get_data("/a", true);
  server.run();
  client.heard();
  server.hold_disk();
  client.create("/b");
  client.with_path_and_mode(wire::OpCode::kRemoveWatches, "/a", 2);
  client.set_data("/a", "x");
  server.run();
  server.release_disk();
  EXPECT_THAT(client.heard(),
              ElementsAre("3 @3 create /b", "4 @3 removeWatches", "5 @4 setData v1"));
}

TEST(OrderTest, NothingPassesSetWatches) {
  Server server;
  Client& client = server.connect();
  server.hold_disk();
  client.create("/a");
  client.set_watches(set_watches_request(2, std::vector<wire::NullableBytes>{"/a"},
                                         std::vector<wire::NullableBytes>{},
                                         std::vector<wire::NullableBytes>{}));
  client.set_data("/a", "x");
  client.get_data("/a");
  server.run();
  EXPECT_TRUE(client.connection()->reading_paused);
  EXPECT_EQ(client.unsent_frames(), 2u);
  server.release_disk();
  EXPECT_THAT(client.heard(),
              ElementsAre("1 @2 create /a", "2 @2 setWatches", "event @3 DataChanged /a",
                          "3 @3 setData v1", "4 @3 getData x v1"));
}

TEST(OrderTest, AReadNeverShowsAChangeBeforeItsEvent) {
  Server server({.lanes = 2});
  Client& client = server.connect(0);
  Client& other = server.connect(1);
  client.exists("/b", true);
  server.run();
  client.heard();
  server.hold_disk();
  client.create("/a");
  server.run();
  other.create("/b");
  server.run();
  client.exists("/b");
  client.ping();
  server.run();
  server.release_disk();
  EXPECT_THAT(client.heard(),
              ElementsAre("2 @3 create /a", "event @4 Created /b", "3 @4 exists v0", "-2 @4 ping"));
}

TEST(OrderTest, SyncAnswersInTurnAndEchoesItsPath) {
  Server server;
  Client& client = server.connect();
  server.hold_disk();
  client.create("/a");
  client.with_path(wire::OpCode::kSync, "/no such node");
  client.with_path(wire::OpCode::kSync, std::nullopt);
  client.get_data("/a");
  server.run();
  EXPECT_THAT(client.heard(), IsEmpty());
  server.release_disk();
  EXPECT_THAT(client.heard(), ElementsAre("1 @2 create /a", "2 @2 sync /no such node",
                                          "3 @2 sync null", "4 @2 getData  v0"));
}

TEST(OrderTest, SyncWaitsForTheWritesOfOthers) {
  Server server({.lanes = 2});
  Client& writer = server.connect(0);
  Client& reader = server.connect(1);
  server.hold_disk();
  writer.create("/a");
  server.run();
  reader.with_path(wire::OpCode::kSync, "/a");
  reader.exists("/a");
  server.run();
  EXPECT_THAT(reader.heard(), IsEmpty());
  server.release_disk();
  EXPECT_THAT(reader.heard(), ElementsAre("1 @3 sync /a", "2 @3 exists v0"));
}

TEST(OrderTest, ASyncThatCannotBeDecodedFailsInTurn) {
  Server server;
  Client& client = server.connect();
  server.hold_disk();
  client.create("/a");
  client.raw(wire::OpCode::kSync, "\x7f");
  server.run();
  server.release_disk();
  EXPECT_THAT(client.heard(), ElementsAre("1 @2 create /a", "2 @2 sync MARSHALLINGERROR"));
}

// ---- auth

TEST(OrderTest, AnAuthReplyWaitsForItsTurn) {
  Server server;
  Client& client = server.connect();
  server.hold_disk();
  client.create("/a");
  client.authenticate("digest", "u:p");
  client.bare(wire::OpCode::kWhoAmI);
  server.run();
  EXPECT_THAT(client.heard(), IsEmpty());
  server.release_disk();
  EXPECT_THAT(client.heard(),
              ElementsAre("1 @2 create /a", "2 @0 auth", "3 @2 whoAmI ip:127.0.0.1 digest:u"));
}

TEST(OrderTest, AReadActsWithTheIdentitiesOfItsArrival) {
  Server server;
  Client& client = server.connect();
  server.hold_disk();
  client.create("/a");
  client.bare(wire::OpCode::kWhoAmI);
  client.authenticate("digest", "u:p");
  client.bare(wire::OpCode::kWhoAmI);
  client.authenticate("digest", "v:p");
  client.bare(wire::OpCode::kWhoAmI);
  server.run();
  server.release_disk();
  EXPECT_THAT(client.heard(), ElementsAre("1 @2 create /a", "2 @2 whoAmI ip:127.0.0.1", "3 @0 auth",
                                          "4 @2 whoAmI ip:127.0.0.1 digest:u", "5 @0 auth",
                                          "6 @2 whoAmI ip:127.0.0.1 digest:u digest:v"));
}

TEST(OrderTest, AWriteActsWithTheIdentitiesOfItsArrival) {
  Server server;
  Client& client = server.connect();
  server.hold_disk();
  const std::vector<wire::AclView> mine = {{31, "auth", ""}};
  client.create("/before", "", 0, wire::OpCode::kCreate, mine);
  client.authenticate("digest", "u:p");
  client.create("/after", "", 0, wire::OpCode::kCreate, mine);
  server.run();
  server.release_disk();
  EXPECT_THAT(client.heard(),
              ElementsAre("1 @2 create INVALIDACL", "2 @0 auth", "3 @3 create /after"));
}

TEST(OrderTest, AFailedAuthIsAnsweredInTurnAndThenClosesTheConnection) {
  Server server;
  Client& client = server.connect();
  server.hold_disk();
  client.create("/a");
  client.authenticate("no-such-scheme", "u:p");
  client.create("/b");
  server.run();
  EXPECT_THAT(client.heard(), IsEmpty());
  server.release_disk();
  EXPECT_THAT(client.heard(), ElementsAre("1 @2 create /a", "2 @0 auth AUTHFAILED", "closed"));
  EXPECT_EQ(server.tree.find("/b"), tree::kNoNode) << "what follows a failed auth is not heard";
}

TEST(OrderTest, AnAuthPacketThatCannotBeDecodedClosesWithoutAWord) {
  Server server;
  Client& client = server.connect();
  client.raw(wire::OpCode::kAuth, "\x01");
  server.run();
  EXPECT_THAT(client.heard(), ElementsAre("closed"));
}

TEST(OrderTest, TheSameIdentityTwiceIsOne) {
  Server server;
  Client& client = server.connect();
  client.authenticate("digest", "u:p");
  client.authenticate("digest", "u:p");
  client.bare(wire::OpCode::kWhoAmI);
  server.run();
  EXPECT_THAT(client.heard(),
              ElementsAre("1 @0 auth", "2 @0 auth", "3 @1 whoAmI ip:127.0.0.1 digest:u"));
}

TEST(OrderTest, SaslIsAnsweredWithNoTokenAndTheConnectionStaysUsable) {
  Server server;
  Client& client = server.connect();
  client.with_path(wire::OpCode::kSasl, "token");
  client.ping();
  client.raw(wire::OpCode::kSasl, "\x7f");
  server.run();
  EXPECT_THAT(client.heard(), ElementsAre("1 @0 sasl null", "-2 @1 ping", "closed"));
}

TEST(OrderTest, SaslWithoutATokenEndsTheConnection) {
  Server server;
  Client& client = server.connect();
  client.with_path(wire::OpCode::kSasl, std::nullopt);
  server.run();
  EXPECT_THAT(client.heard(), ElementsAre("closed"));
}

TEST(OrderTest, EnforcedAuthRefusesEverythingElse) {
  Server server({.lane = {.enforced_auth_schemes = {"digest"}}});
  Client& client = server.connect();
  client.authenticate("digest", "u:p");
  client.ping();
  server.run();
  EXPECT_THAT(client.heard(), ElementsAre("1 @0 auth", "-2 @1 ping"));
  Client& stranger = server.connect();
  stranger.ping();
  server.run();
  EXPECT_THAT(stranger.heard(), ElementsAre("-2 @0 ping SESSIONCLOSEDREQUIRESASLAUTH", "closed"));
}

// ---- odd frames

TEST(OrderTest, AnUnknownOperationIsAnsweredInTurnAndEndsTheConnection) {
  using wire::OpCode;
  for (const auto op :
       {OpCode::kNotification, OpCode::kCheck, OpCode::kError, OpCode::kDeleteContainer,
        OpCode::kCreateSession, OpCode(10), OpCode(888), OpCode(-77)}) {
    Server server;
    Client& client = server.connect();
    server.hold_disk();
    client.create("/a");
    client.raw(op, "");
    client.ping();
    server.run();
    EXPECT_THAT(client.heard(), IsEmpty());
    server.release_disk();
    EXPECT_THAT(client.heard(),
                ElementsAre("1 @2 create /a",
                            fmt::format("2 @-1 {} UNIMPLEMENTED", wire::op_name(op)), "closed"));
  }
}

TEST(OrderTest, AFrameWithoutAWholeHeaderClosesTheConnection) {
  for (const std::size_t size : {0u, 1u, 7u}) {
    Server server;
    Client& client = server.connect();
    client.send_frame(std::string(size, '\0'));
    server.run();
    EXPECT_THAT(client.heard(), ElementsAre("closed"));
  }
}

TEST(OrderTest, AnUndecodableBodyIsAnErrorAndNoMore) {
  using wire::OpCode;
  Server server;
  Client& client = server.connect();
  for (const auto op : {OpCode::kCreate,
                        OpCode::kDelete,
                        OpCode::kExists,
                        OpCode::kGetData,
                        OpCode::kSetData,
                        OpCode::kGetAcl,
                        OpCode::kSetAcl,
                        OpCode::kGetChildren,
                        OpCode::kGetChildren2,
                        OpCode::kMulti,
                        OpCode::kCreate2,
                        OpCode::kCheckWatches,
                        OpCode::kRemoveWatches,
                        OpCode::kCreateContainer,
                        OpCode::kCreateTtl,
                        OpCode::kMultiRead,
                        OpCode::kSetWatches,
                        OpCode::kGetEphemerals,
                        OpCode::kGetAllChildrenNumber,
                        OpCode::kSetWatches2,
                        OpCode::kAddWatch,
                        OpCode::kSync}) {
    const std::int32_t xid = client.raw(op, std::string_view("\x00\x00\x00\x09/a", 6));
    server.run();
    const auto lines = client.heard();
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_THAT(lines[0], testing::MatchesRegex(fmt::format("{} @[0-9]+ {} MARSHALLINGERROR", xid,
                                                            wire::op_name(op))));
  }
  client.ping();
  server.run();
  EXPECT_EQ(client.heard().size(), 1u);
}

TEST(OrderTest, BytesAfterTheRecordAreIgnored) {
  Server server;
  Client& client = server.connect();
  client.raw(wire::OpCode::kExists, std::string_view("\x00\x00\x00\x01/\x00junk", 10));
  client.raw(wire::OpCode::kSync, std::string_view("\x00\x00\x00\x01/junk", 9));
  server.run();
  EXPECT_THAT(client.heard(), ElementsAre("1 @1 exists v0", "2 @1 sync /"));
}

TEST(OrderTest, APipelineOfThousandsKeepsItsOrder) {
  Server server;
  Client& client = server.connect();
  for (int i = 0; i < 3000; ++i) {
    client.create(fmt::format("/n{}", i));
    client.exists(fmt::format("/n{}", i));
  }
  server.run();
  EXPECT_EQ(client.heard().size(), 6000u);
  EXPECT_EQ(server.lanes[0]->probe().outstanding, 0);
  EXPECT_EQ(server.replica->outstanding(), 0u);
}

}  // namespace
}  // namespace drover::core_test
