// What `srvr` answers, in every state, and what is no answer of it.

#include "server/member_poll.h"

#include <gtest/gtest.h>

namespace drover::server {
namespace {

TEST(MemberPollTest, AMembersWordsBecomeNumbers) {
  const MemberStatus status = parse_srvr(
      "Zookeeper version: 3.9.5-0, built on 2025-01-01 00:00 UTC\n"
      "Latency min/avg/max: 0/0.1234/17\nReceived: 100\nSent: 99\nConnections: 3\n"
      "Outstanding: 2\nZxid: 0x5000000ab\nMode: follower\nNode count: 5\n");
  EXPECT_EQ(status.why, "");
  EXPECT_EQ(status.role, "follower");
  EXPECT_EQ(status.zxid, 0x5000000ab);
  EXPECT_EQ(status.connections, 3);
  EXPECT_EQ(status.outstanding, 2);
  EXPECT_DOUBLE_EQ(status.latency_avg_ms.value_or(0), 0.1234);
}

TEST(MemberPollTest, WhoDoesNotServeSaysSo) {
  const MemberStatus status =
      parse_srvr("This ZooKeeper instance is not currently serving requests\n");
  EXPECT_EQ(status.why, "This ZooKeeper instance is not currently serving requests");
  EXPECT_EQ(status.role, "");
  EXPECT_EQ(parse_srvr("").why, "it closed without an answer");
}

TEST(MemberPollTest, WhatIsNoNumberIsNotShown) {
  const MemberStatus status =
      parse_srvr("Latency min/avg/max: x\nConnections: many\nZxid: 0xz\nMode: leader\n");
  EXPECT_EQ(status.role, "leader");
  EXPECT_EQ(status.zxid, std::nullopt);
  EXPECT_EQ(status.connections, std::nullopt);
  EXPECT_EQ(status.latency_avg_ms, std::nullopt);
}

}  // namespace
}  // namespace drover::server
