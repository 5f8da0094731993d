#include "replica/session_owners.h"

#include <gtest/gtest.h>

namespace drover::replica {
namespace {

constexpr txn::Origin kFirst{.lane = 0, .connection = 1};
constexpr txn::Origin kSecond{.lane = 1, .connection = 1};
constexpr wire::SessionId kSession{5};

TEST(SessionOwnersTest, MoveAnswersTheFormerOwner) {
  SessionOwners owners;
  EXPECT_EQ(owners.find(kSession), std::nullopt);
  EXPECT_EQ(owners.move(kSession, kFirst), std::nullopt);
  EXPECT_EQ(owners.move(kSession, kFirst), std::nullopt) << "to itself";
  EXPECT_EQ(owners.move(kSession, kSecond), kFirst);
  EXPECT_EQ(owners.find(kSession), kSecond);
}

TEST(SessionOwnersTest, ASessionThatEndsHasNoOwner) {
  SessionOwners owners;
  owners.move(kSession, kFirst);
  owners.remove(kSession);
  owners.remove(kSession);
  EXPECT_EQ(owners.find(kSession), std::nullopt);
}

}  // namespace
}  // namespace drover::replica
