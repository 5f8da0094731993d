#pragma once
// How long a caller waits.

#include <chrono>

namespace drover {

// As long as it takes.
inline constexpr std::chrono::milliseconds kForever = std::chrono::milliseconds::max();

}  // namespace drover
