#pragma once
// Counts of durations in buckets whose width grows with the value: every power of two is cut into
// 128, so a percentile read back is at most 0.8 % too high (the idea of HdrHistogram, Gil Tene).
// Fixed memory, about 36 KiB. Not thread-safe.

#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>

namespace drover::load {

class Histogram {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  // Longer than kMax counts as kMax; negative counts as zero.
  static constexpr Nanoseconds kMax{(std::int64_t{1} << 41) - 1};

  void record(Nanoseconds duration) {
    const std::int64_t ns = duration < Nanoseconds::zero() ? 0
                            : duration > kMax              ? kMax.count()
                                                           : duration.count();
    ++buckets_[index_of(static_cast<std::uint64_t>(ns))];
    ++count_;
    sum_ns_ += ns;
    if (ns > max_ns_) max_ns_ = ns;
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] Nanoseconds max() const { return Nanoseconds(max_ns_); }
  [[nodiscard]] Nanoseconds mean() const {
    return Nanoseconds(count_ == 0 ? 0 : sum_ns_ / static_cast<std::int64_t>(count_));
  }

  // The duration that `percent` of all records do not exceed, rounded up to the end of its bucket.
  // Zero when nothing was recorded. Requires 0 < percent <= 100.
  [[nodiscard]] Nanoseconds percentile(double percent) const {
    const double rank = static_cast<double>(count_) * percent / 100.0;
    const auto wanted = static_cast<std::uint64_t>(std::llround(rank));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > 0 && seen >= wanted) {
        const auto end = static_cast<std::int64_t>(end_of(i));
        return Nanoseconds(end < max_ns_ ? end : max_ns_);
      }
    }
    return max();
  }

  void clear() { *this = Histogram(); }

 private:
  static constexpr unsigned kSubBits = 7;
  static constexpr unsigned kValueBits = 41;
  static constexpr std::size_t kBuckets = (kValueBits - kSubBits + 1) << kSubBits;

  // Values below 128 have a bucket each; above, the top eight bits of the value choose it.
  static constexpr std::size_t index_of(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    if (width <= kSubBits) return value;
    const unsigned shift = width - kSubBits - 1;
    return (static_cast<std::size_t>(shift) << kSubBits) + (value >> shift);
  }
  static constexpr std::uint64_t end_of(std::size_t index) {
    if (index < (std::size_t{2} << kSubBits)) return index;
    const std::size_t shift = (index >> kSubBits) - 1;
    const std::uint64_t top = (index & ((1u << kSubBits) - 1)) + (1u << kSubBits);
    return ((top + 1) << shift) - 1;
  }

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::int64_t sum_ns_ = 0;
  std::int64_t max_ns_ = 0;
};

}  // namespace drover::load
