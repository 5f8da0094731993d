#pragma once
// Not for users: a timer that any thread may start and cancel.

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace drover::detail {

class Timer {
 public:
  // Calls `expired` on `executor` after `delay`, unless cancelled before. kForever never expires
  // and makes no timer: nullptr.
  static std::shared_ptr<Timer> start(const boost::asio::any_io_executor& executor,
                                      std::chrono::milliseconds delay,
                                      std::move_only_function<void()> expired);
  virtual ~Timer() = default;
  // `expired` is not called any more, but for a call under way.
  virtual void cancel() = 0;
};

}  // namespace drover::detail
