#pragma once
// A lock that any thread may unlock, shared with Curator's InterProcessSemaphoreMutex.
//
// ## Layout
// As Semaphore with one lease.
//
// ## Guarantees
// * One holder at a time among all who use the path so, as far as its session lives; the fencing
//   tokens of holders grow.
// * It has no owner: what one thread has locked, another may unlock.
//
// ## Does not guarantee
// * Exclusion of a Mutex on the same path: the layout is another one.
// * That a thread which locks it twice is told: it waits until another one unlocks it.
//
// ## Example
//
//   drover::SemaphoreMutex mutex(client, "/locks/printer");
//   const std::lock_guard lock(mutex);

#include <drover/detail/timed_lockable.h>
#include <drover/recipes/semaphore.h>

namespace drover {

// Works with std::unique_lock, std::lock_guard and std::scoped_lock. Thread-safe.
class SemaphoreMutex : public detail::TimedLockable<SemaphoreMutex> {
 public:
  SemaphoreMutex(Client client, std::string path, LockOptions options = {})
      : semaphore_(std::move(client), std::move(path), 1, std::move(options)) {}

  // Result<LockHold>. Errors: kTimedOut when others held it for `at_most`, kNoAuth.
  template <CompletionTokenFor<LockHold> Token = detail::DefaultToken>
  [[nodiscard]] auto acquire(std::chrono::milliseconds at_most = kForever,
                             Token&& token = Token()) {
    return semaphore_.acquire_lease(at_most, std::forward<Token>(token));
  }

  // --- the same for threads: lock(), try_lock() .., see TimedLockable.

  // Requires that a thread has locked this object. In the background: it does not wait, nor fail.
  void unlock() noexcept { semaphore_.release(); }
  // Whether a thread has locked this object.
  [[nodiscard]] bool is_held() const { return semaphore_.pool_.size() > 0; }
  // Require that one has.
  [[nodiscard]] std::stop_token lost() const { return semaphore_.pool_.lost(); }
  [[nodiscard]] std::int64_t fencing_token() const { return semaphore_.pool_.fencing_token(); }

 private:
  friend TimedLockable;
  Result<void> lock_within(std::chrono::milliseconds at_most) {
    return semaphore_.acquire_within(at_most);
  }

  Semaphore semaphore_;
};

}  // namespace drover
