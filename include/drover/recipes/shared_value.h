#pragma once
// A value that many read, watch and set; Curator's SharedValue, on the same znode. SharedCount is
// the one with a number.
//
// ## Layout
//
// | Znode  | Mode       | Data                        |
// | ------ | ---------- | --------------------------- |
// | `path` | persistent | the value, as its codec has |
//
// Missing parents are created as containers.
//
// ## Guarantees
//
// - try_set() replaces exactly the value that the caller has seen: of several at once, one
// succeeds.
// - get() never goes back: a value that was written earlier does not replace a later one.
// - After the last change, and with a connection, get() comes to equal the server's value.
//
// ## Does not guarantee
//
// - That get() is the newest value: it is the newest that this client has heard of.
// - That changes() tells every value: several in quick succession may be one.
// - Anything once the znode was deleted: it is not created again; the last value stays until
//   somebody else creates it.
//
// ## Example
//
//     drover::SharedCount limit(client, "/app/limit", 10);    // 10 unless there is a value
//     limit.start(drover::block);
//     const auto seen = limit.get();
//     auto was_mine = limit.try_set(*seen, seen->value + 1, drover::block);

#include <drover/client.h>
#include <drover/detail/recipe.h>
#include <drover/recipes/codec.h>

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace drover {

// A value, and which one of all that the znode has had.
template <typename T>
struct Versioned {
  T value{};
  std::int32_t version = -1;  // the znode's data version; -1: not read yet
  std::int64_t mzxid = 0;     // of the txn that set it

  friend bool operator==(const Versioned&, const Versioned&) = default;
};

namespace detail {

// SharedValue without its type.
class SharedBytes {
 public:
  using Patience = std::shared_ptr<detail::Patience>;
  class State;

  // `changed` is called on the client's executor for each value after the first.
  SharedBytes(Client client, std::string path, Bytes seed,
              std::function<void(const Versioned<Bytes>&)> changed);
  SharedBytes(SharedBytes&&) noexcept = default;
  SharedBytes& operator=(SharedBytes&& other) noexcept;
  ~SharedBytes();

  [[nodiscard]] Versioned<Bytes> get() const;
  [[nodiscard]] const std::string& path() const noexcept;
  [[nodiscard]] Patience patience(const char* what) const;
  [[nodiscard]] const std::shared_ptr<State>& state() const { return state_; }

  static boost::asio::awaitable<Result<void>> start(std::shared_ptr<State> state);
  static boost::asio::awaitable<Result<void>> set(std::shared_ptr<State> state, Bytes value);
  static boost::asio::awaitable<Result<bool>> try_set(std::shared_ptr<State> state,
                                                      Versioned<Bytes> previous, Bytes next);
  static boost::asio::awaitable<Result<void>> close(std::shared_ptr<State> state);

 private:
  std::shared_ptr<State> state_;
};

}  // namespace detail

// Thread-safe. Dropping it ends the watching.
template <Codec C>
class SharedValue {
 public:
  using Value = typename C::Value;

  // `seed`: the value of the znode if it is not there yet.
  SharedValue(const Client& client, std::string path, const Value& seed)
      : changes_(std::make_shared<StreamSource<Versioned<Value>>>(client.get_executor())),
        bytes_(client, std::move(path), C::encode(seed),
               [changes = changes_](const Versioned<Bytes>& bytes) {
                 if (auto value = decode(bytes)) changes->publish(*value);
               }) {}

  // Creates the znode if it is missing, reads it, and follows it from then on. Result<void>. Errors
  // besides the client's: kBadArguments when it was started before.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto start(Token&& token = Token()) {
    return detail::run_recipe<void>(
        bytes_.patience("start to share "), token,
        [state = bytes_.state()] { return detail::SharedBytes::start(state); });
  }
  // The newest value that is known here; before start() the seed, with version -1. Errors:
  // kCorruptPayload.
  [[nodiscard]] Result<Versioned<Value>> get() const { return decode(bytes_.get()); }
  // Values from now on, as they become known. What the codec does not understand is left out.
  [[nodiscard]] Stream<Versioned<Value>> changes() { return changes_->subscribe(); }

  // Sets it, whatever it was. Result<void>. Errors: kNoNode.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto set(const Value& value, Token&& token = Token()) {
    return detail::run_recipe<void>(bytes_.patience("set the shared value "), token,
                                    [state = bytes_.state(), bytes = C::encode(value)] {
                                      return detail::SharedBytes::set(state, bytes);
                                    });
  }
  // Sets it if it is still `previous`, as get() answered it. Result<bool>: false when it is not.
  // Errors: kNoNode, kBadArguments (before start()).
  template <CompletionTokenFor<bool> Token = detail::DefaultToken>
  [[nodiscard]] auto try_set(const Versioned<Value>& previous, const Value& next,
                             Token&& token = Token()) {
    Versioned<Bytes> expected{C::encode(previous.value), previous.version, previous.mzxid};
    return detail::run_recipe<bool>(
        bytes_.patience("set the shared value "), token,
        [state = bytes_.state(), expected = std::move(expected), bytes = C::encode(next)] {
          return detail::SharedBytes::try_set(state, expected, bytes);
        });
  }
  // Ends the watching. Result<void>.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto close(Token&& token = Token()) {
    return detail::run_recipe<void>(
        bytes_.patience("close the shared value "), token,
        [state = bytes_.state()] { return detail::SharedBytes::close(state); });
  }

  [[nodiscard]] const std::string& path() const noexcept { return bytes_.path(); }

 private:
  static Result<Versioned<Value>> decode(const Versioned<Bytes>& bytes) {
    auto value = C::decode(bytes.value);
    if (!value) return std::unexpected(std::move(value.error()));
    return Versioned<Value>{std::move(*value), bytes.version, bytes.mzxid};
  }

  std::shared_ptr<StreamSource<Versioned<Value>>> changes_;
  detail::SharedBytes bytes_;
};

// Curator's SharedCount: a 32-bit number.
using SharedCount = SharedValue<BigEndianInt32>;

}  // namespace drover
