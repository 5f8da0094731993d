// What servers say about themselves, read.

#include "shell/ensemble_view.h"

#include <gtest/gtest.h>

namespace drover::shell {
namespace {

constexpr std::string_view kSrvr =
    "Zookeeper version: 3.9.5-abc, built on 2026-01-01\nLatency min/avg/max: 0/0.5/3\n"
    "Received: 10\nSent: 9\nConnections: 1\nOutstanding: 0\nZxid: 0x200000003\nMode: leader\n"
    "Node count: 5\n";

ServerView server(std::string_view srvr, std::string_view mntr) {
  ServerView view;
  EXPECT_TRUE(read_answers(srvr, mntr, view));
  return view;
}

TEST(EnsembleViewTest, ReadsSrvrAndMntr) {
  const auto view = server(kSrvr, "zk_avg_latency\t0.5\nzk_version\tx\nzk_packets_received\t10\n");
  EXPECT_EQ(view.role, "leader");
  EXPECT_EQ(view.version, "3.9.5-abc");
  EXPECT_EQ(view.zxid, 0x200000003);
  EXPECT_EQ(view.figure("avg_latency"), 0.5);
  EXPECT_EQ(view.figure("version"), std::nullopt);
  EXPECT_EQ(view.figure("nothing"), std::nullopt);
  ServerView silent;
  EXPECT_FALSE(
      read_answers("srvr is not executed because it is not in the whitelist.\n", "", silent));
}

TEST(EnsembleViewTest, RatesNeedTwoLooksAtTheSameProcess) {
  auto before = server(kSrvr, "zk_packets_received\t10\n");
  auto now = server(kSrvr, "zk_packets_received\t30\n");
  now.when = before.when + std::chrono::seconds(2);
  EXPECT_EQ(requests_per_second(before, now), 10.0);
  EXPECT_EQ(requests_per_second(now, before), std::nullopt);  // it began anew
}

TEST(EnsembleViewTest, LagCountsWithinAnEpoch) {
  EnsembleView view(3);
  view[0].zxid = 0x200000005;
  view[1].zxid = 0x200000003;
  view[2].zxid = 0x100000003;
  EXPECT_EQ(zxid_lag(view, view[0]), 0);
  EXPECT_EQ(zxid_lag(view, view[1]), 2);
  EXPECT_EQ(zxid_lag(view, view[2]), std::nullopt);
}

TEST(EnsembleViewTest, FindsClientPortsInAConfiguration) {
  const auto found = client_addresses(
      "server.1=zoo1:2888:3888:participant;0.0.0.0:2181\nserver.2=zoo2:2888:3888;10.0.0.2:2182\n"
      "server.3=zoo3:2888:3888\nserver.4=[::1]:2888:3888:observer;2184\nversion=100000000\n");
  const std::vector<client::HostPort> expected{{"zoo1", 2181}, {"10.0.0.2", 2182}, {"::1", 2184}};
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace drover::shell
