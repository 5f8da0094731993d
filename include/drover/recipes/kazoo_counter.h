#pragma once
// A number that many change at once, on the znode of kazoo, the Python client: Counter.
//
// ## Layout
//
// | Znode  | Mode       | Data                                                  |
// | ------ | ---------- | ----------------------------------------------------- |
// | `path` | persistent | the number as decimal text; empty: the default value  |
//
// FloatCounter's text is Python's: `3.0`, `1e+16`, the shortest that reads back the same. With
// support_curator it is 4 bytes, big-endian: Curator's SharedCount and AtomicInteger. Missing
// parents are created as persistent znodes.
//
// ## Guarantees
//
// - A change that succeeded was made to exactly the value that the outcome calls `pre`.
//
// ## Does not guarantee
//
// - After kConnectionLoss, whether the change was made: it is not repeated.
// - Python's numbers of any size: beyond 64 bits, or 32 with support_curator, is kCorruptPayload
//   when read, kBadArguments when it would be written.
// - A Counter that reads what a FloatCounter wrote: kCorruptPayload, as in kazoo.
//
// ## Example
//
//     drover::kazoo::Counter counter(client, "/count");
//     auto outcome = counter.add(2, drover::block);     // outcome->post

#include <drover/client.h>
#include <drover/detail/recipe.h>

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <string>

namespace drover::kazoo {

template <typename Number>
struct BasicCounterOptions {
  Number default_value = 0;
  bool support_curator = false;  // FloatCounter: kBadArguments
  // How often a change is tried that lost to another; then it fails with kBadVersion.
  retry::Policy retry = retry::Times{.count = 1000, .delay = std::chrono::milliseconds(1)};
};
using CounterOptions = BasicCounterOptions<std::int64_t>;
using FloatCounterOptions = BasicCounterOptions<double>;

template <typename Number>
struct BasicCounterOutcome {
  Number pre = 0;
  Number post = 0;
};
using CounterOutcome = BasicCounterOutcome<std::int64_t>;
using FloatCounterOutcome = BasicCounterOutcome<double>;

// Number: std::int64_t or double. Thread-safe.
template <typename Number>
class BasicCounter {
 public:
  using Options = BasicCounterOptions<Number>;
  using Outcome = BasicCounterOutcome<Number>;

  BasicCounter(Client client, std::string path, Options options = {});

  // Result<Number>.
  template <CompletionTokenFor<Number> Token = detail::DefaultToken>
  [[nodiscard]] auto value(Token&& token = Token()) {
    return detail::run_recipe<Number>(make_patience("read the counter "), token,
                                      [state = state_] { return value_now(state); });
  }
  // Result<Outcome>.
  template <CompletionTokenFor<Outcome> Token = detail::DefaultToken>
  [[nodiscard]] auto add(Number delta, Token&& token = Token()) {
    return change(delta, false, token);
  }
  template <CompletionTokenFor<Outcome> Token = detail::DefaultToken>
  [[nodiscard]] auto subtract(Number delta, Token&& token = Token()) {
    return change(delta, true, token);
  }

  [[nodiscard]] const std::string& path() const noexcept;

 private:
  struct State;
  using Patience = std::shared_ptr<detail::Patience>;

  [[nodiscard]] Patience make_patience(const char* what) const;
  template <typename Token>
  auto change(Number delta, bool is_negative, Token& token) {
    auto patience = make_patience("change the counter ");
    return detail::run_recipe<Outcome>(patience, token,
                                       [state = state_, patience, delta, is_negative] {
                                         return change_now(state, patience, delta, is_negative);
                                       });
  }
  static boost::asio::awaitable<Result<Number>> value_now(std::shared_ptr<const State> state);
  static boost::asio::awaitable<Result<Outcome>> change_now(std::shared_ptr<const State> state,
                                                            Patience patience, Number delta,
                                                            bool is_negative);

  std::shared_ptr<const State> state_;
};

extern template class BasicCounter<std::int64_t>;
extern template class BasicCounter<double>;
using Counter = BasicCounter<std::int64_t>;
using FloatCounter = BasicCounter<double>;

}  // namespace drover::kazoo
