#pragma once
// Not for users: the standard library's semaphore interface for a recipe with leases.

#include <drover/detail/thread_holds.h>

#include <cstddef>
#include <mutex>
#include <vector>

namespace drover::detail {

// Leases that threads have taken and not yet given back; any thread may give back any. Thread-safe.
class LeasePool {
 public:
  void put(LockHold lease);
  // Gives back `count`, the youngest first, in the background. Requires that there are that many.
  void release(std::ptrdiff_t count) noexcept;
  [[nodiscard]] std::size_t size() const;
  // Of the youngest. Require that there is one.
  [[nodiscard]] std::stop_token lost() const;
  [[nodiscard]] std::int64_t fencing_token() const;

 private:
  mutable std::mutex mutex_;
  std::vector<LockHold> leases_;
};

// Self has `Result<void> acquire_within(milliseconds)` and a LeasePool `pool_`. The shape of
// std::counting_semaphore, but for the update of release(), which only gives back what this object
// has acquired. The acquiring functions throw drover::Exception with the client's errors.
template <typename Self>
class CountingSemaphore {
 public:
  void acquire() { value_or_throw(self().acquire_within(kForever)); }
  // Without waiting for others.
  [[nodiscard]] bool try_acquire() { return try_acquire_for(std::chrono::milliseconds(0)); }
  template <typename Rep, typename Period>
  [[nodiscard]] bool try_acquire_for(const std::chrono::duration<Rep, Period>& time) {
    return is_acquired_or_throw(self().acquire_within(wait_of(time)));
  }
  template <typename Clock, typename Duration>
  [[nodiscard]] bool try_acquire_until(const std::chrono::time_point<Clock, Duration>& time) {
    return is_acquired_or_throw(self().acquire_within(wait_until(time)));
  }
  // Requires that this object has acquired that many. In the background: it does not wait, nor
  // fail.
  void release(std::ptrdiff_t count = 1) noexcept { self().pool_.release(count); }

 private:
  friend Self;
  CountingSemaphore() = default;
  Self& self() { return static_cast<Self&>(*this); }
};

}  // namespace drover::detail
