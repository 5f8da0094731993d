#include "client/host_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<HostPort> hosts(std::initializer_list<int> numbers) {
  std::vector<HostPort> all;
  for (const int n : numbers) all.push_back({.host = std::to_string(n)});
  return all;
}

// How often of 10,000 clients on server 1 leave it.
int leavers(const std::vector<HostPort>& before, const std::vector<HostPort>& now) {
  base::Prng prng(7);
  int count = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (rebalanced(before, now, hosts({1})[0], prng).leaves) ++count;
  }
  return count;
}

TEST(RebalancedTest, AGrownListDrawsTheShareOfTheNewServers) {
  EXPECT_NEAR(leavers(hosts({1, 2}), hosts({1, 2, 3})), 3333, 200);
  EXPECT_NEAR(leavers(hosts({1}), hosts({1, 2, 3, 4})), 7500, 200);
}

TEST(RebalancedTest, WhoseServerStaysInAListThatDidNotGrowStays) {
  EXPECT_EQ(leavers(hosts({1, 2}), hosts({1, 3})), 0);
  EXPECT_EQ(leavers(hosts({1, 2, 3}), hosts({1})), 0);
}

TEST(RebalancedTest, WhoseServerIsGoneLeaves) {
  EXPECT_EQ(leavers(hosts({1, 2}), hosts({2, 3})), 10'000);
  EXPECT_EQ(leavers(hosts({1}), hosts({2, 3, 4})), 10'000);
}

TEST(RebalancedTest, NewServersComeFirstWhenTheListGrew) {
  base::Prng prng(1);
  const auto plan = rebalanced(hosts({1, 2}), hosts({1, 2, 3, 4}), std::nullopt, prng);
  EXPECT_FALSE(plan.leaves);
  ASSERT_EQ(plan.order.size(), 4u);
  EXPECT_THAT(std::vector(plan.order.begin(), plan.order.begin() + 2), UnorderedElementsAre(2, 3));
  EXPECT_THAT(std::vector(plan.order.begin() + 2, plan.order.end()), UnorderedElementsAre(0, 1));
}

// Of four servers one goes: its clients spread over the three that stay.
TEST(RebalancedTest, AShrunkListSendsTheOrphansToTheOthers) {
  base::Prng prng(1);
  const auto plan = rebalanced(hosts({1, 2, 3, 4}), hosts({2, 3, 4}), hosts({1})[0], prng);
  EXPECT_TRUE(plan.leaves);
  EXPECT_THAT(plan.order, UnorderedElementsAre(0, 1, 2));
}

TEST(HostsOfConfigTest, TakesClientAddresses) {
  EXPECT_THAT(hosts_of_config("server.2=b:2888:3888:participant;0.0.0.0:2182\n"
                              "server.1=a:2888:3888:participant;10.0.0.1:2181\n"
                              "server.3=c:2888:3888:observer;2183\n"
                              "server.4=d:2888:3888\n"
                              "version=100000000"),
              ElementsAre(HostPort{"10.0.0.1", 2181}, HostPort{"b", 2182}, HostPort{"c", 2183}));
}

TEST(HostsOfConfigTest, KnowsIpv6) {
  EXPECT_THAT(hosts_of_config("server.1=[fe80::1]:2888:3888;[::]:2181\n"
                              "server.2=h:2888:3888;[fe80::2]:2182"),
              ElementsAre(HostPort{"fe80::1", 2181}, HostPort{"fe80::2", 2182}));
}

TEST(HostsOfConfigTest, NonsenseIsNoHost) {
  EXPECT_THAT(hosts_of_config(""), IsEmpty());
  EXPECT_THAT(hosts_of_config("server.1=a:1:2;x:99999\nserver.2;=\nserver.3=;\nhello"), IsEmpty());
  EXPECT_THAT(hosts_of_config("server.1=;2181"), IsEmpty());
}

}  // namespace
}  // namespace drover::client
