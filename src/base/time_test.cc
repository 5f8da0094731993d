// Goal: instants order and subtract as times do; strong ids are different types.

#include "base/time.h"

#include <gtest/gtest.h>

#include <type_traits>
#include <unordered_set>

#include "base/strong_id.h"

namespace drover::base {
namespace {

TEST(InstantTest, Arithmetic) {
  const Instant start = Instant::from_ms(5);
  const Instant later = start + std::chrono::milliseconds(7);
  EXPECT_EQ(later.ms(), 12);
  EXPECT_EQ(later - start, std::chrono::milliseconds(7));
  EXPECT_LT(start, later);
  EXPECT_EQ(Instant{std::chrono::nanoseconds(1'999'999)}.ms(), 1) << "rounds down";
}

TEST(StrongIdTest, NoSilentConversion) {
  using A = StrongId<struct ATag, int>;
  using B = StrongId<struct BTag, int>;
  static_assert(!std::is_convertible_v<int, A>);
  static_assert(!std::is_convertible_v<A, int>);
  static_assert(!std::is_constructible_v<A, B>);
  EXPECT_EQ(A(3), A(3));
  EXPECT_LT(A(2), A(3));
  EXPECT_EQ((std::unordered_set<A>{A(1), A(2), A(1)}.size()), 2u);
}

}  // namespace
}  // namespace drover::base
