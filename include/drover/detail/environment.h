#pragma once
// Not for users: the clock and the chance that recipes go by, in one place, so that they have none
// of their own.

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>

namespace drover::detail {

// Monotonic time, of no particular beginning, as timers on `executor` go by it.
[[nodiscard]] std::chrono::milliseconds now(const boost::asio::any_io_executor& executor);

// Any number, different in every process of the real world. Thread-safe.
[[nodiscard]] std::uint64_t random_number(const boost::asio::any_io_executor& executor);

}  // namespace drover::detail
