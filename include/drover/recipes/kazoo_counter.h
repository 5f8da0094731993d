#pragma once
// A number that many change at once, on the znode of kazoo, the Python client: Counter.
//
// ## Layout
//
// | Znode  | Mode       | Data                                                  |
// | ------ | ---------- | ----------------------------------------------------- |
// | `path` | persistent | the number as decimal text; empty: the default value  |
//
// With support_curator it is 4 bytes, big-endian: Curator's SharedCount and AtomicInteger.
// Missing parents are created as persistent znodes.
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

struct CounterOptions {
  std::int64_t default_value = 0;
  bool support_curator = false;
  // How often a change is tried that lost to another; then it fails with kBadVersion.
  retry::Policy retry = retry::Times{.count = 1000, .delay = std::chrono::milliseconds(1)};
};

struct CounterOutcome {
  std::int64_t pre = 0;
  std::int64_t post = 0;
};

// Thread-safe.
class Counter {
 public:
  Counter(Client client, std::string path, CounterOptions options = {});

  // Result<std::int64_t>.
  template <CompletionTokenFor<std::int64_t> Token = detail::DefaultToken>
  auto value(Token&& token = Token()) {
    return detail::run_recipe<std::int64_t>(make_patience("read the counter "), token,
                                            [state = state_] { return value_now(state); });
  }
  // Result<CounterOutcome>.
  template <CompletionTokenFor<CounterOutcome> Token = detail::DefaultToken>
  auto add(std::int64_t delta, Token&& token = Token()) {
    return change(delta, false, token);
  }
  template <CompletionTokenFor<CounterOutcome> Token = detail::DefaultToken>
  auto subtract(std::int64_t delta, Token&& token = Token()) {
    return change(delta, true, token);
  }

  [[nodiscard]] const std::string& path() const noexcept;

 private:
  struct State;
  using Patience = std::shared_ptr<detail::Patience>;

  [[nodiscard]] Patience make_patience(const char* what) const;
  template <typename Token>
  auto change(std::int64_t delta, bool is_negative, Token& token) {
    auto patience = make_patience("change the counter ");
    return detail::run_recipe<CounterOutcome>(
        patience, token, [state = state_, patience, delta, is_negative] {
          return change_now(state, patience, delta, is_negative);
        });
  }
  static boost::asio::awaitable<Result<std::int64_t>> value_now(std::shared_ptr<const State> state);
  static boost::asio::awaitable<Result<CounterOutcome>> change_now(
      std::shared_ptr<const State> state, Patience patience, std::int64_t delta, bool is_negative);

  std::shared_ptr<const State> state_;
};

}  // namespace drover::kazoo
