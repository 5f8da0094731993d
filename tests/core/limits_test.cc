// Goal: memory stays bounded whatever a client does: outstanding requests, bytes in flight, unread
// output.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "socketless.h"

namespace drover::core_test {
namespace {

TEST(LimitsTest, AConnectionIsNotReadWhileTooMuchIsOutstanding) {
  Server server({.lane = {.outstanding_requests_max = 10}});
  Client& client = server.connect();
  server.hold_disk();
  for (int i = 0; i < 50; ++i) client.create(fmt::format("/n{}", i));
  server.run();
  EXPECT_TRUE(client.connection()->reading_paused);
  EXPECT_EQ(client.connection()->outstanding, 11u) << "the one that is over the limit is in";
  EXPECT_EQ(client.unsent_frames(), 39u);
  server.release_disk();
  EXPECT_FALSE(client.connection()->reading_paused);
  EXPECT_EQ(client.heard().size(), 50u);
}

TEST(LimitsTest, AConnectionHasTwoThousandIdentitiesAtMost) {
  Server server({.lane = {.output_bytes_max = std::size_t{1} << 30}});
  Client& client = server.connect();
  for (int i = 0; i < 2000; ++i) client.authenticate("digest", fmt::format("user{}:p", i));
  server.run();
  const auto heard = client.heard();
  ASSERT_EQ(heard.size(), 2001u) << "1999 beside the address, then one that is refused";
  EXPECT_EQ(heard[1998], "1999 @0 auth");
  EXPECT_EQ(heard[1999], "2000 @0 auth AUTHFAILED");
  EXPECT_EQ(heard[2000], "closed");
}

TEST(LimitsTest, EveryConnectionMayHaveOneRequest) {
  Server server({.lane = {.outstanding_requests_max = 2}});
  Client& greedy = server.connect();
  Client& modest = server.connect();
  server.hold_disk();
  for (int i = 0; i < 10; ++i) greedy.create(fmt::format("/n{}", i));
  server.run();
  modest.create("/m");
  server.run();
  EXPECT_EQ(modest.connection()->outstanding, 1u);
  EXPECT_TRUE(modest.connection()->reading_paused);
  server.release_disk();
  EXPECT_FALSE(modest.connection()->reading_paused);
  EXPECT_EQ(modest.heard().size(), 1u);
  EXPECT_EQ(greedy.heard().size(), 10u);
}

TEST(LimitsTest, AClosedConnectionGivesItsShareBack) {
  Server server({.lane = {.outstanding_requests_max = 2}});
  Client& greedy = server.connect();
  Client& modest = server.connect();
  server.hold_disk();
  for (int i = 0; i < 3; ++i) greedy.create(fmt::format("/n{}", i));
  modest.create("/m");
  server.run();
  EXPECT_TRUE(modest.connection()->reading_paused);
  greedy.disconnect();
  EXPECT_FALSE(modest.connection()->reading_paused);
  EXPECT_EQ(server.lanes[0]->probe().outstanding, 1);
  server.release_disk();
}

TEST(LimitsTest, LargeWritesPauseTheirConnectionByBytes) {
  Server server;
  Client& client = server.connect();
  server.hold_disk();
  const std::string data(1'000'000, 'x');
  for (int i = 0; i < 20; ++i) client.create(fmt::format("/n{}", i), data);
  server.run();
  EXPECT_TRUE(client.connection()->reading_paused);
  EXPECT_LT(client.connection()->outstanding, 10u);
  server.release_disk();
  EXPECT_EQ(client.heard().size(), 20u);
}

TEST(LimitsTest, AClientThatDoesNotReadIsNotRead) {
  Server server({.lane = {.output_bytes_pause = 10000}});
  Client& client = server.connect();
  client.create("/a", std::string(4000, 'x'));
  server.run();
  client.heard();
  client.read_output(false);
  for (int i = 0; i < 100; ++i) client.get_data("/a");
  server.run();
  EXPECT_TRUE(client.connection()->reading_paused);
  EXPECT_LT(client.connection()->output.size(), 20000u);
  EXPECT_GT(client.unsent_frames(), 90u);
  client.read_output(true);
  server.lanes[0]->dirty().push_back(client.connection());  // as if the socket became writable
  server.run();
  EXPECT_EQ(client.heard().size(), 100u);
}

TEST(LimitsTest, AWatcherThatDoesNotReadIsClosedAtLast) {
  Server server({.lane = {.output_bytes_pause = 1000, .output_bytes_max = 5000}});
  Client& writer = server.connect();
  Client& watcher = server.connect();
  watcher.with_path_and_mode(wire::OpCode::kAddWatch, "/a", 0);
  writer.create("/a");
  server.run();
  watcher.read_output(false);
  for (int i = 0; i < 200; ++i) writer.set_data("/a", "x");
  server.run();
  EXPECT_TRUE(watcher.is_closed());
  EXPECT_TRUE(server.lanes[0]->watches().empty());
  EXPECT_EQ(writer.heard().size(), 201u);
}

TEST(LimitsTest, AReplyOfAnySizeIsSent) {
  Server server({.lane = {.output_bytes_pause = 1000, .output_bytes_max = 5000}});
  Client& client = server.connect();
  client.create("/big", std::string(100'000, 'x'));
  client.get_data("/big");
  server.run();
  EXPECT_EQ(client.heard().size(), 2u);
  EXPECT_FALSE(client.is_closed());
}

TEST(LimitsTest, ReadsAloneWakeTheReplicaOnlyNowAndThen) {
  Server server;
  Client& client = server.connect();
  client.exists("/");
  server.run();
  EXPECT_TRUE(server.lanes[0]->outbox().empty());
  ASSERT_TRUE(server.lanes[0]->next_deadline().has_value());
  EXPECT_LE(*server.lanes[0]->next_deadline() - server.now(), std::chrono::milliseconds(200));
}

}  // namespace
}  // namespace drover::core_test
