#pragma once
// A barrier that is used again and again, phase after phase, in the shape of std::barrier. Its
// layout is Drover's own; for Curator's see Gate (DistributedBarrier) and DoubleBarrier.
//
// ## Layout
//
// | Znode                    | Mode       | Data                                                |
// | ------------------------ | ---------- | --------------------------------------------------- |
// | `path/phase-<n>/<uuid>`  | ephemeral  | empty: one arrival                                  |
// | `path/phase-<n>/drop-<uuid>` | persistent | empty: one arrival, and one fewer from now on   |
// | `path/phase-<n>/completing`  | ephemeral  | whose completion function runs                  |
// | `path/phase-<n>/ready`   | persistent | how many the next phase expects, in decimal         |
//
// Each phase is a double barrier: arrivals, and `ready` when they are enough. n counts from 0. A
// phase is removed when the next one is complete. Missing parents are created as containers.
//
// ## Guarantees
//
// - wait() succeeds only after as many have arrived in the phase as it expects. Processes that come
//   later join in the phase that is open then.
// - The completion function runs in one process at a time, after the last arrival and before
//   anybody is released; once, or once more if its process loses its session meanwhile.
// - Who drops out counts in the open phase, even if its session ends, and in none after it.
//
// ## Does not guarantee
//
// - That a member who dies is replaced: its arrival is taken back with its session, and the phase
//   stays open until another arrives in its place. Who has died behind a completed phase is missed
//   in the next one. wait() has a limit for this.
// - Anything when more arrive than are expected, but that those too many arrive in the next phase.
// - One completion function when those of several processes differ, or some have none: it is that
//   of whoever sees first that all are there.
//
// ## Example
//
//     drover::Barrier barrier(client, "/jobs/steps", 3);
//     while (has_work()) {
//       work();
//       barrier.arrive_and_wait();  // or: co_await barrier.async_arrive_and_wait(30s)
//     }
//     barrier.arrive_and_drop();

#include <drover/block.h>
#include <drover/client.h>
#include <drover/detail/recipe.h>
#include <drover/exception.h>

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace drover {

// One process's side. Thread-safe: several threads may arrive through one object.
class Barrier {
 public:
  // What was arrived in: wait() takes it.
  class [[nodiscard]] ArrivalToken {
   public:
    ArrivalToken(ArrivalToken&&) noexcept = default;
    ArrivalToken& operator=(ArrivalToken&&) noexcept = default;
    ArrivalToken(const ArrivalToken&) = delete;
    ArrivalToken& operator=(const ArrivalToken&) = delete;

    [[nodiscard]] std::int64_t phase() const noexcept { return phase_; }

   private:
    friend class Barrier;
    ArrivalToken() = default;

    std::int64_t phase_ = 0;
    std::int64_t expected_ = 0;
    std::vector<std::string> names_;  // of the arrivals
    std::int64_t czxid_ = 0;          // of the last of them
  };

  // `expected`: how many arrivals complete the first phase, the same for all; at least 1. The
  // completion function runs on the client's executor and must not block; when it throws, the phase
  // stays open, and whoever looks at it next tries again.
  Barrier(Client client, std::string path, std::ptrdiff_t expected,
          std::function<void()> on_completion = {});

  // --- in every style

  // Arrives `count` times. Result<ArrivalToken>. Errors besides the client's: kBadArguments (fewer
  // than one, more than the phase expects, all have dropped out), kCorruptPayload (`ready` holds no
  // number). After another error nothing has arrived, unless the phase was completed just then.
  template <CompletionTokenFor<ArrivalToken> Token = detail::DefaultToken>
  [[nodiscard]] auto async_arrive(std::ptrdiff_t count = 1, Token&& token = Token()) {
    auto patience = make_patience(kForever, "arrive at ");
    return detail::run_recipe<ArrivalToken>(
        patience, token, [state = state_, count] { return arrive_now(state, count, false); });
  }
  // Waits until the phase of the arrival is complete. Result<void>. Errors besides the client's:
  // kTimedOut after `at_most` (the arrival stays), kSessionExpired: the arrival is gone with its
  // session.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto async_wait(ArrivalToken arrival, std::chrono::milliseconds at_most = kForever,
                                Token&& token = Token()) const {
    auto patience = make_patience(at_most, "wait at ");
    auto shared = std::make_shared<const ArrivalToken>(std::move(arrival));
    return detail::run_recipe<void>(patience, token, [state = state_, patience, shared] {
      return wait_now(state, patience, shared);
    });
  }
  // Both. Result<void>. After kTimedOut or kCancelled the arrival has been taken back, unless the
  // phase was completed at that moment.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto async_arrive_and_wait(std::chrono::milliseconds at_most = kForever,
                                           Token&& token = Token()) {
    auto patience = make_patience(at_most, "arrive and wait at ");
    return detail::run_recipe<void>(patience, token, [state = state_, patience] {
      return arrive_and_wait_now(state, patience);
    });
  }
  // Arrives, and is expected no more from the next phase on. Result<void>. Does not wait.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto async_arrive_and_drop(Token&& token = Token()) {
    auto patience = make_patience(kForever, "arrive and drop out of ");
    return detail::run_recipe<void>(patience, token, [state = state_] { return drop_now(state); });
  }

  // --- for threads; they throw Exception with the errors below

  // Does not wait for others.
  ArrivalToken arrive(std::ptrdiff_t count = 1) {
    return value_or_throw(async_arrive(count, block));
  }
  void wait(ArrivalToken&& arrival) const {
    value_or_throw(async_wait(std::move(arrival), kForever, block));
  }
  void arrive_and_wait() { value_or_throw(async_arrive_and_wait(kForever, block)); }
  void arrive_and_drop() { value_or_throw(async_arrive_and_drop(block)); }

  [[nodiscard]] const std::string& path() const noexcept;

 private:
  struct State;
  using StatePtr = std::shared_ptr<State>;
  using Patience = std::shared_ptr<detail::Patience>;

  [[nodiscard]] Patience make_patience(std::chrono::milliseconds at_most, const char* what) const;
  static boost::asio::awaitable<Result<ArrivalToken>> arrive_now(StatePtr state,
                                                                 std::ptrdiff_t count, bool drops);
  static boost::asio::awaitable<Result<void>> wait_now(StatePtr state, Patience patience,
                                                       std::shared_ptr<const ArrivalToken> arrival);
  static boost::asio::awaitable<Result<void>> arrive_and_wait_now(StatePtr state,
                                                                  Patience patience);
  static boost::asio::awaitable<Result<void>> drop_now(StatePtr state);

  StatePtr state_;
};

}  // namespace drover
