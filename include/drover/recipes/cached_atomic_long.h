#pragma once
// Numbers that nobody else gets, most of them without asking the server; Curator's
// CachedAtomicLong, on the same znode.
//
// ## Layout
//
// That of AtomicLong: each reservation adds `reserve` to the number.
//
// ## Guarantees
//
// - next() never answers a number twice, whoever asks, on one znode that only grows.
//
// ## Does not guarantee
//
// - That numbers are without gaps, or in order between processes: what was reserved and not used is
//   lost.
//
// ## Example
//
//     drover::CachedAtomicLong ids(drover::AtomicLong(client, "/app/ids", policy), 1000);
//     auto outcome = ids.next(drover::block);     // outcome->pre is ours

#include <drover/recipes/atomic_value.h>

namespace drover {

// Thread-safe.
class CachedAtomicLong {
 public:
  using Outcome = AtomicLong::Outcome;

  // `reserve`: how many numbers one request to the server reserves, at least 1.
  CachedAtomicLong(AtomicLong number, std::int64_t reserve);

  // Result<Outcome>: `pre` is the caller's number, `post` the next one. Not succeeded when a
  // reservation did not. Errors besides AtomicLong's: kBadArguments (the size of the reservation).
  template <CompletionTokenFor<Outcome> Token = detail::DefaultToken>
  [[nodiscard]] auto next(Token&& token = Token()) {
    auto patience = make_patience();
    return detail::run_recipe<Outcome>(
        patience, token, [state = state_, patience] { return next_now(state, patience); });
  }

 private:
  struct State;

  [[nodiscard]] std::shared_ptr<detail::Patience> make_patience() const;
  static boost::asio::awaitable<Result<Outcome>> next_now(
      std::shared_ptr<State> state, std::shared_ptr<detail::Patience> patience);

  std::shared_ptr<State> state_;
};

}  // namespace drover
