// Goal: batches of clients that come back together grow into one; nobody else is held up.

#include "server/linger.h"

#include <gtest/gtest.h>

namespace drover::server {
namespace {

TEST(LingerTest, OneClientNeverWaits) {
  Linger linger;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(linger.wanted(0), 0u);
    linger.taken(1);
  }
}

TEST(LingerTest, TwoHalvesBecomeOneBatch) {
  Linger linger;
  linger.taken(25);
  EXPECT_EQ(linger.wanted(25), 50u);
  linger.taken(50);
  EXPECT_EQ(linger.wanted(3), 53u) << "three more have come meanwhile";
}

TEST(LingerTest, ALargeBatchIsLargeEnough) {
  Linger linger;
  linger.taken(Linger::kTxnsMax);
  EXPECT_EQ(linger.wanted(0), Linger::kTxnsMax);
  linger.taken(Linger::kTxnsMax);
  EXPECT_EQ(linger.wanted(1), 0u);
}

TEST(LingerTest, WaitingInVainIsTriedEverMoreSeldom) {
  Linger linger;
  linger.taken(10);
  std::size_t waits = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::size_t wanted = linger.wanted(10);
    if (wanted > 0) ++waits;
    linger.taken(10);  // of 20 waited for
  }
  EXPECT_GE(waits, 1000 / (Linger::kSkipsMax + 1)) << "now and then";
  EXPECT_LE(waits, 1000 / (Linger::kSkipsMax + 1) + 8) << "once per doubling before";
}

TEST(LingerTest, WhenTheyComeBackItWaitsAgain) {
  Linger linger;
  linger.taken(10);
  EXPECT_EQ(linger.wanted(10), 20u);
  linger.taken(10);  // in vain
  EXPECT_EQ(linger.wanted(10), 0u);
  linger.taken(10);
  EXPECT_EQ(linger.wanted(10), 20u);
  linger.taken(20);  // not in vain
  EXPECT_EQ(linger.wanted(0), 20u);
  linger.taken(14);  // in vain, but not twice in a row
  EXPECT_EQ(linger.wanted(6), 0u);
  linger.taken(6);
  EXPECT_EQ(linger.wanted(14), 20u);
}

}  // namespace
}  // namespace drover::server
