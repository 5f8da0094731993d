#pragma once
// The queue of ZooKeeper's own recipes (its Java recipe library's, Curator's
// SimpleDistributedQueue): put in at one end, taken out at the other.
//
// ## Layout
// | znode | mode | data |
// |---|---|---|
// | `P` | container (or persistent, by the client's container_parents) | empty |
// | `P/qn-<seq>` | persistent sequential | the item as it is |
//
// ## Guarantees
// * Items are handed out in the order of their numbers, each once at most.
//
// ## Does not guarantee
// * An item is lost with the process that took it, and maybe with the answer to its removal (the
//   caller then gets kConnectionLoss). Queue has a way to avoid that.
// * A put whose answer was lost (kConnectionLoss) may have been done.
//
// ## Example
//     drover::SimpleQueue queue(client, "/jobs");
//     co_await queue.offer(drover::as_bytes("clean up"));
//     auto item = co_await queue.take();

#include <drover/client.h>
#include <drover/detail/recipe.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace drover {
namespace detail {

// What SimpleQueue and kazoo::Queue share.
struct RawQueue {
  using Item = std::optional<Bytes>;

  Client client;
  std::string path;
  std::string prefix;  // of items' names
  Parents parents;     // what becomes of missing ones

  [[nodiscard]] std::shared_ptr<Patience> begin(std::chrono::milliseconds at_most,
                                                std::string_view what) const;

  static boost::asio::awaitable<Result<void>> put(std::shared_ptr<const RawQueue> queue,
                                                  std::string name, Bytes item);
  static boost::asio::awaitable<Result<Item>> peek(std::shared_ptr<const RawQueue> queue);
  static boost::asio::awaitable<Result<Item>> poll(std::shared_ptr<const RawQueue> queue,
                                                   std::shared_ptr<Patience> patience);
  static boost::asio::awaitable<Result<Bytes>> take(std::shared_ptr<const RawQueue> queue,
                                                    std::shared_ptr<Patience> patience);
  static boost::asio::awaitable<Result<int>> size(std::shared_ptr<const RawQueue> queue);
};

}  // namespace detail

// Thread-safe.
class SimpleQueue {
 public:
  SimpleQueue(Client client, std::string path);

  // Result<void>.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto offer(BytesView item, Token&& token = Token()) {
    return detail::run_recipe<void>(queue_->begin(kForever, "offer"), token,
                                    [queue = queue_, item = Bytes(item.begin(), item.end())] {
                                      return detail::RawQueue::put(queue, queue->prefix, item);
                                    });
  }
  // The first item, which stays. Result<std::optional<Bytes>>: nullopt when there is none.
  template <CompletionTokenFor<std::optional<Bytes>> Token = detail::DefaultToken>
  [[nodiscard]] auto peek(Token&& token = Token()) {
    return detail::run_recipe<std::optional<Bytes>>(
        queue_->begin(kForever, "peek"), token,
        [queue = queue_] { return detail::RawQueue::peek(queue); });
  }
  // Takes the first item, waiting for one `at_most` (0: not at all). Result<std::optional<Bytes>>.
  template <CompletionTokenFor<std::optional<Bytes>> Token = detail::DefaultToken>
  [[nodiscard]] auto poll(std::chrono::milliseconds at_most = std::chrono::milliseconds(0),
                          Token&& token = Token()) {
    auto patience = queue_->begin(at_most, "poll");
    return detail::run_recipe<std::optional<Bytes>>(patience, token, [queue = queue_, patience] {
      return detail::RawQueue::poll(queue, patience);
    });
  }
  // Takes the first item, waiting for one. Result<Bytes>.
  template <CompletionTokenFor<Bytes> Token = detail::DefaultToken>
  [[nodiscard]] auto take(Token&& token = Token()) {
    auto patience = queue_->begin(kForever, "take");
    return detail::run_recipe<Bytes>(patience, token, [queue = queue_, patience] {
      return detail::RawQueue::take(queue, patience);
    });
  }
  // Result<int>.
  template <CompletionTokenFor<int> Token = detail::DefaultToken>
  [[nodiscard]] auto size(Token&& token = Token()) {
    return detail::run_recipe<int>(queue_->begin(kForever, "size"), token,
                                   [queue = queue_] { return detail::RawQueue::size(queue); });
  }

 private:
  std::shared_ptr<const detail::RawQueue> queue_;
};

}  // namespace drover
