#pragma once
// Not for users: locks held by threads, for recipes with lock() and unlock().

#include <drover/recipes/lock_hold.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace drover::detail {

// What each thread holds. Thread-safe; each thread sees its own only.
template <typename Hold>
class ThreadHolds {
 public:
  void put(Hold hold) {
    const std::lock_guard lock(mutex_);
    holds_.insert_or_assign(std::this_thread::get_id(), std::move(hold));
  }
  [[nodiscard]] std::optional<Hold> take() {
    const std::lock_guard lock(mutex_);
    auto node = holds_.extract(std::this_thread::get_id());
    if (!node) return std::nullopt;
    return std::move(node.mapped());
  }
  // This thread's, until it puts or takes again.
  [[nodiscard]] Hold* find() {
    const std::lock_guard lock(mutex_);
    const auto found = holds_.find(std::this_thread::get_id());
    return found == holds_.end() ? nullptr : &found->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::thread::id, Hold> holds_;
};

// Milliseconds for those who wait, never fewer than said.
template <typename Rep, typename Period>
[[nodiscard]] std::chrono::milliseconds wait_of(const std::chrono::duration<Rep, Period>& time) {
  using Wide = std::chrono::duration<long double, std::milli>;
  if (Wide(time) >= Wide(kForever)) return kForever;
  return std::max(std::chrono::milliseconds(0), std::chrono::ceil<std::chrono::milliseconds>(time));
}
template <typename Clock, typename Duration>
[[nodiscard]] std::chrono::milliseconds wait_until(
    const std::chrono::time_point<Clock, Duration>& time) {
  return wait_of(time - Clock::now());
}

// True or false for a try to lock, for which running out of time is no error. Throws others.
[[nodiscard]] bool is_acquired_or_throw(const Result<void>& acquired);
// kWouldDeadlock. `what` is the kind of lock.
[[nodiscard]] Error locked_twice_error(std::string_view what, const std::string& path);

}  // namespace drover::detail
