#pragma once
// Numbers and other values that many change at once without losing a change; Curator's
// DistributedAtomicValue, DistributedAtomicLong and DistributedAtomicInteger, on the same znodes.
//
// ## Layout
//
// | Znode                                   | Mode                 | Data                         |
// | --------------------------------------- | -------------------- | ---------------------------- |
// | `path`                                  | persistent           | the value, as its codec has  |
// | `lock path/_c_<uuid>-lock-<sequence>`   | ephemeral sequential | a Mutex, only with promotion |
//
// Missing parents are created as containers. A znode that is missing or empty is the value 0, or
// what a value of that type is when nothing is said.
//
// ## Guarantees
//
// - A change that succeeded was made to exactly the value that the outcome calls `pre`.
// - Each change is tried optimistically, by version; when it lost the race as often as the policy
//   allows, and promotion is on, once more under the mutex.
//
// ## Does not guarantee
//
// - That a change succeeds: look at `succeeded`.
// - After kConnectionLoss, whether the change was made: it is not repeated.
// - That the mutex keeps those out who change the value optimistically.
// - Numbers wrap around at the ends of their range.
//
// ## Example
//
//     drover::AtomicLong hits(client, "/app/hits", drover::retry::Times{10, 5ms});
//     auto outcome = hits.increment(drover::block);
//     if (outcome && outcome->succeeded) use(outcome->post);

#include <drover/client.h>
#include <drover/detail/recipe.h>
#include <drover/recipes/codec.h>

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace drover {

// How a change was come by.
struct AtomicStatistics {
  int optimistic_tries = 0;
  int promoted_tries = 0;  // under the mutex
  std::chrono::milliseconds optimistic_time{0};
  std::chrono::milliseconds promoted_time{0};  // that for the mutex included
};

template <typename T>
struct AtomicOutcome {
  bool succeeded = false;
  T pre{};   // the value before
  T post{};  // and after; means nothing unless succeeded
  AtomicStatistics statistics{};
};

// The mutex that a change falls back to when it lost too many races.
struct Promotion {
  std::string path;                               // of the Mutex
  std::chrono::milliseconds lock_for = kForever;  // how long to wait for it
  retry::Policy retry = retry::Times{};
};

struct AtomicOptions {
  std::optional<Promotion> promotion{};
};

namespace detail {

// AtomicValue without its type.
class AtomicBytes {
 public:
  using Patience = std::shared_ptr<detail::Patience>;
  using Outcome = AtomicOutcome<Bytes>;
  // The next value; the error ends the operation.
  using Change = std::function<Result<Bytes>(BytesView current)>;
  struct State {
    Client client;
    std::string path;
    retry::Policy retry;
    AtomicOptions options;
  };

  AtomicBytes(Client client, std::string path, retry::Policy retry, AtomicOptions options);

  [[nodiscard]] const std::string& path() const noexcept { return state_->path; }
  [[nodiscard]] Patience patience(const char* what) const;
  [[nodiscard]] const std::shared_ptr<State>& state() const { return state_; }

  static boost::asio::awaitable<Result<Outcome>> get(std::shared_ptr<State> state);
  static boost::asio::awaitable<Result<Outcome>> change(std::shared_ptr<State> state,
                                                        Patience patience, Change change);
  // Once, and only a znode that is there. `expects`: whether this is the value to replace.
  static boost::asio::awaitable<Result<Outcome>> exchange(
      std::shared_ptr<State> state, std::function<Result<bool>(BytesView)> expects, Bytes desired);
  static boost::asio::awaitable<Result<void>> store(std::shared_ptr<State> state, Bytes value);
  static boost::asio::awaitable<Result<bool>> initialize(std::shared_ptr<State> state, Bytes value);

 private:
  std::shared_ptr<State> state_;
};

}  // namespace detail

// Copies share nothing but the path. Thread-safe. Errors of all operations besides the client's:
// kCorruptPayload, when the znode holds something else.
template <Codec C>
class AtomicValue {
 public:
  using Value = typename C::Value;
  using Outcome = AtomicOutcome<Value>;

  // `retry`: how often a change is tried that lost to another.
  AtomicValue(Client client, std::string path, retry::Policy retry, AtomicOptions options = {})
      : bytes_(std::move(client), std::move(path), std::move(retry), std::move(options)) {}

  // Result<Outcome>: always succeeded, pre and post are the value.
  template <CompletionTokenFor<Outcome> Token = detail::DefaultToken>
  [[nodiscard]] auto get(Token&& token = Token()) {
    return typed("read the value ", token,
                 [state = bytes_.state()](const auto&) { return detail::AtomicBytes::get(state); });
  }
  // Sets it to what `change` makes of it, which is called once per try, on the client's executor.
  // Result<Outcome>.
  template <std::invocable<const Value&> Change,
            CompletionTokenFor<Outcome> Token = detail::DefaultToken>
    requires std::convertible_to<std::invoke_result_t<Change, const Value&>, Value>
  auto update(Change change, Token&& token = Token()) {
    return typed("change the value ", token,
                 [state = bytes_.state(), change = std::move(change)](const auto& patience) {
                   return detail::AtomicBytes::change(state, patience,
                                                      [change](BytesView current) -> Result<Bytes> {
                                                        const auto value = decode(current);
                                                        if (!value)
                                                          return std::unexpected(value.error());
                                                        return C::encode(change(*value));
                                                      });
                 });
  }
  // Sets it by the same way, whatever it was (trySet). Result<Outcome>.
  template <CompletionTokenFor<Outcome> Token = detail::DefaultToken>
  [[nodiscard]] auto try_set(Value value, Token&& token = Token()) {
    return update([value = std::move(value)](const Value&) { return value; },
                  std::forward<Token>(token));
  }
  // One try, on a znode that exists: a missing one is not the value 0 here. Result<Outcome>.
  template <CompletionTokenFor<Outcome> Token = detail::DefaultToken>
  [[nodiscard]] auto compare_and_set(Value expected, Value desired, Token&& token = Token()) {
    return typed("change the value ", token,
                 [state = bytes_.state(), expected = std::move(expected),
                  bytes = C::encode(desired)](const auto&) {
                   return detail::AtomicBytes::exchange(
                       state,
                       [expected](BytesView current) -> Result<bool> {
                         const auto value = decode(current);
                         if (!value) return std::unexpected(value.error());
                         return *value == expected;
                       },
                       bytes);
                 });
  }
  // Sets it without looking, and creates it if need be (forceSet). Result<void>.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto force_set(const Value& value, Token&& token = Token()) {
    return detail::run_recipe<void>(bytes_.patience("set the value "), token,
                                    [state = bytes_.state(), bytes = C::encode(value)] {
                                      return detail::AtomicBytes::store(state, bytes);
                                    });
  }
  // Creates it. Result<bool>: false when it is there already.
  template <CompletionTokenFor<bool> Token = detail::DefaultToken>
  [[nodiscard]] auto initialize(const Value& value, Token&& token = Token()) {
    return detail::run_recipe<bool>(bytes_.patience("create the value "), token,
                                    [state = bytes_.state(), bytes = C::encode(value)] {
                                      return detail::AtomicBytes::initialize(state, bytes);
                                    });
  }

  template <CompletionTokenFor<Outcome> Token = detail::DefaultToken>
    requires std::integral<Value>
  auto add(Value delta, Token&& token = Token()) {
    return update([delta](Value value) { return wrapped(value, delta); },
                  std::forward<Token>(token));
  }
  template <CompletionTokenFor<Outcome> Token = detail::DefaultToken>
    requires std::integral<Value>
  auto subtract(Value delta, Token&& token = Token()) {
    return update([delta](Value value) { return wrapped(value, wrapped(~delta, Value{1})); },
                  std::forward<Token>(token));
  }
  template <CompletionTokenFor<Outcome> Token = detail::DefaultToken>
    requires std::integral<Value>
  auto increment(Token&& token = Token()) {
    return add(Value{1}, std::forward<Token>(token));
  }
  template <CompletionTokenFor<Outcome> Token = detail::DefaultToken>
    requires std::integral<Value>
  auto decrement(Token&& token = Token()) {
    return subtract(Value{1}, std::forward<Token>(token));
  }

  [[nodiscard]] const std::string& path() const noexcept { return bytes_.path(); }
  // Not for users.
  [[nodiscard]] std::shared_ptr<detail::Patience> patience(const char* what) const {
    return bytes_.patience(what);
  }

 private:
  // Empty: nothing was ever set.
  static Result<Value> decode(BytesView bytes) {
    if (bytes.empty()) return Value{};
    return C::decode(bytes);
  }
  static Value wrapped(Value a, Value b) {
    using Unsigned = std::make_unsigned_t<Value>;
    return static_cast<Value>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
  }
  static boost::asio::awaitable<Result<Outcome>> decoded(
      boost::asio::awaitable<Result<detail::AtomicBytes::Outcome>> bytes) {
    const auto outcome = co_await std::move(bytes);
    if (!outcome) co_return std::unexpected(outcome.error());
    const auto pre = decode(outcome->pre);
    if (!pre) co_return std::unexpected(pre.error());
    const auto post = decode(outcome->post);
    if (!post) co_return std::unexpected(post.error());
    co_return Outcome{outcome->succeeded, *pre, *post, outcome->statistics};
  }
  template <typename Token, typename Work>
  auto typed(const char* what, Token& token, Work work) {
    auto patience = bytes_.patience(what);
    return detail::run_recipe<Outcome>(
        patience, token, [patience, work = std::move(work)] { return decoded(work(patience)); });
  }

  detail::AtomicBytes bytes_;
};

// Curator's DistributedAtomicLong and DistributedAtomicInteger.
using AtomicLong = AtomicValue<BigEndianInt64>;
using AtomicInteger = AtomicValue<BigEndianInt32>;

}  // namespace drover
