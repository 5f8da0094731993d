// Percentiles against a sorted list of the same values.
#include "load/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/prng.h"

namespace drover::load {
namespace {

using std::chrono::nanoseconds;

TEST(HistogramTest, EmptyAnswersZero) {
  Histogram h;
  EXPECT_EQ(h.percentile(50), nanoseconds(0));
  EXPECT_EQ(h.mean(), nanoseconds(0));
  EXPECT_EQ(h.max(), nanoseconds(0));
}

TEST(HistogramTest, SmallValuesAreExact) {
  Histogram h;
  for (int i = 1; i <= 100; ++i) h.record(nanoseconds(i));
  EXPECT_EQ(h.percentile(50), nanoseconds(50));
  EXPECT_EQ(h.percentile(99), nanoseconds(99));
  EXPECT_EQ(h.percentile(100), nanoseconds(100));
}

TEST(HistogramTest, PercentilesAreWithinOnePercentOfTheSortedList) {
  base::Prng prng(7);
  Histogram h;
  std::vector<std::int64_t> values;
  for (int i = 0; i < 100'000; ++i) {
    // Spread over all magnitudes up to 2^40.
    const auto value = static_cast<std::int64_t>(prng.next() >> (24 + prng.below(36)));
    values.push_back(value);
    h.record(nanoseconds(value));
  }
  std::sort(values.begin(), values.end());
  for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.9, 99.99}) {
    const auto rank = std::lround(static_cast<double>(values.size()) * percent / 100);
    const auto exact = values[static_cast<std::size_t>(rank - 1)];
    const auto read = h.percentile(percent).count();
    EXPECT_GE(read, exact) << percent;
    EXPECT_LE(static_cast<double>(read), static_cast<double>(exact) * 1.008 + 1) << percent;
  }
  EXPECT_EQ(h.max().count(), values.back());
}

TEST(HistogramTest, OutOfRangeIsClamped) {
  Histogram h;
  h.record(nanoseconds(-5));
  h.record(std::chrono::hours(24 * 365));
  EXPECT_EQ(h.percentile(50), nanoseconds(0));
  EXPECT_EQ(h.max(), Histogram::kMax);
  EXPECT_EQ(h.percentile(100), Histogram::kMax);
}

}  // namespace
}  // namespace drover::load
