// Goal: quantiles are right within what the header promises, for every size of value.

#include "base/distribution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/prng.h"

namespace drover::base {
namespace {

TEST(DistributionTest, EmptyIsZero) {
  const Distribution empty;
  EXPECT_EQ(empty.count(), 0);
  EXPECT_EQ(empty.min(), 0);
  EXPECT_EQ(empty.max(), 0);
  EXPECT_EQ(empty.average(), 0.0);
  EXPECT_EQ(empty.quantile(0.99), 0);
}

TEST(DistributionTest, SmallValuesAreExact) {
  Distribution values;
  for (std::int64_t i = 1; i <= 20; ++i) values.add(i);
  EXPECT_EQ(values.quantile(0.5), 10);
  EXPECT_EQ(values.quantile(0.95), 19);
  EXPECT_EQ(values.quantile(1.0), 20);
  EXPECT_EQ(values.sum(), 210);
  EXPECT_EQ(values.average(), 10.5);
}

TEST(DistributionTest, QuantilesAreAtMostASixteenthTooSmall) {
  Prng prng(1);
  for (const std::uint64_t range : {100ULL, 10'000ULL, 1'000'000ULL, 10'000'000'000ULL}) {
    Distribution values;
    std::vector<std::int64_t> all;
    for (int i = 0; i < 10'000; ++i) {
      all.push_back(static_cast<std::int64_t>(prng.below(range)));
      values.add(all.back());
    }
    std::ranges::sort(all);
    for (const double q : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      const std::int64_t exact = all[static_cast<std::size_t>(std::ceil(q * 10'000)) - 1];
      EXPECT_LE(values.quantile(q), exact) << range << " " << q;
      EXPECT_GE(values.quantile(q), exact - exact / Distribution::kPerOctave) << range << " " << q;
    }
  }
}

TEST(DistributionTest, NegativeAndGiantValuesHaveAPlace) {
  Distribution values;
  values.add(-5);
  values.add(INT64_C(1) << 62);
  EXPECT_EQ(values.min(), 0);
  EXPECT_EQ(values.quantile(0.5), 0);
  EXPECT_EQ(values.max(), INT64_C(1) << 62);
  EXPECT_GT(values.quantile(1.0), INT64_C(1) << 35);
}

TEST(DistributionTest, MergedIsAsAddedToOne) {
  Distribution one, first, second;
  for (std::int64_t i = 0; i < 1000; ++i) {
    one.add(i * 7, i % 3);
    (i % 2 == 0 ? first : second).add(i * 7, i % 3);
  }
  first.merge(second);
  first.merge(Distribution());
  EXPECT_EQ(first.count(), one.count());
  EXPECT_EQ(first.sum(), one.sum());
  EXPECT_EQ(first.min(), one.min());
  EXPECT_EQ(first.max(), one.max());
  for (const double q : {0.1, 0.5, 0.9}) EXPECT_EQ(first.quantile(q), one.quantile(q));
}

TEST(DistributionTest, WhatCameSinceIsAsIfItAloneHadBeenAdded) {
  Distribution values, late;
  for (std::int64_t i = 0; i < 1000; ++i) values.add(i % 7);
  const Distribution before = values;
  EXPECT_EQ(values.since(before).count(), 0);
  EXPECT_EQ(values.since(before).max(), 0);
  for (std::int64_t i = 20; i < 30; ++i) {
    values.add(i);
    late.add(i);
  }
  const Distribution since = values.since(before);
  EXPECT_EQ(since.count(), late.count());
  EXPECT_EQ(since.sum(), late.sum());
  EXPECT_EQ(since.min(), late.min());
  EXPECT_EQ(since.max(), late.max());
  EXPECT_EQ(since.quantile(0.5), late.quantile(0.5));
  EXPECT_EQ(late.since(values).count(), late.count()) << "it was set back";
}

}  // namespace
}  // namespace drover::base
