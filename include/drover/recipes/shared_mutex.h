#pragma once
// A lock that many may read under and one may write under, shared with Curator's
// InterProcessReadWriteLock.
//
// ## Layout
//
// | znode | mode | data |
// |---|---|---|
// | `<path>` | container, with its parents | empty |
// | `<path>/_c_<uuid>-__WRIT__<number>` | ephemeral | LockOptions::node_data |
// | `<path>/_c_<uuid>-__READ__<number>` | ephemeral | the same |
// | `<path>/_c_<uuid>-__READ__<number of the own writer>` | ephemeral | the same |
//
// Both kinds stand in one order, that of their numbers. A writer holds the lock when it is the
// first of all, and watches the one before it. A reader holds it when no writer is before it, and
// watches the first writer. The last kind is a reader whose owner holds the lock as a writer: it
// has the writer's number, so that writers who came since stay behind it.
//
// ## Guarantees
// * A writer is alone; the fencing tokens of writers grow.
// * First come, first served: readers who come after a waiting writer wait for it.
// * Nothing is left behind by who gives up, runs out of time or dies.
//
// ## Does not guarantee
// * Exclusion when somebody on this path is Curator before 5.5: there a writer may enter beside a
//   reader that was a writer before.
// * That a reader may become a writer: it would wait for itself (kWouldDeadlock, for threads).
//
// ## Example
//
//   drover::SharedMutex mutex(client, "/locks/catalogue");
//   { const std::shared_lock reader(mutex); read_catalogue(); }
//   auto writer = co_await mutex.acquire();
//   auto reader = co_await mutex.downgrade(std::move(*writer));  // nobody writes in between

#include <drover/detail/timed_lockable.h>

#include <memory>
#include <string>
#include <vector>

namespace drover {

// Works with std::unique_lock, std::shared_lock and std::scoped_lock. Thread-safe.
class SharedMutex : public detail::TimedLockable<SharedMutex> {
 public:
  SharedMutex(Client client, std::string path, LockOptions options = {});
  SharedMutex(const SharedMutex&) = delete;
  SharedMutex& operator=(const SharedMutex&) = delete;

  // To write: Result<LockHold>. Errors: kTimedOut when others held it for `at_most`, kNoAuth.
  template <CompletionTokenFor<LockHold> Token = detail::DefaultToken>
  [[nodiscard]] auto acquire(std::chrono::milliseconds at_most = kForever,
                             Token&& token = Token()) {
    auto patience = make_patience(at_most);
    return detail::run_recipe<LockHold>(
        patience, token, [state = state_, patience] { return do_acquire(state, patience); });
  }
  // To read: the same.
  template <CompletionTokenFor<LockHold> Token = detail::DefaultToken>
  [[nodiscard]] auto acquire_shared(std::chrono::milliseconds at_most = kForever,
                                    Token&& token = Token()) {
    auto patience = make_patience(at_most);
    return detail::run_recipe<LockHold>(
        patience, token, [state = state_, patience] { return do_acquire_shared(state, patience); });
  }
  // From a writer to a reader, with nobody writing in between: Result<LockHold>. `exclusive` is
  // released whatever comes of it. Errors: kLockLost when it was not held any more.
  template <CompletionTokenFor<LockHold> Token = detail::DefaultToken>
  [[nodiscard]] auto downgrade(LockHold exclusive, Token&& token = Token()) {
    auto patience = make_patience(kForever);
    return detail::run_recipe<LockHold>(
        patience, token, [state = state_, patience, exclusive = std::move(exclusive)]() mutable {
          return do_downgrade(state, std::move(exclusive), patience);
        });
  }

  // --- the same for threads: lock(), try_lock() .., see TimedLockable. A thread that writes may
  // lock_shared() too; everything else that it would have to wait for itself is kWouldDeadlock.

  // Require that this thread holds it so. In the background: they do not wait, nor fail.
  void unlock() noexcept;
  void unlock_shared() noexcept;
  // As lock() and try_lock().
  void lock_shared() { value_or_throw(lock_shared_within(kForever)); }
  [[nodiscard]] bool try_lock_shared() { return try_lock_shared_for(std::chrono::milliseconds(0)); }
  template <typename Rep, typename Period>
  [[nodiscard]] bool try_lock_shared_for(const std::chrono::duration<Rep, Period>& time) {
    return detail::is_acquired_or_throw(lock_shared_within(detail::wait_of(time)));
  }
  template <typename Clock, typename Duration>
  [[nodiscard]] bool try_lock_shared_until(const std::chrono::time_point<Clock, Duration>& time) {
    return detail::is_acquired_or_throw(lock_shared_within(detail::wait_until(time)));
  }
  // Whether this thread holds it so, or has lost it without having unlocked it.
  [[nodiscard]] bool is_held() const noexcept { return writers_.find() != nullptr; }
  [[nodiscard]] bool is_held_shared() const noexcept { return readers_.find() != nullptr; }
  // Of this thread's hold, as a writer if it is one. Require that there is one.
  [[nodiscard]] std::stop_token lost() const noexcept { return hold_of_this_thread().lost(); }
  [[nodiscard]] std::int64_t fencing_token() const noexcept {
    return hold_of_this_thread().fencing_token();
  }

  // Result<std::vector<std::string>>: the paths of all who read or wait to, in their order.
  template <CompletionTokenFor<std::vector<std::string>> Token = detail::DefaultToken>
  [[nodiscard]] auto read_participants(Token&& token = Token()) {
    auto patience = make_patience(kForever);
    return detail::run_recipe<std::vector<std::string>>(
        patience, token, [state = state_] { return do_participants(state, true); });
  }
  // All who write or wait to.
  template <CompletionTokenFor<std::vector<std::string>> Token = detail::DefaultToken>
  [[nodiscard]] auto write_participants(Token&& token = Token()) {
    auto patience = make_patience(kForever);
    return detail::run_recipe<std::vector<std::string>>(
        patience, token, [state = state_] { return do_participants(state, false); });
  }

 private:
  friend TimedLockable;
  struct State;
  using StatePtr = std::shared_ptr<const State>;
  using PatiencePtr = std::shared_ptr<detail::Patience>;

  [[nodiscard]] PatiencePtr make_patience(std::chrono::milliseconds at_most) const;
  static boost::asio::awaitable<Result<LockHold>> do_acquire(StatePtr state, PatiencePtr patience);
  static boost::asio::awaitable<Result<LockHold>> do_acquire_shared(StatePtr state,
                                                                    PatiencePtr patience);
  // Reads beside the writer at `writer_path`, which the caller holds.
  static boost::asio::awaitable<Result<LockHold>> do_acquire_beside(StatePtr state,
                                                                    std::string writer_path,
                                                                    PatiencePtr patience);
  static boost::asio::awaitable<Result<LockHold>> do_downgrade(StatePtr state, LockHold exclusive,
                                                               PatiencePtr patience);
  static boost::asio::awaitable<Result<std::vector<std::string>>> do_participants(StatePtr state,
                                                                                  bool are_readers);
  Result<void> lock_within(std::chrono::milliseconds at_most);
  Result<void> lock_shared_within(std::chrono::milliseconds at_most);
  [[nodiscard]] const LockHold& hold_of_this_thread() const noexcept;

  StatePtr state_;
  mutable detail::ThreadHolds<LockHold> writers_;
  mutable detail::ThreadHolds<LockHold> readers_;
};

}  // namespace drover
