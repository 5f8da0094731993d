// Goal: sessions expire when ZooKeeper's would, and ids and passwords are ZooKeeper's.
// Method: the published vectors; time is an argument, so every boundary is stepped on exactly.

#include "session/session_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/prng.h"

namespace drover::session {
namespace {

using base::Instant;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr std::int64_t kTick = 1000;
const SessionId kA(0x100), kB(0x200), kC(0x300);

Instant at(std::int64_t ms) {
  return Instant::from_ms(ms);
}

std::string hex(const std::array<char, 16>& bytes) {
  std::string text;
  for (const char c : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text += kDigits[static_cast<std::uint8_t>(c) >> 4];
    text += kDigits[static_cast<std::uint8_t>(c) & 15];
  }
  return text;
}

SessionId id_of(std::uint64_t value) {
  return SessionId(static_cast<std::int64_t>(value));
}

TEST(PasswordTest, IsTheOneThatEveryZooKeeperServerDerives) {
  EXPECT_EQ(hex(password_of(id_of(1))), "054cc74a37327db215e702e20c73f005");
  EXPECT_EQ(hex(password_of(id_of(0x0100000000000000))), "f22acd4a97e69d6d20a49bb638eadb38");
  EXPECT_EQ(hex(password_of(id_of(0x01000023f2bd0000))), "1924928c320649e81f5bc13ccbee670e");
  EXPECT_EQ(hex(password_of(id_of(0x01000023f2bd0001))), "2c458c8cd251282d149e28689f777cdb");
  EXPECT_EQ(hex(password_of(id_of(0x01000023f31a0000))), "3408360cb167e53232f80284e2e1fa9f");
  EXPECT_EQ(hex(password_of(id_of(0xffffffffffffffff))), "20f62cb5648dc2d771471c8a2486a9ee");
  EXPECT_EQ(hex(password_of(id_of(0x01000023f2bd0032))), "24f33f8cf2287fac8804679c5e6a8745");
}

TEST(PasswordTest, DependsOnTheLow48BitsOnly) {
  EXPECT_EQ(password_of(id_of(0x8000000000000000)), password_of(id_of(0x0100000000000000)));
  EXPECT_NE(password_of(id_of(0x0000800000000000)), password_of(id_of(0)));
}

TEST(FirstSessionIdTest, HoldsServerIdThenFortyBitsOfTheClock) {
  EXPECT_EQ(first_session_id(0, 1), id_of(0x0100000000000000));
  EXPECT_EQ(first_session_id(0x123456789a, 5), id_of(0x05123456789a0000));
  EXPECT_EQ(first_session_id(0x7fff123456789a, 5), id_of(0x05123456789a0000));
  EXPECT_EQ(first_session_id(0x01, 254), id_of(0xfe00000000010000));
}

TEST(FirstSessionIdTest, AvoidsTheOwnerThatMeansContainer) {
  EXPECT_EQ(first_session_id(0, 0x80), id_of(0x8000000000000001));
}

TEST(SessionTableTest, TellsTheTimeoutInForce) {
  SessionTable table(1000);
  table.add(SessionId(1), 8000, base::Instant::from_ms(0));
  EXPECT_EQ(table.timeout_ms(SessionId(1)), 8000);
  EXPECT_TRUE(table.touch(SessionId(1), base::Instant::from_ms(10), 5000));
  EXPECT_EQ(table.timeout_ms(SessionId(1)), 5000);
  EXPECT_EQ(table.timeout_ms(SessionId(2)), 0);
}

TEST(SessionTableTest, DiesAfterItsTimeoutWithinOneTick) {
  for (const std::int64_t touched : {0, 1, 500, 999, 1000}) {
    SessionTable table(kTick);
    table.add(kA, 4000, at(touched));
    EXPECT_THAT(table.expire(at(touched + 4000)), IsEmpty()) << touched;
    EXPECT_THAT(table.expire(at(touched + 4000 + kTick)), ElementsAre(kA)) << touched;
  }
}

TEST(SessionTableTest, ABucketExpiresTogetherAscendingById) {
  SessionTable table(kTick);
  table.add(kC, 4000, at(10));
  table.add(kA, 4900, at(20));
  table.add(kB, 4500, at(990));
  EXPECT_EQ(table.next_expiry(), at(5000));
  EXPECT_THAT(table.expire(at(4999)), IsEmpty());
  EXPECT_THAT(table.expire(at(5000)), ElementsAre(kA, kC));
  EXPECT_THAT(table.expire(at(6000)), ElementsAre(kB));
  EXPECT_EQ(table.next_expiry(), std::nullopt);
}

TEST(SessionTableTest, TouchMovesTheDeadlineOn) {
  SessionTable table(kTick);
  table.add(kA, 4000, at(0));
  EXPECT_TRUE(table.touch(kA, at(3000)));
  EXPECT_THAT(table.expire(at(5000)), IsEmpty());
  EXPECT_THAT(table.expire(at(8000)), ElementsAre(kA));
}

TEST(SessionTableTest, ATouchThatArrivesLateDoesNotMoveTheDeadlineBack) {
  SessionTable table(kTick);
  table.add(kA, 4000, at(5000));
  EXPECT_TRUE(table.touch(kA, at(1000)));
  EXPECT_THAT(table.expire(at(9000)), IsEmpty());
  EXPECT_THAT(table.expire(at(10000)), ElementsAre(kA));
}

TEST(SessionTableTest, ReattachRenegotiatesTrackingNotWhatIsPersisted) {
  SessionTable table(kTick);
  table.add(kA, 10000, at(0));
  EXPECT_TRUE(table.touch(kA, at(0), 4000));
  EXPECT_THAT(table.list(), ElementsAre(Pair(kA, 10000)));
  EXPECT_THAT(table.buckets(), ElementsAre(Pair(at(5000), ElementsAre(kA))));
  EXPECT_TRUE(table.touch(kA, at(2000)));
  EXPECT_THAT(table.expire(at(6000)), IsEmpty());
  EXPECT_THAT(table.expire(at(7000)), ElementsAre(kA));
}

TEST(SessionTableTest, ExpiredIsClosingUntilRemoved) {
  SessionTable table(kTick);
  table.add(kA, 4000, at(0));
  EXPECT_TRUE(table.is_open(kA));
  EXPECT_THAT(table.expire(at(5000)), ElementsAre(kA));
  EXPECT_TRUE(table.contains(kA));
  EXPECT_FALSE(table.is_open(kA));
  EXPECT_FALSE(table.touch(kA, at(5001)));
  EXPECT_THAT(table.expire(at(50000)), IsEmpty());
  table.remove(kA);
  EXPECT_FALSE(table.contains(kA));
  EXPECT_EQ(table.size(), 0u);
}

TEST(SessionTableTest, ClosingIsNotExpiredAgain) {
  SessionTable table(kTick);
  table.add(kA, 4000, at(0));
  table.set_closing(kA);
  EXPECT_FALSE(table.touch(kA, at(1)));
  EXPECT_THAT(table.expire(at(50000)), IsEmpty());
  EXPECT_THAT(table.list(), ElementsAre(Pair(kA, 4000)));
}

TEST(SessionTableTest, UnknownIsNeitherTouchedNorClosing) {
  SessionTable table(kTick);
  EXPECT_FALSE(table.touch(kA, at(0)));
  table.set_closing(kA);
  table.remove(kA);
  EXPECT_FALSE(table.contains(kA));
}

TEST(SessionTableTest, RestartTracksAllWithTheirFullTimeout) {
  SessionTable table(kTick);
  table.add(kB, 4000, at(0));
  table.add(kA, 9000, at(0));
  table.touch(kA, at(0), 2000);
  table.restart(at(100000));
  EXPECT_THAT(table.expire(at(104999)), IsEmpty());
  EXPECT_THAT(table.expire(at(105000)), ElementsAre(kB));
  EXPECT_THAT(table.expire(at(109999)), IsEmpty());
  EXPECT_THAT(table.expire(at(110000)), ElementsAre(kA));
}

TEST(SessionTableTest, AddAgainReplacesTheTimeout) {
  SessionTable table(kTick);
  table.add(kA, 4000, at(0));
  table.add(kA, 8000, at(0));
  EXPECT_THAT(table.list(), ElementsAre(Pair(kA, 8000)));
  EXPECT_THAT(table.expire(at(5000)), IsEmpty());
  EXPECT_THAT(table.expire(at(9000)), ElementsAre(kA));
}

// Oracle: every session remembers its own deadline; the table must expire exactly those that are
// due.
TEST(SessionTableTest, AgreesWithANaiveModelUnderRandomUse) {
  base::Prng prng(2);
  SessionTable table(kTick);
  struct Known {
    std::int64_t deadline = 0;
    std::int32_t timeout = 0;
    bool closing = false;
  };
  std::map<SessionId, Known> model;
  std::int64_t now = 0;
  const auto deadline = [&](std::int32_t timeout) { return ((now + timeout) / kTick + 1) * kTick; };
  for (int step = 0; step < 50000; ++step) {
    now += static_cast<std::int64_t>(prng.below(300));
    const SessionId id(static_cast<std::int64_t>(1 + prng.below(40)));
    const auto timeout = static_cast<std::int32_t>(1000 + prng.below(9000));
    switch (prng.below(6)) {
      case 0:
        table.add(id, timeout, at(now));
        model[id] = {deadline(timeout), timeout, false};
        break;
      case 1:
        table.remove(id);
        model.erase(id);
        break;
      case 2: {
        const bool known = model.contains(id) && !model[id].closing;
        ASSERT_EQ(table.touch(id, at(now)), known);
        if (known) model[id].deadline = deadline(model[id].timeout);
        break;
      }
      case 3: {
        const bool known = model.contains(id) && !model[id].closing;
        ASSERT_EQ(table.touch(id, at(now), timeout), known);
        if (known) model[id] = {deadline(timeout), timeout, false};
        break;
      }
      default: {
        std::vector<std::pair<std::int64_t, SessionId>> due;
        for (auto& [key, known] : model) {
          if (known.closing || known.deadline > now) continue;
          due.emplace_back(known.deadline, key);
          known.closing = true;
        }
        std::sort(due.begin(), due.end());
        std::vector<SessionId> expected;
        for (const auto& [when, key] : due) expected.push_back(key);
        ASSERT_EQ(table.expire(at(now)), expected) << "step " << step;
      }
    }
    ASSERT_EQ(table.size(), model.size());
    ASSERT_EQ(table.is_open(id), model.contains(id) && !model[id].closing);
  }
}

}  // namespace
}  // namespace drover::session
