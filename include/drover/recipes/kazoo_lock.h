#pragma once
// The locks of kazoo, the Python client, on its znodes: Lock, WriteLock, ReadLock.
//
// ## Layout
//
// | znode | mode | data |
// |---|---|---|
// | `<path>` | persistent, with its parents | empty |
// | `<path>/<32 hex digits>__lock__<number>` | ephemeral | the identifier: Lock, WriteLock |
// | `<path>/<32 hex digits>__rlock__<number>` | ephemeral | the identifier: ReadLock |
//
// Contenders are the children whose names end with a pattern and ten digits, in the order of these.
// The pattern is `__lock__`, for WriteLock `__rlock__` too, and what extra_lock_patterns adds. Who
// has a contender with a smaller number watches the nearest of those.
//
// ## Guarantees
// * One holder of a Lock or WriteLock at a time among kazoo's and these, as far as its session
// lives
//   (LockHold tells what that means); readers share. The fencing tokens of such holders grow.
// * First come, first served; a release wakes one contender, and the readers behind it.
// * Nothing is left behind by who gives up, runs out of time or dies.
//
// ## Does not guarantee
// * Exclusion of Mutex or Curator on the same path. With extra_lock_patterns = {"-lock-"} this lock
//   waits for theirs, but they do not wait for this one.
// * That kazoo's own ReadLock is as patient: up to 2.8 it may wait for writers that came after it,
//   which wait for it.
//
// ## Example
//
//   drover::kazoo::Lock lock(client, "/jobs/nightly", {.identifier = "host-7"});
//   const std::lock_guard held(lock);

#include <drover/detail/timed_lockable.h>

#include <memory>
#include <string>
#include <vector>

namespace drover::kazoo {

struct LockOptions {
  std::string identifier{};  // who contends, for contenders()
  // Text before the number in names of others that count as contenders too.
  std::vector<std::string> extra_lock_patterns{};
  ErrorPolicy error_policy = ErrorPolicy::kStandard;
};

// Works with std::unique_lock, std::lock_guard and std::scoped_lock. Not reentrant. Thread-safe.
// One that is destroyed while a thread holds it releases it.
class Lock : public detail::TimedLockable<Lock> {
 public:
  Lock(Client client, std::string path, LockOptions options = {});
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  // Result<LockHold>: whoever has it holds the lock. Errors: kTimedOut when others held it for
  // `at_most`, kNoAuth.
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
  void unlock() noexcept { (void)holds_.take(); }
  // Whether this thread holds it, or has lost it without having unlocked it.
  [[nodiscard]] bool is_held() const noexcept { return holds_.find() != nullptr; }
  // Of this thread's hold. Require that there is one.
  [[nodiscard]] std::stop_token lost() const noexcept { return holds_.find()->lost(); }
  [[nodiscard]] std::int64_t fencing_token() const noexcept {
    return holds_.find()->fencing_token();
  }

  // Result<std::vector<std::string>>: the identifiers of all contenders, in their order.
  template <CompletionTokenFor<std::vector<std::string>> Token = detail::DefaultToken>
  [[nodiscard]] auto contenders(Token&& token = Token()) {
    auto patience = make_patience(kForever);
    return detail::run_recipe<std::vector<std::string>>(
        patience, token, [state = state_] { return do_contenders(state); });
  }

 protected:
  Lock(Client client, std::string path, LockOptions options, std::string node_name,
       std::vector<std::string> patterns);

 private:
  friend TimedLockable;
  struct State;

  [[nodiscard]] std::shared_ptr<detail::Patience> make_patience(
      std::chrono::milliseconds at_most) const;
  static boost::asio::awaitable<Result<LockHold>> do_acquire(
      std::shared_ptr<const State> state, std::shared_ptr<detail::Patience> patience);
  static boost::asio::awaitable<Result<std::vector<std::string>>> do_contenders(
      std::shared_ptr<const State> state);
  Result<void> lock_within(std::chrono::milliseconds at_most);

  std::shared_ptr<const State> state_;
  mutable detail::ThreadHolds<LockHold> holds_;
};

// Waits for writers and readers.
class WriteLock : public Lock {
 public:
  WriteLock(Client client, std::string path, LockOptions options = {});
};

// Waits for writers that came before.
class ReadLock : public Lock {
 public:
  ReadLock(Client client, std::string path, LockOptions options = {});
};

}  // namespace drover::kazoo
