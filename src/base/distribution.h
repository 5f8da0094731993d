#pragma once
// How values are distributed: count, sum, least, greatest, and a histogram from which quantiles are
// read. Adding is a handful of instructions and never allocates, so it may stand on the hot path;
// who adds is one thread, others get copies.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace drover::base {

class Distribution {
 public:
  // `times` equal observations at once. Negative values count as 0.
  void add(std::int64_t value, std::int64_t times = 1) {
    if (times <= 0) return;
    value = std::max<std::int64_t>(value, 0);
    min_ = count_ == 0 ? value : std::min(min_, value);
    max_ = std::max(max_, value);
    count_ += times;
    sum_ += value * times;
    buckets_[bucket_of(value)] += static_cast<std::uint64_t>(times);
  }

  void merge(const Distribution& other) {
    if (other.count_ == 0) return;
    min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
    count_ += other.count_;
    sum_ += other.sum_;
    for (std::size_t i = 0; i < kBuckets; ++i) buckets_[i] += other.buckets_[i];
  }

  // What was added since `earlier`, a copy of this one; everything when it was set back meanwhile.
  // Least and greatest are those of a bucket.
  [[nodiscard]] Distribution since(const Distribution& earlier) const {
    if (earlier.count_ > count_) return *this;
    Distribution grown;
    grown.count_ = count_ - earlier.count_;
    grown.sum_ = sum_ - earlier.sum_;
    bool first = true;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      grown.buckets_[i] = buckets_[i] - earlier.buckets_[i];
      if (grown.buckets_[i] == 0) continue;
      if (std::exchange(first, false)) grown.min_ = least_of(i);
      grown.max_ = i + 1 == kBuckets ? max_ : std::min(max_, least_of(i + 1) - 1);
    }
    return grown;
  }

  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] std::int64_t sum() const { return sum_; }
  [[nodiscard]] std::int64_t min() const { return min_; }  // 0 while empty
  [[nodiscard]] std::int64_t max() const { return max_; }  // 0 while empty
  [[nodiscard]] double average() const {
    return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
  }

  // The value that the share `q` (0 to 1) of all does not exceed: exact below kExactBelow, else at
  // most 1/kPerOctave too small. 0 while empty.
  [[nodiscard]] std::int64_t quantile(double q) const {
    if (count_ == 0) return 0;
    const auto wanted =
        static_cast<std::uint64_t>(std::max(1.0, std::ceil(q * static_cast<double>(count_))));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += buckets_[i];
      if (seen >= wanted) return std::clamp(least_of(i), min_, max_);
    }
    return max_;
  }

  static constexpr std::int64_t kExactBelow = 32;
  static constexpr std::int64_t kPerOctave = 16;

 private:
  // 0 to 31 have a bucket each, then every doubling has sixteen, up to 2^36 (19 hours in µs).
  static constexpr int kOctaveMax = 36;
  static constexpr std::size_t kBuckets = kPerOctave * (kOctaveMax - 3);

  static constexpr std::size_t bucket_of(std::int64_t value) {
    if (value < kPerOctave) return static_cast<std::size_t>(value);
    const auto octave =
        static_cast<int>(std::bit_width(static_cast<std::uint64_t>(value))) - 1;  // 4 or more
    if (octave >= kOctaveMax) return kBuckets - 1;
    const auto within = static_cast<std::size_t>(value >> (octave - 4)) & (kPerOctave - 1);
    return static_cast<std::size_t>(octave - 3) * kPerOctave + within;
  }
  static constexpr std::int64_t least_of(std::size_t bucket) {
    if (bucket < kPerOctave) return static_cast<std::int64_t>(bucket);
    const int octave = static_cast<int>(bucket / kPerOctave) + 3;
    const auto within = static_cast<std::int64_t>(bucket % kPerOctave);
    return (kPerOctave + within) << (octave - 4);
  }

  std::int64_t count_ = 0, sum_ = 0, min_ = 0, max_ = 0;
  std::array<std::uint64_t, kBuckets> buckets_{};
};

}  // namespace drover::base
