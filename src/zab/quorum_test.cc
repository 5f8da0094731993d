// Quorums against their definition, for every set of acks of small ensembles.

#include "zab/quorum.h"

#include <gtest/gtest.h>

#include "base/prng.h"

namespace drover::zab {
namespace {

EnsembleConfig config_of(std::string_view text) {
  auto config = EnsembleConfig::parse(text);
  EXPECT_TRUE(config) << config.error().message;
  return std::move(*config);
}

std::string servers(int voters) {
  std::string text;
  for (int sid = 1; sid <= voters; ++sid) text += "server." + std::to_string(sid) + "=a:1:2\n";
  return text;
}

// The definition of hierarchical quorums, said with maps and no bits.
bool by_definition(const EnsembleConfig& config, const std::set<ServerId>& acks) {
  if (config.groups.empty()) {
    std::size_t count = 0;
    for (const auto sid : acks) count += config.is_voter(sid) ? 1 : 0;
    return 2 * count > config.voters().size();
  }
  std::map<std::int64_t, std::int64_t> total, acked;
  for (const auto sid : config.voters()) {
    const auto weight = config.weights.contains(sid) ? config.weights.at(sid) : 1;
    total[config.groups.at(sid)] += weight;
    if (acks.contains(sid)) acked[config.groups.at(sid)] += weight;
  }
  std::size_t groups = 0, won = 0;
  for (const auto& [group, weight] : total) {
    groups += weight != 0 ? 1 : 0;
    won += 2 * acked[group] > weight ? 1 : 0;
  }
  return 2 * won > groups;
}

void expect_as_defined(const EnsembleConfig& config) {
  const Quorum quorum(config);
  for (std::uint64_t bits = 0; bits < std::uint64_t{1} << quorum.voters().size(); ++bits) {
    std::set<ServerId> acks;
    for (std::size_t i = 0; i < quorum.voters().size(); ++i) {
      if ((bits >> i & 1) != 0) acks.insert(quorum.voters()[i]);
    }
    ASSERT_EQ(quorum.contains(acks), by_definition(config, acks)) << config.text() << bits;
    ASSERT_EQ(quorum.contains(bits), quorum.contains(acks)) << config.text() << bits;
    acks.insert(ServerId(99));
    ASSERT_EQ(quorum.contains(acks), quorum.contains(bits)) << "99 is nobody";
  }
}

TEST(QuorumTest, MajorityIsMoreThanHalf) {
  for (int voters = 0; voters <= 9; ++voters) {
    expect_as_defined(config_of(servers(voters) + "server.50=a:1:2:observer"));
  }
}

TEST(QuorumTest, GroupsAreCountedByWeight) {
  // Two of three groups with a majority of their weight.
  const auto config = config_of(servers(9) + "group.1=1:2:3\ngroup.2=4:5:6\ngroup.3=7:8:9");
  const Quorum quorum(config);
  EXPECT_TRUE(quorum.contains({ServerId(1), ServerId(2), ServerId(4), ServerId(5)}));
  EXPECT_FALSE(quorum.contains({ServerId(1), ServerId(2), ServerId(3), ServerId(4)}));
  EXPECT_FALSE(quorum.contains({ServerId(1), ServerId(2), ServerId(3), ServerId(4), ServerId(7)}));
  expect_as_defined(config);
}

TEST(QuorumTest, GroupsWithoutWeightDoNotExist) {
  const auto config =
      config_of(servers(5) + "group.1=1:2:3\ngroup.2=4:5\nweight.4=0\nweight.5=0\nweight.3=0");
  const Quorum quorum(config);
  EXPECT_TRUE(quorum.contains({ServerId(1), ServerId(2)}));
  EXPECT_FALSE(quorum.contains({ServerId(3), ServerId(4), ServerId(5)}));
  EXPECT_EQ(quorum.weight_of(ServerId(1)), 1);
  EXPECT_EQ(quorum.weight_of(ServerId(4)), 0);
  expect_as_defined(config);
}

TEST(QuorumTest, RandomGroupsAndWeightsAreAsDefined) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    base::Prng prng(seed);
    auto config = config_of(servers(1 + static_cast<int>(prng.below(8))));
    for (const auto sid : config.voters()) {
      config.groups[sid] = static_cast<std::int64_t>(prng.below(3));
      if (prng.chance(2, 3)) config.weights[sid] = static_cast<std::int64_t>(prng.below(4));
    }
    expect_as_defined(config);
  }
}

// Two leaders at once would need two quorums without a common server.
TEST(QuorumTest, AnyTwoQuorumsMeet) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    base::Prng prng(seed);
    auto config = config_of(servers(6));
    for (const auto sid : config.voters()) {
      config.groups[sid] = static_cast<std::int64_t>(prng.below(3));
      config.weights[sid] = static_cast<std::int64_t>(prng.below(3));
    }
    const Quorum quorum(config);
    for (std::uint64_t a = 0; a < 64; ++a) {
      if (quorum.contains(a)) {
        ASSERT_FALSE(quorum.contains(~a & 63)) << config.text();
      }
    }
  }
}

TEST(QuorumTest, KnowsPlacesAndWeights) {
  const Quorum quorum(config_of(servers(2) + "server.7=a:1:2\nserver.5=a:1:2:observer"));
  EXPECT_EQ(quorum.voters(), (std::vector{ServerId(1), ServerId(2), ServerId(7)}));
  EXPECT_EQ(quorum.index_of(ServerId(7)), 2);
  EXPECT_EQ(quorum.index_of(ServerId(5)), -1);
  EXPECT_EQ(quorum.weight_of(ServerId(7)), 1);
  EXPECT_EQ(quorum.weight_of(ServerId(5)), 0);
  EXPECT_EQ(quorum.weight_of(ServerId(8)), 0);
}

TEST(QuorumTest, SixtyFourVotersFit) {
  const Quorum quorum(config_of(servers(64)));
  EXPECT_FALSE(quorum.contains(0xffffffffULL));
  EXPECT_TRUE(quorum.contains(0x1ffffffffULL));
}

}  // namespace
}  // namespace drover::zab
