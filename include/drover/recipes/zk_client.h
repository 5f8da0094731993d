#pragma once
// The conveniences of ZkClient (101tec's, and its descendants'): values instead of bytes,
// subscriptions that arm themselves again, operations that wait for the connection.
//
// ## Layout
// None of its own, but for ZkQueue: `P/element-<seq>`, persistent sequential, the encoded value.
//
// ## Guarantees
// * A subscription is told the state it finds at first, and after that the newest state after every
//   change, also of those during a reconnection or before a new session.
// * update() applies its function to the value that it replaces, however many others do the same.
// * retry_until_connected() repeats only after errors that mean that a server was not reached.
//
// ## Does not guarantee
// * One call for each change: several may become one, with the newest state.
// * That what retry_until_connected() repeats is executed once: its first try may have been.
// * Java's serialized objects: they are bytes here (RawBytes).
// * Unlike ZkClient, listeners are not called after a new session if nothing has changed.
//
// ## Example
//     drover::ZkClient zk(client);
//     auto watching = zk.subscribe_data<drover::Text>("/limit", [](auto value) {
//       if (value && *value) use(**value);  // an error, nothing, or the text
//     });
//     co_await zk.update<drover::BigEndianInt32>("/count", [](int n) { return n + 1; });

#include <drover/client.h>
#include <drover/detail/recipe.h>
#include <drover/error_class.h>
#include <drover/recipes/codec.h>
#include <drover/recipes/simple_queue.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace drover {

// A handle on a client, as cheap. Thread-safe.
class ZkClient {
 public:
  // What a listener is told: nullopt when there is no such znode.
  template <Codec C>
  using DataListener = std::function<void(Result<std::optional<typename C::Value>>)>;
  using ChildListener = std::function<void(std::optional<std::vector<std::string>>)>;

  explicit ZkClient(Client client) : client_(std::move(client)) {}

  [[nodiscard]] Client& client() noexcept { return client_; }

  // --- values. All else, and what takes bytes, is with client().

  // Result<Created>.
  template <Codec C = RawBytes, CompletionTokenFor<Created> Token = detail::DefaultToken>
  auto create(std::string path, const typename C::Value& value,
              CreateMode mode = CreateMode::kPersistent, Token&& token = Token()) {
    return run<Created>(
        "create", path, token,
        [client = client_, path, data = C::encode(value), mode](const auto& /*patience*/) {
          return do_create(client, path, data, mode);
        });
  }
  // Result<C::Value>. Errors: kNoNode, kCorruptPayload.
  template <Codec C = RawBytes, CompletionTokenFor<typename C::Value> Token = detail::DefaultToken>
  auto read(std::string path, Token&& token = Token()) {
    return run<typename C::Value>(
        "read", path, token,
        [client = client_, path](const auto& /*patience*/) { return do_read<C>(client, path); });
  }
  // Result<Stat>. Errors: kNoNode, kBadVersion.
  template <Codec C = RawBytes, CompletionTokenFor<Stat> Token = detail::DefaultToken>
  auto write(std::string path, const typename C::Value& value, std::int32_t version = kAnyVersion,
             Token&& token = Token()) {
    return run<Stat>(
        "write", path, token,
        [client = client_, path, data = C::encode(value), version](const auto& /*patience*/) {
          return do_write(client, path, data, version);
        });
  }
  // Replaces the value by what `updated` makes of it; called again whenever another one was faster.
  // Result<Stat>. Errors: kNoNode, kCorruptPayload.
  template <Codec C = RawBytes, CompletionTokenFor<Stat> Token = detail::DefaultToken>
  auto update(std::string path, std::function<typename C::Value(const typename C::Value&)> updated,
              Token&& token = Token()) {
    return run<Stat>("update", path, token,
                     [client = client_, path, updated = std::move(updated)](
                         const auto& /*patience*/) { return do_update<C>(client, path, updated); });
  }

  // --- the tree

  // Result<bool>: false when there was none.
  template <CompletionTokenFor<bool> Token = detail::DefaultToken>
  [[nodiscard]] auto remove(std::string path, Token&& token = Token()) {
    return run<bool>("remove", path, token, [client = client_, path](const auto& /*patience*/) {
      return do_remove(client, path, false);
    });
  }
  // With everything below, children first; not all at once. Result<bool>, as remove.
  template <CompletionTokenFor<bool> Token = detail::DefaultToken>
  [[nodiscard]] auto remove_recursive(std::string path, Token&& token = Token()) {
    return run<bool>("remove", path, token, [client = client_, path](const auto& /*patience*/) {
      return do_remove(client, path, true);
    });
  }
  // Result<int>: 0 also when there is no such znode.
  template <CompletionTokenFor<int> Token = detail::DefaultToken>
  [[nodiscard]] auto count_children(std::string path, Token&& token = Token()) {
    return run<int>("count children", path, token,
                    [client = client_, path](const auto& /*patience*/) {
                      return do_count_children(client, path);
                    });
  }
  // Result<bool>: whether it was there within `at_most`.
  template <CompletionTokenFor<bool> Token = detail::DefaultToken>
  [[nodiscard]] auto wait_until_exists(std::string path,
                                       std::chrono::milliseconds at_most = kForever,
                                       Token&& token = Token()) {
    return run<bool>(
        "wait", path, token,
        [client = client_, path](const auto& patience) {
          return do_wait_until_exists(client, path, patience);
        },
        at_most);
  }

  // --- the connection

  // Awaits what `operation` makes, a boost::asio::awaitable<Result<T>>, until it answers anything
  // but that no server was reached or the session is over, pausing in between. Result<T>. Errors:
  // its own, kTimedOut after `at_most`.
  template <typename T, CompletionTokenFor<T> Token = detail::DefaultToken>
  auto retry_until_connected(std::function<boost::asio::awaitable<Result<T>>()> operation,
                             std::chrono::milliseconds at_most = kForever,
                             Token&& token = Token()) {
    return run<T>(
        "retry", "", token,
        [client = client_, operation = std::move(operation)](const auto& patience) {
          return do_retry<T>(client, operation, patience);
        },
        at_most);
  }

  // --- subscriptions. Listeners are called on the client's executor and must not block.

  template <Codec C = RawBytes>
  [[nodiscard]] Subscription subscribe_data(std::string path, DataListener<C> listener) {
    return follow_data(client_, std::move(path),
                       [listener = std::move(listener)](const std::optional<Bytes>& data) {
                         if (!data) return listener(std::optional<typename C::Value>());
                         Result<typename C::Value> value = C::decode(*data);
                         if (!value) return listener(std::unexpected(std::move(value.error())));
                         listener(std::optional(std::move(*value)));
                       });
  }
  [[nodiscard]] Subscription subscribe_children(std::string path, ChildListener listener) {
    return follow_children(client_, std::move(path), std::move(listener));
  }
  [[nodiscard]] Subscription subscribe_state(std::function<void(ConnectionState)> listener) {
    return client_.on_connection_state(std::move(listener));
  }

 private:
  template <typename T, typename Token, typename MakeWork>
  auto run(std::string_view what, const std::string& path, Token& token, MakeWork make_work,
           std::chrono::milliseconds at_most = kForever) {
    auto patience =
        std::make_shared<detail::Patience>(client_, at_most, std::string(what) + " " + path, path);
    return detail::run_recipe<T>(
        patience, token,
        [patience, make_work = std::move(make_work)]() mutable { return make_work(patience); });
  }

  template <Codec C>
  static boost::asio::awaitable<Result<typename C::Value>> do_read(Client client,
                                                                   std::string path) {
    auto node = co_await client.get(path);
    if (!node) co_return std::unexpected(std::move(node.error()));
    co_return C::decode(node->data);
  }
  template <Codec C>
  static boost::asio::awaitable<Result<Stat>> do_update(
      Client client, std::string path,
      std::function<typename C::Value(const typename C::Value&)> updated) {
    for (;;) {
      auto node = co_await client.get(path);
      if (!node) co_return std::unexpected(std::move(node.error()));
      Result<typename C::Value> value = C::decode(node->data);
      if (!value) co_return std::unexpected(std::move(value.error()));
      const Bytes data = C::encode(updated(*value));
      const std::int32_t version = node->stat.version;
      auto stat = co_await client.set(path, data, {.version = version});
      if (stat || stat.error().code != ErrorCode::kBadVersion) co_return stat;
    }
  }
  template <typename T>
  static boost::asio::awaitable<Result<T>> do_retry(
      Client client, std::function<boost::asio::awaitable<Result<T>>()> operation,
      std::shared_ptr<detail::Patience> patience) {
    for (;;) {
      auto result = co_await operation();
      if (result || !is_passing(result.error())) co_return result;
      auto paused = co_await patience->wait<void>(pause_until_connected(client));
      if (!paused) co_return std::unexpected(std::move(paused.error()));
    }
  }

  static bool is_passing(const Error& error);
  static boost::asio::awaitable<Result<void>> pause_until_connected(Client client);
  static boost::asio::awaitable<Result<Created>> do_create(Client client, std::string path,
                                                           Bytes data, CreateMode mode);
  static boost::asio::awaitable<Result<Stat>> do_write(Client client, std::string path, Bytes data,
                                                       std::int32_t version);
  static boost::asio::awaitable<Result<bool>> do_remove(Client client, std::string path,
                                                        bool is_recursive);
  static boost::asio::awaitable<Result<int>> do_count_children(Client client, std::string path);
  static boost::asio::awaitable<Result<bool>> do_wait_until_exists(
      Client client, std::string path, std::shared_ptr<detail::Patience> patience);
  static Subscription follow_data(Client client, std::string path,
                                  std::function<void(const std::optional<Bytes>&)> listener);
  static Subscription follow_children(Client client, std::string path, ChildListener listener);

  Client client_;
};

// The newest value of a znode, always at hand (ZkClient's ContentWatcher). Thread-safe.
template <Codec C = RawBytes>
class ContentWatcher {
 public:
  using Value = typename C::Value;

  ContentWatcher(Client client, std::string path) : content_(std::make_shared<Content>()) {
    watching_ = ZkClient(std::move(client))
                    .template subscribe_data<C>(
                        std::move(path), [content = content_](Result<std::optional<Value>> value) {
                          const std::lock_guard lock(content->mutex);
                          content->value = std::move(value);
                        });
  }
  // nullopt: there is none, or nothing was read yet. Errors: kCorruptPayload.
  [[nodiscard]] Result<std::optional<Value>> content() const {
    const std::lock_guard lock(content_->mutex);
    return content_->value;
  }

 private:
  struct Content {
    std::mutex mutex;
    Result<std::optional<Value>> value = std::optional<Value>();
  };
  std::shared_ptr<Content> content_;
  Subscription watching_;
};

// ZkClient's DistributedQueue: as SimpleQueue, but for the names and that it holds values.
// Thread-safe.
template <Codec C = RawBytes>
class ZkQueue {
 public:
  using Value = typename C::Value;

  ZkQueue(Client client, std::string root)
      : queue_(std::make_shared<const detail::RawQueue>(detail::RawQueue{
            std::move(client), std::move(root), "element-", Parents::kPersistent})) {}

  // Result<void>.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto offer(const Value& value, Token&& token = Token()) {
    return detail::run_recipe<void>(queue_->begin(kForever, "offer"), token,
                                    [queue = queue_, data = C::encode(value)] {
                                      return detail::RawQueue::put(queue, queue->prefix, data);
                                    });
  }
  // Takes the first, if there is one. Result<std::optional<Value>>. Errors: kCorruptPayload (it is
  // taken nevertheless).
  template <CompletionTokenFor<std::optional<Value>> Token = detail::DefaultToken>
  [[nodiscard]] auto poll(Token&& token = Token()) {
    auto patience = queue_->begin(std::chrono::milliseconds(0), "poll");
    return detail::run_recipe<std::optional<Value>>(patience, token, [queue = queue_, patience] {
      return decoded(detail::RawQueue::poll(queue, patience));
    });
  }
  // The same, and it stays.
  template <CompletionTokenFor<std::optional<Value>> Token = detail::DefaultToken>
  [[nodiscard]] auto peek(Token&& token = Token()) {
    return detail::run_recipe<std::optional<Value>>(
        queue_->begin(kForever, "peek"), token,
        [queue = queue_] { return decoded(detail::RawQueue::peek(queue)); });
  }
  // Result<int>.
  template <CompletionTokenFor<int> Token = detail::DefaultToken>
  [[nodiscard]] auto size(Token&& token = Token()) {
    return detail::run_recipe<int>(queue_->begin(kForever, "size"), token,
                                   [queue = queue_] { return detail::RawQueue::size(queue); });
  }

 private:
  static boost::asio::awaitable<Result<std::optional<Value>>> decoded(
      boost::asio::awaitable<Result<std::optional<Bytes>>> work) {
    auto data = co_await std::move(work);
    if (!data) co_return std::unexpected(std::move(data.error()));
    if (!*data) co_return std::optional<Value>();
    Result<Value> value = C::decode(**data);
    if (!value) co_return std::unexpected(std::move(value.error()));
    co_return std::optional<Value>(std::move(*value));
  }

  std::shared_ptr<const detail::RawQueue> queue_;
};

}  // namespace drover
