#pragma once
// Not for users: the standard library's lock interface for a recipe that can be acquired.

#include <drover/detail/thread_holds.h>

namespace drover::detail {

// Self has `Result<void> lock_within(milliseconds)`, for the calling thread, and `void unlock()`.
// Satisfies Lockable and TimedLockable. All but unlock() throw drover::Exception, and hold nothing
// then: kWouldDeadlock when the calling thread holds the lock already, and the client's errors.
template <typename Self>
class TimedLockable {
 public:
  void lock() { value_or_throw(self().lock_within(kForever)); }
  // Without waiting for others. False: another one holds it, or no server answers.
  [[nodiscard]] bool try_lock() { return try_lock_for(std::chrono::milliseconds(0)); }
  template <typename Rep, typename Period>
  [[nodiscard]] bool try_lock_for(const std::chrono::duration<Rep, Period>& time) {
    return is_acquired_or_throw(self().lock_within(wait_of(time)));
  }
  template <typename Clock, typename Duration>
  [[nodiscard]] bool try_lock_until(const std::chrono::time_point<Clock, Duration>& time) {
    return is_acquired_or_throw(self().lock_within(wait_until(time)));
  }

 private:
  friend Self;
  TimedLockable() = default;
  Self& self() { return static_cast<Self&>(*this); }
};

}  // namespace drover::detail
