#include <drover/retry.h>
#include <gtest/gtest.h>

namespace drover::retry {
namespace {

using std::chrono::milliseconds;

std::optional<milliseconds> ask(const Policy& policy, int tries, int elapsed_ms = 0,
                                std::uint64_t random = 0) {
  return next_delay(policy, tries, milliseconds(elapsed_ms), random);
}

TEST(RetryTest, NoneNever) {
  EXPECT_FALSE(ask(None(), 0));
}

TEST(RetryTest, TimesCounts) {
  const Policy policy = Times{.count = 2, .delay = milliseconds(7)};
  EXPECT_EQ(ask(policy, 0), milliseconds(7));
  EXPECT_EQ(ask(policy, 1), milliseconds(7));
  EXPECT_FALSE(ask(policy, 2));
}

TEST(RetryTest, ForeverNeverStops) {
  EXPECT_EQ(ask(Forever{milliseconds(5)}, 1'000'000, 1'000'000'000), milliseconds(5));
}

TEST(RetryTest, UntilLooksAtTheTimeBeforeThePause) {
  const Policy policy = Until{.budget = milliseconds(100), .delay = milliseconds(90)};
  EXPECT_EQ(ask(policy, 5, 99), milliseconds(90));
  EXPECT_FALSE(ask(policy, 0, 100));
}

TEST(RetryTest, ExponentialPausesAreFromOneToUnderTheNextPower) {
  const Policy policy = Exponential{.base = milliseconds(10), .count_max = 5};
  EXPECT_EQ(ask(policy, 0, 0, 0), milliseconds(10)) << "never nothing";
  EXPECT_EQ(ask(policy, 0, 0, 1), milliseconds(10));
  EXPECT_EQ(ask(policy, 2, 0, 7), milliseconds(70));
  EXPECT_EQ(ask(policy, 2, 0, 8), milliseconds(10));
  EXPECT_FALSE(ask(policy, 5));
}

TEST(RetryTest, ExponentialIsCappedAndLimitedTo29) {
  const Policy policy =
      Exponential{.base = milliseconds(10), .count_max = 100, .cap = milliseconds(25)};
  EXPECT_EQ(ask(policy, 28, 0, UINT64_MAX), milliseconds(25));
  EXPECT_FALSE(ask(policy, 29));
  const Policy huge = Exponential{.base = milliseconds::max(), .count_max = 9};
  EXPECT_EQ(ask(huge, 8, 0, UINT64_MAX), milliseconds::max()) << "no overflow";
}

TEST(RetryTest, CustomIsAskedAndNeverNegative) {
  const Policy policy = Custom([](int tries, milliseconds elapsed) {
    return tries == 0 ? std::optional(-elapsed) : std::nullopt;
  });
  EXPECT_EQ(ask(policy, 0, 5), milliseconds(0));
  EXPECT_FALSE(ask(policy, 1, 5));
}

}  // namespace
}  // namespace drover::retry
