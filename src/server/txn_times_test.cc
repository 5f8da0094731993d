// Goal: each txn is measured once at its ack and once when it is applied, whatever comes together.

#include "server/txn_times.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace drover::server {
namespace {

using Seen = std::vector<std::pair<std::int64_t, std::int64_t>>;  // ms, count
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

std::string header(std::int64_t zxid, std::int64_t time_ms) {
  std::string bytes(12, '\0');  // clientId, cxid
  for (const std::int64_t value : {zxid, time_ms}) {
    for (int shift = 56; shift >= 0; shift -= 8)
      bytes += static_cast<char>(static_cast<std::uint64_t>(value) >> shift);
  }
  return bytes + std::string(4, '\0');
}

TEST(TxnTimesTest, TimesAreThoseOfTheHeaders) {
  const std::string bytes = header(7, 1'700'000'000'123);
  EXPECT_EQ(TxnTimes::made_ms({.zxid = wire::Zxid(7), .bytes = bytes}), 1'700'000'000'123);
  EXPECT_EQ(TxnTimes::made_ms({.zxid = wire::Zxid(7), .bytes = "short"}), 0);
}

TEST(TxnTimesTest, AppliedMayComeBeforeDurable) {
  const std::string bytes = header(1, 100);
  TxnTimes times;
  times.came(std::vector<wire::TxnBytes>{{.zxid = wire::Zxid(1), .bytes = bytes}});
  int applied = 0, durable = 0;
  for (int i = 0; i < 2; ++i)
    times.applied(wire::Zxid(1), 110, [&](std::int64_t, std::int64_t) { ++applied; });
  for (int i = 0; i < 2; ++i)
    times.durable(wire::Zxid(1), 120, [&](std::int64_t, std::int64_t) { ++durable; });
  EXPECT_EQ(applied, 1);
  EXPECT_EQ(durable, 1);
}

TEST(TxnTimesTest, EachGroupIsSeenOnceDurableAndOnceApplied) {
  const std::string first = header(1, 100), second = header(3, 200);
  TxnTimes times;
  const auto note = [](Seen& seen) {
    return [&seen](std::int64_t ms, std::int64_t count) { seen.emplace_back(ms, count); };
  };
  times.came(std::vector<wire::TxnBytes>{{.zxid = wire::Zxid(1), .bytes = first},
                                         {.zxid = wire::Zxid(2), .bytes = first}});
  times.came(std::vector<wire::TxnBytes>{{.zxid = wire::Zxid(3), .bytes = second}});
  times.came({});
  Seen durable, applied;
  times.durable(wire::Zxid(1), 110, note(durable));
  EXPECT_THAT(durable, IsEmpty()) << "half of a group is none";
  times.durable(wire::Zxid(2), 110, note(durable));
  times.durable(wire::Zxid(3), 210, note(durable));
  EXPECT_THAT(durable, ElementsAre(Pair(10, 2), Pair(10, 1)));
  times.applied(wire::Zxid(2), 150, note(applied));
  times.applied(wire::Zxid(9), 250, note(applied));
  times.applied(wire::Zxid(9), 300, note(applied));
  EXPECT_THAT(applied, ElementsAre(Pair(50, 2), Pair(50, 1)));
}

}  // namespace
}  // namespace drover::server
