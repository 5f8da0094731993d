// Goal: section 6.7: containers and TTL znodes go when they are due, at a limited pace, as txns.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "socketless.h"

namespace drover::core_test {
namespace {

using testing::ElementsAre;
using wire::OpCode;

ServerOptions options() {
  ServerOptions o;
  o.replica.prepare.extended_types_enabled = true;
  o.replica.container_check_interval_ms = 100;
  o.lane.session_timeout_ms_max = 10'000'000;
  return o;
}

TEST(ReaperTest, AnEmptiedContainerGoesAndIsWatched) {
  Server server(options());
  Client& client = server.connect(0, 1'000'000);
  client.create("/c", "", 4, OpCode::kCreateContainer);
  client.create("/c/a");
  server.advance(500);
  EXPECT_NE(server.tree.find("/c"), tree::kNoNode) << "it has a child";
  client.remove("/c/a");
  client.exists("/c", true);
  server.run();
  client.heard();
  server.advance(101);
  EXPECT_THAT(client.heard(), ElementsAre("event @5 Deleted /c"));
  EXPECT_EQ(server.replica->probe().containers_deleted, 1);
}

TEST(ReaperTest, AContainerNeverUsedStaysUnlessAskedFor) {
  Server patient(options());
  patient.connect(0, 1'000'000).create("/c", "", 4, OpCode::kCreateContainer);
  patient.advance(10'000);
  EXPECT_NE(patient.tree.find("/c"), tree::kNoNode);

  ServerOptions impatient_options = options();
  impatient_options.replica.container_max_never_used_ms = 1000;
  Server impatient(impatient_options);
  impatient.connect(0, 1'000'000).create("/c", "", 4, OpCode::kCreateContainer);
  impatient.advance(1000);
  EXPECT_NE(impatient.tree.find("/c"), tree::kNoNode);
  impatient.advance(200);
  EXPECT_EQ(impatient.tree.find("/c"), tree::kNoNode);
}

TEST(ReaperTest, ATtlCountsFromTheLastChangeOfData) {
  Server server(options());
  Client& client = server.connect(0, 1'000'000);
  client.create_ttl("/t", 1000);
  server.advance(900);
  client.set_data("/t", "x");
  server.advance(900);
  EXPECT_NE(server.tree.find("/t"), tree::kNoNode);
  client.create("/t/child");
  server.advance(1000);
  EXPECT_NE(server.tree.find("/t"), tree::kNoNode) << "it has a child";
  client.remove("/t/child");
  server.advance(101);
  EXPECT_EQ(server.tree.find("/t"), tree::kNoNode);
}

TEST(ReaperTest, ThePaceIsLimited) {
  ServerOptions slow = options();
  slow.replica.container_max_per_minute = 600;  // ten a second
  Server server(slow);
  Client& client = server.connect(0, 1'000'000);
  for (int i = 0; i < 50; ++i) client.create_ttl(fmt::format("/t{:02}", i), 1);
  server.run();
  server.advance(150);  // one look at 100 ms, one delete right then
  EXPECT_EQ(server.replica->probe().containers_deleted, 1);
  server.advance(1000);
  EXPECT_EQ(server.replica->probe().containers_deleted, 11);
  server.advance(4000);
  EXPECT_EQ(server.replica->probe().containers_deleted, 50);
}

TEST(ReaperTest, ACandidateUsedAgainIsLeftAlone) {
  ServerOptions slow = options();
  slow.replica.container_max_per_minute = 60;  // one a second
  Server server(slow);
  Client& client = server.connect(0, 1'000'000);
  client.create_ttl("/a", 1);
  client.create_ttl("/b", 1);
  server.advance(101);
  EXPECT_EQ(server.tree.find("/a"), tree::kNoNode);
  client.create("/b/child");
  server.advance(1000);
  EXPECT_NE(server.tree.find("/b"), tree::kNoNode);
}

TEST(ReaperTest, ACreateDecidedBeforeTheDeleteSavesTheContainer) {
  Server server(options());
  Client& client = server.connect(0, 1'000'000);
  client.create("/c", "", 4, OpCode::kCreateContainer);
  client.create("/c/a");
  client.remove("/c/a");
  server.run();
  server.hold_disk();
  client.create("/c/b");
  server.advance(101);  // the tree still shows an empty container; prepare knows better
  server.release_disk();
  EXPECT_NE(server.tree.find("/c/b"), tree::kNoNode);
}

TEST(ReaperTest, PlainZnodesAreNeverTouched) {
  Server server(options());
  Client& client = server.connect(0, 1'000'000);
  client.create("/p");
  client.create("/p/a");
  client.remove("/p/a");
  client.create("/e", "", 1);
  server.advance(10'000);
  EXPECT_NE(server.tree.find("/p"), tree::kNoNode);
  EXPECT_NE(server.tree.find("/e"), tree::kNoNode);
}

}  // namespace
}  // namespace drover::core_test
