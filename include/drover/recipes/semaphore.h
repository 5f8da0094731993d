#pragma once
// A number of leases that a number of processes share, shared with Curator's
// InterProcessSemaphoreV2.
//
// ## Layout
//
// | znode | mode | data |
// |---|---|---|
// | `<path>`, `<path>/locks`, `<path>/leases` | container | empty |
// | `<path>/locks/_c_<uuid>-lock-<number>` | ephemeral | the client's default_data |
// | `<path>/leases/_c_<uuid>-lease-<number>` | ephemeral | LockOptions::node_data |
//
// Who wants a lease takes the lock first, as a Mutex; creates its lease; and waits, with the lock,
// until there are no more leases than the limit. All children of `leases` count, whatever their
// names.
//
// ## Guarantees
// * Never more leases are held than the limit says, as far as sessions live (LockHold tells what
//   that means) and all agree on the limit.
// * First come, first served. One process at a time watches the leases.
// * Nothing is left behind by who gives up, runs out of time or dies.
//
// ## Does not guarantee
// * That a constant limit is the same everywhere: all who use the path must agree on it.
// * That leases are taken back when a changing limit sinks: they run out as they are given back.
//
// ## Example
//
//   drover::Semaphore uploads(client, "/limits/uploads", 3);
//   uploads.acquire();
//   upload();
//   uploads.release();
//   auto lease = co_await uploads.acquire_lease(std::chrono::seconds(5));  // a coroutine
//
//   auto count = std::make_shared<drover::SharedCount>(client, "/limits/downloads.max", 5);
//   co_await count->start();
//   drover::Semaphore downloads(client, "/limits/downloads", drover::lease_limit(count));

#include <drover/detail/counting_semaphore.h>
#include <drover/recipes/shared_value.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace drover {

// A limit that changes while it is in use: Curator's SharedCount, or anything else.
class LeaseLimit {
 public:
  virtual ~LeaseLimit() = default;
  // On the client's executor.
  [[nodiscard]] virtual int current() const = 0;
  // Calls `changed`, on any thread, when current() may answer something else.
  [[nodiscard]] virtual Subscription on_change(std::function<void()> changed) = 0;
};

// Curator's: a number in a znode, which everybody who uses the semaphore reads. `count` has been
// started; without a number that makes sense there are no leases.
[[nodiscard]] std::shared_ptr<LeaseLimit> lease_limit(std::shared_ptr<SharedCount> count);

// Thread-safe. One that is destroyed gives back what threads have acquired through it.
class Semaphore : public detail::CountingSemaphore<Semaphore> {
 public:
  // Throw Exception with kBadArguments when the limit is less than 1, or missing.
  Semaphore(Client client, const std::string& path, int leases_max, LockOptions options = {});
  Semaphore(Client client, std::string path, std::shared_ptr<LeaseLimit> limit,
            LockOptions options = {});
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  // Result<LockHold>: one lease, whoever has it. Errors: kTimedOut when there was none for
  // `at_most`, kNoAuth. LockOptions::on_revoke is not used.
  template <CompletionTokenFor<LockHold> Token = detail::DefaultToken>
  [[nodiscard]] auto acquire_lease(std::chrono::milliseconds at_most = kForever,
                                   Token&& token = Token()) {
    auto patience = make_patience(at_most);
    return detail::run_recipe<LockHold>(
        patience, token, [state = state_, patience] { return do_acquire(state, patience); });
  }
  // Result<std::vector<LockHold>>: `count` leases, taken one after the other; all within `at_most`,
  // or none. More errors: kBadArguments for fewer than one.
  template <CompletionTokenFor<std::vector<LockHold>> Token = detail::DefaultToken>
  [[nodiscard]] auto acquire_leases(int count, std::chrono::milliseconds at_most = kForever,
                                    Token&& token = Token()) {
    auto patience = make_patience(at_most);
    return detail::run_recipe<std::vector<LockHold>>(
        patience, token,
        [state = state_, count, patience] { return do_acquire_all(state, count, patience); });
  }
  // Result<std::vector<std::string>>: the paths of all leases, the oldest first; the last one may
  // belong to somebody who still waits.
  template <CompletionTokenFor<std::vector<std::string>> Token = detail::DefaultToken>
  [[nodiscard]] auto participants(Token&& token = Token()) {
    auto patience = make_patience(kForever);
    return detail::run_recipe<std::vector<std::string>>(
        patience, token, [state = state_] { return do_participants(state); });
  }

  // --- for threads: acquire(), try_acquire() .. release(), see CountingSemaphore.

 private:
  friend CountingSemaphore;
  friend class SemaphoreMutex;
  struct State;
  using StatePtr = std::shared_ptr<const State>;
  using PatiencePtr = std::shared_ptr<detail::Patience>;

  [[nodiscard]] PatiencePtr make_patience(std::chrono::milliseconds at_most) const;
  static boost::asio::awaitable<Result<LockHold>> do_acquire(StatePtr state, PatiencePtr patience);
  static boost::asio::awaitable<Result<LockHold>> take_lease(StatePtr state, PatiencePtr patience);
  static boost::asio::awaitable<Result<std::vector<LockHold>>> do_acquire_all(StatePtr state,
                                                                              int count,
                                                                              PatiencePtr patience);
  static boost::asio::awaitable<Result<std::vector<std::string>>> do_participants(StatePtr state);
  Result<void> acquire_within(std::chrono::milliseconds at_most);

  StatePtr state_;
  detail::LeasePool pool_;
};

}  // namespace drover
