// The forms a connect string may take, and each way to get it wrong.
#include "client/connect_string.h"

#include <gtest/gtest.h>

namespace drover::client {
namespace {

std::vector<HostPort> hosts(std::string_view text) {
  const auto parsed = parse_connect_string(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? parsed->hosts : std::vector<HostPort>();
}

TEST(ConnectStringTest, PortDefaultsTo2181) {
  EXPECT_EQ(hosts("zoo"), (std::vector<HostPort>{{"zoo", 2181}}));
  EXPECT_EQ(hosts("zoo:"), (std::vector<HostPort>{{"zoo", 2181}}));
  EXPECT_EQ(hosts("zoo:7"), (std::vector<HostPort>{{"zoo", 7}}));
}

TEST(ConnectStringTest, BlanksAndEmptyPartsAreDropped) {
  EXPECT_EQ(hosts(" a:1 ,, b:2,"), (std::vector<HostPort>{{"a", 1}, {"b", 2}}));
}

TEST(ConnectStringTest, Ipv6) {
  EXPECT_EQ(hosts("[::1]:5,[fe80::2]"), (std::vector<HostPort>{{"::1", 5}, {"fe80::2", 2181}}));
  EXPECT_EQ(hosts("::1"), (std::vector<HostPort>{{"::1", 2181}}));
  for (const char* bad : {"[::1]x", "[]:1", "[::1]:", "[::1"}) {
    EXPECT_FALSE(parse_connect_string(bad)) << bad;
  }
}

TEST(ConnectStringTest, Chroot) {
  EXPECT_EQ(parse_connect_string("a/app/x")->chroot, "/app/x");
  EXPECT_EQ(parse_connect_string("a:1,b:2/")->chroot, "");
  EXPECT_EQ(parse_connect_string("a:1,b:2/c")->hosts.size(), 2u);
  EXPECT_EQ(parse_connect_string("a/c/").error().message, "Path must not end with / character");
}

TEST(ConnectStringTest, RefusesWhatNamesNoServer) {
  for (const char* bad : {"", " ", ",", "/chroot", ":2181", "a:65536", "a:x", "a:-1"}) {
    EXPECT_FALSE(parse_connect_string(bad)) << bad;
  }
}

}  // namespace
}  // namespace drover::client
