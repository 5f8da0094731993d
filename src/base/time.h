#pragma once
// Time as an argument. The core is told what time it is; only a server or the simulator owns a
// clock.

#include <chrono>
#include <compare>
#include <cstdint>

namespace drover::base {

// Monotonic time. Its zero is the business of whoever owns the clock.
struct Instant {
  std::chrono::nanoseconds since_start{0};

  friend constexpr auto operator<=>(const Instant&, const Instant&) = default;
  friend constexpr Instant operator+(Instant t, std::chrono::nanoseconds d) {
    return Instant{t.since_start + d};
  }
  friend constexpr std::chrono::nanoseconds operator-(Instant a, Instant b) {
    return a.since_start - b.since_start;
  }
  [[nodiscard]] constexpr std::int64_t ms() const { return since_start.count() / 1'000'000; }
  [[nodiscard]] static constexpr Instant from_ms(std::int64_t ms) {
    return Instant{std::chrono::milliseconds(ms)};
  }
};

// Wall clock, ms since 1970. Stamped once, by the leader, into each txn.
struct WallTime {
  std::int64_t ms = 0;
  friend constexpr auto operator<=>(const WallTime&, const WallTime&) = default;
};

}  // namespace drover::base
