// A standalone server takes another state while it runs (an operator's restore): what its clients,
// its zxids and its watches see of it. Method: the whole server without sockets; the state to be
// restored is a tree built by hand.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "socketless.h"

namespace drover::core_test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// The tree of a server on which `/restored` was created.
tree::Tree other_tree(wire::Zxid zxid) {
  Server other;
  Client& client = other.connect();
  client.create("/restored", "old");
  other.run();
  other.tree.set_last_zxid(zxid);
  other.tree.set_replaced_at(zxid);
  return std::move(other.tree);
}

void replace(Server& server, tree::Tree tree, session::SessionTable sessions) {
  ASSERT_TRUE(server.replica->may_replace());
  std::swap(server.tree, tree);
  std::swap(server.sessions, sessions);
  server.replica->resume(server.now());
  server.run();
}

TEST(RestoreTest, PausingSendsEverybodyAway) {
  Server server({.lanes = 2});
  Client& first = server.connect(0);
  Client& second = server.connect(1);
  server.replica->pause();
  server.run();
  EXPECT_TRUE(first.is_closed());
  EXPECT_TRUE(second.is_closed());
  EXPECT_TRUE(server.replica->is_paused());
  EXPECT_TRUE(server.replica->may_replace());
  Client& late = server.accept();
  late.handshake(connect_request(10000));
  server.run();
  EXPECT_TRUE(late.is_closed());
}

TEST(RestoreTest, WhatWasProposedIsPersistedAndAppliedFirst) {
  Server server;
  Client& client = server.connect();
  server.hold_disk();
  client.create("/a");
  server.run();
  const wire::Zxid proposed = server.replica->last_proposed();
  server.replica->pause();
  server.run();
  EXPECT_TRUE(client.is_closed());
  EXPECT_FALSE(server.replica->may_replace());
  server.release_disk();
  EXPECT_TRUE(server.replica->may_replace());
  EXPECT_EQ(server.tree.last_zxid(), proposed);
  EXPECT_NE(server.tree.find("/a"), tree::kNoNode);
}

TEST(RestoreTest, GoesOnAsItWasWhenNothingIsReplaced) {
  Server server;
  Client& former = server.connect();
  former.create("/a");
  server.run();
  server.replica->pause();
  server.run();
  server.replica->resume(server.now());
  server.run();
  Client& client = server.accept();
  client.reattach(former);
  server.run();
  EXPECT_FALSE(client.is_closed());
  client.create("/b");
  server.run();
  EXPECT_NE(server.tree.find("/a"), tree::kNoNode);
  EXPECT_NE(server.tree.find("/b"), tree::kNoNode);
}

TEST(RestoreTest, ServesTheNewTreeFromItsZxidOn) {
  Server server;
  Client& former = server.connect();
  former.create("/a");
  server.run();
  const wire::Zxid at(server.replica->last_proposed().value + 100);
  server.replica->pause();
  server.run();
  replace(server, other_tree(at), session::SessionTable(3000));
  Client& lost = server.accept();
  lost.reattach(former);
  server.run();
  EXPECT_TRUE(lost.is_closed());  // its session is not in the new table
  Client& client = server.connect();
  client.create("/b");
  server.run();
  EXPECT_EQ(server.tree.find("/a"), tree::kNoNode);
  EXPECT_NE(server.tree.find("/restored"), tree::kNoNode);
  // The session was at + 1.
  EXPECT_EQ(server.tree.stat(server.tree.find("/b")).czxid, at.value + 2);
}

TEST(RestoreTest, WatchesOfASessionThatLivesOnAreTold) {
  Server server;
  Client& former = server.connect();
  former.create("/restored", "new");
  former.get_data("/restored", true);
  server.run();
  const wire::Zxid seen = server.replica->last_proposed();
  session::SessionTable sessions(3000);
  sessions.add(former.session(), 10000, server.now());
  server.replica->pause();
  server.run();
  replace(server, other_tree(wire::Zxid(seen.value + 100)), std::move(sessions));
  Client& client = server.accept();
  client.reattach(former);
  client.set_watches(set_watches_request(seen.value, {{"/restored"}}, {{"/nowhere"}}, {{"/"}}));
  server.run();
  const auto heard = client.heard();
  EXPECT_THAT(heard, Contains(HasSubstr(" DataChanged /restored")));
  EXPECT_THAT(heard, Contains(HasSubstr(" ChildrenChanged /")));
}

TEST(RestoreTest, SessionsOfTheNewTableExpireAsAny) {
  Server server;
  session::SessionTable sessions(3000);
  sessions.add(wire::SessionId(0x77), 10000, server.now());
  server.replica->pause();
  server.run();
  replace(server, other_tree(wire::Zxid(100)), std::move(sessions));
  EXPECT_TRUE(server.sessions.contains(wire::SessionId(0x77)));
  server.advance(20000);
  EXPECT_FALSE(server.sessions.contains(wire::SessionId(0x77)));
}

// A lane on another thread may not have heard yet that its connections are over.
TEST(RestoreTest, WhatALaneAskedInAnEarlierTermComesTooLate) {
  Server server;
  Client& client = server.connect();
  client.create("/late");
  txn::RequestBatch batch;
  server.lanes[0]->on_frame(*client.connection(), client.take_frame(), server.now());
  std::swap(batch, server.lanes[0]->outbox());
  ASSERT_FALSE(batch.requests.empty());
  server.replica->pause();
  server.run();
  server.replica->resume(server.now());
  replica::Effects effects;
  server.replica->on_requests(batch, server.now(), base::WallTime{1'700'000'000'000}, effects);
  EXPECT_TRUE(effects.persist.empty());
  server.run();
  EXPECT_EQ(server.tree.find("/late"), tree::kNoNode);
}

}  // namespace
}  // namespace drover::core_test
