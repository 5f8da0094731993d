#pragma once
// Several locks as one, shared with Curator's InterProcessMultiLock.
//
// ## Layout
// One Mutex on each path.
//
// ## Guarantees
// * Held means that all are held. They are acquired in the order given and released in reverse;
// when
//   one is not to be had, those before it are released.
//
// ## Does not guarantee
// * That two who name the paths in different orders do not wait for each other: then acquire with a
//   time, or with std::scoped_lock over several Mutex objects, which backs off.
//
// ## Example
//
//   drover::MultiLock both(client, {"/accounts/1", "/accounts/2"});
//   const std::lock_guard lock(both);

#include <drover/detail/timed_lockable.h>

#include <memory>
#include <string>
#include <vector>

namespace drover {

// Several holds as one. Move-only; its destructor releases all, the last one first, and does not
// wait.
class [[nodiscard]] MultiHold {
 public:
  explicit MultiHold(std::vector<LockHold> holds);
  MultiHold(MultiHold&& other) noexcept = default;
  MultiHold& operator=(MultiHold&& other) noexcept = default;
  MultiHold(const MultiHold&) = delete;
  MultiHold& operator=(const MultiHold&) = delete;
  ~MultiHold();

  // In the order of the paths; empty once moved from.
  [[nodiscard]] const std::vector<LockHold>& holds() const noexcept;
  // Stopped when one of them may be lost.
  [[nodiscard]] std::stop_token lost() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Works with std::unique_lock and std::lock_guard. Thread-safe. One that is destroyed while a
// thread holds it releases it.
class MultiLock : public detail::TimedLockable<MultiLock> {
 public:
  // Throws Exception with kBadArguments when there are no paths.
  MultiLock(Client client, std::vector<std::string> paths, LockOptions options = {});
  MultiLock(const MultiLock&) = delete;
  MultiLock& operator=(const MultiLock&) = delete;

  // Result<MultiHold>. `at_most` is for each of the locks. Errors: kTimedOut, kNoAuth.
  template <CompletionTokenFor<MultiHold> Token = detail::DefaultToken>
  [[nodiscard]] auto acquire(std::chrono::milliseconds at_most = kForever,
                             Token&& token = Token()) {
    auto patience = make_patience(at_most);
    return detail::run_recipe<MultiHold>(
        patience, token, [state = state_, patience] { return do_acquire(state, patience); });
  }

  // --- the same for threads: lock(), try_lock() .., see TimedLockable. A thread that holds it gets
  // kWouldDeadlock.

  // Requires that this thread holds it. In the background: it does not wait, nor fail.
  void unlock() noexcept;
  // Whether this thread holds it, or has lost it without having unlocked it.
  [[nodiscard]] bool is_held() const noexcept { return holds_.find() != nullptr; }
  // Of this thread's hold. Requires that there is one.
  [[nodiscard]] std::stop_token lost() const noexcept { return holds_.find()->lost(); }

 private:
  friend TimedLockable;
  struct State;

  [[nodiscard]] std::shared_ptr<detail::Patience> make_patience(
      std::chrono::milliseconds at_most) const;
  static boost::asio::awaitable<Result<MultiHold>> do_acquire(
      std::shared_ptr<const State> state, std::shared_ptr<detail::Patience> patience);
  Result<void> lock_within(std::chrono::milliseconds at_most);

  std::shared_ptr<const State> state_;
  mutable detail::ThreadHolds<MultiHold> holds_;
};

}  // namespace drover
