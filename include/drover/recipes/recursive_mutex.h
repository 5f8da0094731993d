#pragma once
// A lock that its thread may take again, shared with Curator's InterProcessMutex.
//
// ## Layout
// As Mutex. Taking it again changes nothing on the servers.
//
// ## Guarantees
// * Those of Mutex. A thread that holds it gets it again at once, and holds it until it has
// unlocked
//   it as often as locked it.
// * Once the lock may be lost, locking it again throws kLockLost, until the thread has unlocked it
// as
//   often as locked it.
//
// ## Does not guarantee
// * Anything to coroutines: they have no owner that could be told. They use Mutex.
//
// ## Example
//
//   drover::RecursiveMutex mutex(client, "/locks/ledger");
//   void add(int amount) { const std::lock_guard lock(mutex); ... }
//   void move(int amount) { const std::lock_guard lock(mutex); add(-amount); add(amount); }

#include <drover/recipes/mutex.h>

namespace drover {

// Thread-safe.
class RecursiveMutex : public detail::TimedLockable<RecursiveMutex> {
 public:
  RecursiveMutex(Client client, std::string path, LockOptions options = {})
      : mutex_(std::move(client), std::move(path), std::move(options)) {}

  // Requires that this thread holds it.
  void unlock() noexcept;
  // Whether this thread holds it, or has lost it without having unlocked it.
  [[nodiscard]] bool is_held() const noexcept { return mutex_.is_held(); }
  // Of this thread's hold. Require that there is one.
  [[nodiscard]] std::stop_token lost() const noexcept { return mutex_.lost(); }
  [[nodiscard]] std::int64_t fencing_token() const noexcept { return mutex_.fencing_token(); }

  // Result<std::vector<std::string>>: the paths of all contenders, the holder first.
  template <CompletionTokenFor<std::vector<std::string>> Token = detail::DefaultToken>
  [[nodiscard]] auto participants(Token&& token = Token()) {
    return mutex_.participants(std::forward<Token>(token));
  }

 private:
  friend TimedLockable;
  Result<void> lock_within(std::chrono::milliseconds at_most);

  Mutex mutex_;
  detail::ThreadHolds<int> depths_;  // how often each thread has to unlock it; never 0
};

}  // namespace drover
