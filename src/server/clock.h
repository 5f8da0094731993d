#pragma once
// The server's clocks. Everything below is told the time.

#include <chrono>

#include "base/time.h"

namespace drover::server {

using SteadyClock = std::chrono::steady_clock;

[[nodiscard]] inline base::Instant now() {
  return base::Instant{SteadyClock::now().time_since_epoch()};
}

[[nodiscard]] inline base::WallTime wall_now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return base::WallTime{std::chrono::duration_cast<std::chrono::milliseconds>(since).count()};
}

[[nodiscard]] inline SteadyClock::time_point time_point_of(base::Instant instant) {
  return SteadyClock::time_point(
      std::chrono::duration_cast<SteadyClock::duration>(instant.since_start));
}

}  // namespace drover::server
