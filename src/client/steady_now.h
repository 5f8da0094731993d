#pragma once
// This side's one clock.

#include <chrono>

#include "base/time.h"

namespace drover::client {

[[nodiscard]] inline base::Instant steady_now() {
  return base::Instant{std::chrono::steady_clock::now().time_since_epoch()};
}

}  // namespace drover::client
