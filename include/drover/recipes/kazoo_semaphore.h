#pragma once
// The semaphore of kazoo, the Python client, on its znodes.
//
// ## Layout
//
// | znode | mode | data |
// |---|---|---|
// | `<path>` | persistent, with its parents | the limit as decimal text |
// | `<path>/<32 hex digits>` | ephemeral | the identifier |
// | `<path>-__lock__` | persistent | empty; a kazoo Lock, for one at a time to take a lease |
//
// ## Guarantees
// * Never more leases are held than the limit, as far as sessions live. Who comes with another
// limit
//   than the one that is written there is refused.
// * First come, first served. Nothing is left behind by who gives up, runs out of time or dies.
//
// ## Does not guarantee
// * That it works together with Semaphore: the layout is another one.
//
// ## Example
//
//   drover::kazoo::Semaphore uploads(client, "/limits/uploads", 3, {.identifier = "host-7"});
//   auto lease = co_await uploads.acquire_lease();

#include <drover/detail/counting_semaphore.h>
#include <drover/recipes/kazoo_lock.h>

#include <memory>
#include <string>
#include <vector>

namespace drover::kazoo {

// Thread-safe. One that is destroyed gives back what threads have acquired through it.
class Semaphore : public detail::CountingSemaphore<Semaphore> {
 public:
  // Throws Exception with kBadArguments when the limit is less than 1.
  Semaphore(Client client, std::string path, int leases_max, LockOptions options = {});
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  // Result<LockHold>: one lease, whoever has it. Errors: kTimedOut when there was none for
  // `at_most`, kBadArguments when others have another limit, kNoAuth.
  template <CompletionTokenFor<LockHold> Token = detail::DefaultToken>
  [[nodiscard]] auto acquire_lease(std::chrono::milliseconds at_most = kForever,
                                   Token&& token = Token()) {
    auto patience = make_patience(at_most);
    return detail::run_recipe<LockHold>(
        patience, token, [state = state_, patience] { return do_acquire(state, patience); });
  }
  // Result<std::vector<std::string>>: the identifiers of all who have a lease, in no order.
  template <CompletionTokenFor<std::vector<std::string>> Token = detail::DefaultToken>
  [[nodiscard]] auto lease_holders(Token&& token = Token()) {
    auto patience = make_patience(kForever);
    return detail::run_recipe<std::vector<std::string>>(
        patience, token, [state = state_] { return do_lease_holders(state); });
  }

  // --- for threads: acquire(), try_acquire() .. release(), see CountingSemaphore.

 private:
  friend CountingSemaphore;
  struct State;
  using StatePtr = std::shared_ptr<const State>;
  using PatiencePtr = std::shared_ptr<detail::Patience>;

  [[nodiscard]] PatiencePtr make_patience(std::chrono::milliseconds at_most) const;
  static boost::asio::awaitable<Result<LockHold>> do_acquire(StatePtr state, PatiencePtr patience);
  static boost::asio::awaitable<Result<void>> agree_on_limit(StatePtr state);
  static boost::asio::awaitable<Result<LockHold>> take_lease(StatePtr state,
                                                             std::stop_token gate_lost,
                                                             PatiencePtr patience);
  static boost::asio::awaitable<Result<std::vector<std::string>>> do_lease_holders(StatePtr state);
  Result<void> acquire_within(std::chrono::milliseconds at_most);

  StatePtr state_;
  detail::LeasePool pool_;
};

}  // namespace drover::kazoo
