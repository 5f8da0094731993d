#pragma once
// A number of leases in strict order, shared with Curator's old InterProcessSemaphore.
//
// ## Layout
//
// | znode | mode | data |
// |---|---|---|
// | `<path>` | container, with its parents | empty |
// | `<path>/_c_<uuid>-lock-<number>` | ephemeral | LockOptions::node_data |
//
// As Mutex, but that the first so many contenders each have a lease; the others watch the one that
// many places before them.
//
// ## Guarantees
// * Never more leases are held than the limit, as far as sessions live and all agree on the limit.
// * First come, first served.
//
// ## Does not guarantee
// * That it works together with Semaphore: the layout is another one. New users take that.
//
// ## Example
//
//   drover::SemaphoreV1 uploads(client, "/limits/uploads", 3);
//   auto lease = co_await uploads.acquire_lease();

#include <drover/detail/counting_semaphore.h>

#include <memory>
#include <string>
#include <vector>

namespace drover {

// Thread-safe. One that is destroyed gives back what threads have acquired through it.
class SemaphoreV1 : public detail::CountingSemaphore<SemaphoreV1> {
 public:
  // Throws Exception with kBadArguments when the limit is less than 1.
  SemaphoreV1(Client client, std::string path, int leases_max, LockOptions options = {});
  SemaphoreV1(const SemaphoreV1&) = delete;
  SemaphoreV1& operator=(const SemaphoreV1&) = delete;

  // Result<LockHold>: one lease, whoever has it. Errors: kTimedOut when there was none for
  // `at_most`, kNoAuth.
  template <CompletionTokenFor<LockHold> Token = detail::DefaultToken>
  [[nodiscard]] auto acquire_lease(std::chrono::milliseconds at_most = kForever,
                                   Token&& token = Token()) {
    auto patience = make_patience(at_most);
    return detail::run_recipe<LockHold>(
        patience, token, [state = state_, patience] { return do_acquire(state, patience); });
  }

  // --- for threads: acquire(), try_acquire() .. release(), see CountingSemaphore.

 private:
  friend CountingSemaphore;
  struct State;

  [[nodiscard]] std::shared_ptr<detail::Patience> make_patience(
      std::chrono::milliseconds at_most) const;
  static boost::asio::awaitable<Result<LockHold>> do_acquire(
      std::shared_ptr<const State> state, std::shared_ptr<detail::Patience> patience);
  Result<void> acquire_within(std::chrono::milliseconds at_most);

  std::shared_ptr<const State> state_;
  detail::LeasePool pool_;
};

}  // namespace drover
