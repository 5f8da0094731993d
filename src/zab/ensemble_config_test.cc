// The text of a configuration: what is read is printed the same, and what is wrong is named with
// its line.

#include "zab/ensemble_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::zab {
namespace {

using testing::HasSubstr;

std::string error_of(std::string_view text) {
  const auto config = EnsembleConfig::parse(text);
  return config ? "no error" : config.error().message;
}

std::string member_error(std::string_view value) {
  const auto member = parse_member(ServerId(1), value);
  return member ? "no error" : member.error().message;
}

TEST(EnsembleConfigTest, TextIsPrintedAsItWasRead) {
  for (const std::string_view text : {
           "server.1=a:2888:3888:participant\nversion=0",
           "server.1=a:2888:3888:participant;0.0.0.0:2181\n"
           "server.2=[::1]:2888:3888:observer;[fe80::1]:2181\nversion=100000000",
           "server.1=a:1:2:participant\nserver.2=b:1:2:participant\nserver.10=c:1:2:participant\n"
           "group.1=1:2\ngroup.7=10\nweight.1=0\nweight.10=5\nversion=a",
           "version=0",
       }) {
    const auto config = EnsembleConfig::parse(text);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->text(), text);
  }
}

TEST(EnsembleConfigTest, ReadsAsJavaPropertiesDo) {
  const auto config = EnsembleConfig::parse(
      "# a comment\r\n! another\r\n\r\n  server.2 = b\\:2888\\:3888: OBSERVER ;2182 \r\n"
      "server.1:a:2888:3888\r\nserver.3 c:2888:3888;;\r\nversion=100000000\r\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->text(),
            "server.1=a:2888:3888:participant\nserver.2=b:2888:3888:observer;0.0.0.0:2182\n"
            "server.3=c:2888:3888:participant\nversion=100000000");
  EXPECT_EQ(config->version, 0x100000000);
}

TEST(EnsembleConfigTest, KnowsWhoVotes) {
  const auto config =
      EnsembleConfig::parse("server.1=a:1:2\nserver.2=a:1:2:observer\nserver.3=a:1:2\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->voters(), (std::set{ServerId(1), ServerId(3)}));
  EXPECT_TRUE(config->is_voter(ServerId(1)));
  EXPECT_FALSE(config->is_voter(ServerId(2)));
  EXPECT_FALSE(config->is_voter(ServerId(4)));
  ASSERT_NE(config->find(ServerId(2)), nullptr);
  EXPECT_TRUE(config->find(ServerId(2))->observer);
  EXPECT_EQ(config->find(ServerId(4)), nullptr);
}

TEST(EnsembleConfigTest, RefusesWithLineAndReason) {
  EXPECT_EQ(error_of("server.1=a:1:2\nserver.x=a:1:2"),
            "line 2: server.x: expected a server's number after server.");
  EXPECT_EQ(error_of("server.1=a:1:2\n\nserver.1=b:1:2"), "line 3: server.1: named twice");
  EXPECT_EQ(error_of("server.-1=a:1:2"),
            "line 1: server.-1: expected a server's number after server.");
  EXPECT_EQ(error_of("clientPort=2181"),
            "line 1: clientPort: expected server.N, group.N, weight.N or version");
  EXPECT_EQ(error_of("version=0x1"), "line 1: version: expected a hexadecimal number");
  EXPECT_EQ(error_of("version=8000000000000000"), "line 1: version: expected a hexadecimal number");
  EXPECT_EQ(error_of("version=-1"), "line 1: version: expected a hexadecimal number");
  EXPECT_EQ(error_of("server.1=a:1:2\\"),
            "line 1: a line that goes on in the next is not supported");
  EXPECT_THAT(error_of("server.1"), HasSubstr("line 1: server.1: expected host:"));
  EXPECT_EQ(error_of("group.1=1:x"),
            "line 1: group.1: expected servers' numbers with colons between them");
  EXPECT_EQ(error_of("group.x=1"), "line 1: group.x: expected a group's number after group.");
  EXPECT_EQ(error_of("group.1=1\ngroup.2=2:1"), "line 2: group.2: server 1 is in two groups");
  EXPECT_EQ(error_of("weight.1=-1"), "line 1: weight.1: expected a weight of 0..1000000000");
  EXPECT_EQ(error_of("weight.1=1\nweight.1=2"), "line 2: weight.1: named twice");
  EXPECT_EQ(error_of("weight.1=1"), "weights without groups");
  EXPECT_EQ(error_of("server.1=a:1:2\nserver.2=a:1:2\ngroup.1=1"), "server.2 is in no group");
  EXPECT_EQ(error_of("server.1=a:1:2\nserver.2=a:1:2:observer\ngroup.1=1"), "no error");
}

TEST(EnsembleConfigTest, RefusesMoreThan64Voters) {
  std::string text;
  for (int sid = 1; sid <= 64; ++sid) text += "server." + std::to_string(sid) + "=a:1:2\n";
  EXPECT_EQ(error_of(text), "no error");
  EXPECT_EQ(error_of(text + "server.65=a:1:2:observer\n"), "no error");
  EXPECT_EQ(error_of(text + "server.65=a:1:2\n"), "65 voters, more than 64 are not supported");
}

TEST(EnsembleConfigTest, MembersAreReadInEveryForm) {
  const auto member = parse_member(ServerId(5), " [::1]:2888:3888:Observer;[::2]:2181 ");
  ASSERT_TRUE(member) << member.error().message;
  const Member expected{.sid = ServerId(5),
                        .quorum = {"::1", 2888},
                        .election = {"::1", 3888},
                        .observer = true,
                        .client = Address{"::2", 2181}};
  EXPECT_EQ(*member, expected);
  EXPECT_EQ(parse_member(ServerId(1), "a:1:2;2181")->client, (Address{"0.0.0.0", 2181}));
  EXPECT_EQ(parse_member(ServerId(1), "a:1:2;b:2181")->client, (Address{"b", 2181}));
  EXPECT_EQ(parse_member(ServerId(1), "a:1:2;")->client, std::nullopt);
}

TEST(EnsembleConfigTest, MembersThatApacheRefusesAreRefused) {
  const std::string form =
      "server.1: expected host:quorumPort:electionPort, then :participant or :observer or none";
  for (const auto* value : {"", "a", "a:1", ":1:2", "a:1:2:participant:x", "[::1:1:2", "::1"}) {
    EXPECT_EQ(member_error(value), form) << value;
  }
  EXPECT_EQ(member_error("a:1:1"), "server.1: the quorum's and the election's port are the same");
  for (const auto* value : {"a:0:1", "a:1:65536", "a:x:1", "a:1:", "a:-1:2", "a:1 :2"}) {
    EXPECT_EQ(member_error(value), "server.1: expected ports of 1..65535") << value;
  }
  EXPECT_EQ(member_error("a:1:2|b:1:2"), "server.1: several addresses (|) are not supported");
  EXPECT_EQ(member_error("a:1:2:learner"),
            "server.1: expected participant or observer as its role");
  for (const auto* value : {"a:1:2;x", "a:1:2;b:0", "a:1:2;:1", "a:1:2;[b:1"}) {
    EXPECT_EQ(member_error(value), "server.1: expected [host:]clientPort after the semicolon")
        << value;
  }
  EXPECT_EQ(member_error("a:1:2;1;2"), "server.1: a secure client port is not supported");
}

TEST(EnsembleConfigTest, AddressesKnowBracketsAndWildcards) {
  EXPECT_EQ(Address::parse("a:1"), (Address{"a", 1}));
  EXPECT_EQ(Address::parse("[::1]:1"), (Address{"::1", 1}));
  EXPECT_EQ(Address::parse("::1:1"), (Address{"::1", 1}));
  for (const auto* text : {"", "a", "a:", ":1", "a:0", "a:65536", "[::1:1", "::1]:1", "[]:1"}) {
    EXPECT_EQ(Address::parse(text), std::nullopt) << text;
  }
  EXPECT_EQ((Address{"::1", 1}).text(), "[::1]:1");
  EXPECT_TRUE((Address{"0.0.0.0", 1}).is_wildcard());
  EXPECT_TRUE((Address{"::", 1}).is_wildcard());
  EXPECT_FALSE((Address{"0.0.0.1", 1}).is_wildcard());
}

}  // namespace
}  // namespace drover::zab
