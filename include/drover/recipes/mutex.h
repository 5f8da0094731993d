#pragma once
// A lock that one at a time holds, shared with Curator's InterProcessMutex.
//
// ## Layout
//
// | znode | mode | data |
// |---|---|---|
// | `<path>` | container, with its parents | empty |
// | `<path>/_c_<uuid>-lock-<number>` | ephemeral | LockOptions::node_data |
//
// The contenders are the children of `<path>`, in the order of the text after the last `lock-`,
// compared as strings. The first one holds the lock; each of the others watches the one before it.
// A child without `lock-` in its name takes part by its whole name, as it does for Curator.
//
// ## Guarantees
// * One holder at a time among all contenders on this path, in every language, as far as its
//   session lives (LockHold tells what that means); the fencing tokens of holders grow.
// * First come, first served. A release wakes one contender, not all.
// * A contender that gives up, runs out of time or dies leaves no znode behind. When the answer to
//   the creation is lost, its znode is found again, not made twice.
//
// ## Does not guarantee
// * Exclusion of kazoo's `Lock` on the same path: its names are other ones (kazoo_lock.h has that
//   lock).
// * That it may be locked twice: see RecursiveMutex.
//
// ## Example
//
//   drover::Mutex mutex(client, "/locks/ledger");
//   {
//     const std::lock_guard lock(mutex);                     // a thread
//     write_ledger(mutex.fencing_token());
//   }
//   auto hold = co_await mutex.acquire(std::chrono::seconds(5));  // a coroutine
//   if (!hold) co_return hold.error();                       // kTimedOut

#include <drover/detail/timed_lockable.h>

#include <memory>
#include <string>
#include <vector>

namespace drover {

// Works with std::unique_lock, std::lock_guard and std::scoped_lock. Thread-safe. One that is
// destroyed while a thread holds it releases it.
class Mutex : public detail::TimedLockable<Mutex> {
 public:
  Mutex(Client client, std::string path, LockOptions options = {});
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  // Result<LockHold>: whoever has it holds the lock, on any thread. Errors: kTimedOut when others
  // held it for `at_most`, kNoAuth.
  template <CompletionTokenFor<LockHold> Token = detail::DefaultToken>
  [[nodiscard]] auto acquire(std::chrono::milliseconds at_most = kForever,
                             Token&& token = Token()) {
    auto patience = make_patience(at_most);
    return detail::run_recipe<LockHold>(
        patience, token, [state = state_, patience] { return do_acquire(state, patience); });
  }

  // --- the same for threads: lock(), try_lock() .., see TimedLockable. A thread that holds it gets
  // kWouldDeadlock.

  // Requires that this thread holds it. In the background: it does not wait, nor fail.
  void unlock() noexcept;
  // Whether this thread holds it, or has lost it without having unlocked it.
  [[nodiscard]] bool is_held() const noexcept { return holds_.find() != nullptr; }
  // Of this thread's hold. Require that there is one.
  [[nodiscard]] std::stop_token lost() const noexcept;
  [[nodiscard]] std::int64_t fencing_token() const noexcept;

  // Result<std::vector<std::string>>: the paths of all contenders, the holder first.
  template <CompletionTokenFor<std::vector<std::string>> Token = detail::DefaultToken>
  [[nodiscard]] auto participants(Token&& token = Token()) {
    auto patience = make_patience(kForever);
    return detail::run_recipe<std::vector<std::string>>(
        patience, token, [state = state_] { return do_participants(state); });
  }

 private:
  friend TimedLockable;
  friend class RecursiveMutex;
  struct State;

  [[nodiscard]] std::shared_ptr<detail::Patience> make_patience(
      std::chrono::milliseconds at_most) const;
  static boost::asio::awaitable<Result<LockHold>> do_acquire(
      std::shared_ptr<const State> state, std::shared_ptr<detail::Patience> patience);
  static boost::asio::awaitable<Result<std::vector<std::string>>> do_participants(
      std::shared_ptr<const State> state);
  Result<void> lock_within(std::chrono::milliseconds at_most);

  std::shared_ptr<const State> state_;
  mutable detail::ThreadHolds<LockHold> holds_;
};

}  // namespace drover
