#pragma once
// Queues whose items wait in znodes until somebody takes them: Curator's DistributedQueue,
// DistributedIdQueue, DistributedPriorityQueue and DistributedDelayQueue.
//
// ## Layout
// | znode | mode | data |
// |---|---|---|
// | `P` | persistent, parents containers | the client's default data |
// | `P/queue-<seq>` | persistent sequential | one item or more, framed |
// | `P/queue-\|<id>\|<seq>` (IdQueue; `/` and `\|` in the id become `_`) | the same | the same |
// | `P/queue-<1 or 0><priority, 8 hex digits><seq>` (PriorityQueue) | the same | the same |
// | `P/queue-\|<due time, hex ms since 1970>\|<seq>` (DelayQueue) | the same | the same |
// | `<lock path>/<item>`, while it is worked on | ephemeral | the client's default data |
//
// The frame, big-endian: int32 `00010001`; for each item byte `01`, int32 length, bytes; byte `02`.
//
// ## Guarantees
// * Items are taken in the order of their numbers; PriorityQueue: the smallest priority first;
//   DelayQueue: the earliest first, none before it is due by the taker's clock.
// * Without a lock path each item is handed to one handler, once at most. With one, once at least:
//   the item stays until its handler has said that it is done, and if the taker dies meanwhile, his
//   session ends and another takes it.
//
// ## Does not guarantee
// * Order among several takers, or for an item that a handler gave back: it comes last. Given back
//   to a PriorityQueue or DelayQueue it has lost its priority or delay, as with Curator.
// * A put whose answer was lost (kConnectionLoss) may have been done. It is not repeated.
// * Without a lock path an item is lost with the process that took it, or with the answer to its
//   removal; QueueOptions::dropped hears of the latter.
// * items_max is soft: several who put may exceed it.
//
// ## Example
//     drover::Queue jobs(client, "/jobs", {.lock_path = "/job-locks"});
//     co_await jobs.put(drover::as_bytes("clean up"));
//
//     boost::asio::awaitable<bool> work(drover::Bytes item);  // false: give it back
//     co_await jobs.consume(work, stop_token);

#include <drover/client.h>
#include <drover/detail/recipe.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drover {

// Works on one item, on the client's executor; true: it is done. False, or an exception: it is
// given back or dropped, as QueueOptions::failed says; without a lock path it is gone already.
using QueueHandler = std::function<boost::asio::awaitable<bool>(Bytes item)>;

struct QueueOptions {
  enum class Failed : std::uint8_t { kRequeue, kRemove };

  std::string lock_path{};           // given: at least once. Not below the queue's path
  Failed failed = Failed::kRequeue;  // what becomes of an item that its handler gave back
  int items_max = 0;                 // above 0: who puts waits for room
  // Above 0: after so many items the list is read again if it has changed, else only at its end.
  // For priorities: a new, more urgent item is seen earlier.
  int items_before_refresh = 0;
  // Hears of items that are lost: frames that nobody understands, and items of which it is not
  // known who took them. On the client's executor.
  std::function<void(const std::string& path, const Bytes& data)> dropped{};
  // What DelayQueue goes by.
  std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
};

// What all queues share. Thread-safe. The destructor closes; it does not wait.
class AnyQueue {
 public:
  AnyQueue(AnyQueue&&) noexcept = default;
  AnyQueue& operator=(AnyQueue&& other) noexcept;

  // Takes item after item until `stop` is requested or the queue is closed; the item in hand is
  // finished first. Any number of consumers may run. Result<void>. Errors: those of the path and
  // its permissions; what passes (no connection, a new session) is waited out. Cancelling it also
  // cancels what the handler waits for.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto consume(QueueHandler handler, std::stop_token stop = {},
                             Token&& token = Token()) {
    auto patience = begin(kForever, "consume");
    return detail::run_recipe<void>(
        patience, token,
        [state = state_, patience, handler = std::move(handler), stop = std::move(stop)]() mutable {
          return do_consume(state, patience, std::move(handler), std::move(stop));
        });
  }
  // Waits until every put that was begun before has been answered. Result<void>. Errors: kTimedOut.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto flush(std::chrono::milliseconds at_most = kForever, Token&& token = Token()) {
    auto patience = begin(at_most, "flush");
    return detail::run_recipe<void>(
        patience, token, [state = state_, patience] { return do_flush(state, patience); });
  }
  // How many znodes wait, those being worked on included. Result<int>.
  template <CompletionTokenFor<int> Token = detail::DefaultToken>
  [[nodiscard]] auto size(Token&& token = Token()) {
    return detail::run_recipe<int>(begin(kForever, "size"), token,
                                   [state = state_] { return do_size(state); });
  }
  // Ends the consumers once the items in hand are finished.
  void close() noexcept;

 protected:
  class State;
  enum class Order : std::uint8_t { kText, kId, kDueTime };

  AnyQueue(Client client, std::string path, Order order, QueueOptions options);
  ~AnyQueue();

  template <typename Token>
  auto put_as(std::string prefix, std::vector<Bytes> items, std::chrono::milliseconds at_most,
              Token& token) {
    auto patience = begin(at_most, "put");
    return detail::run_recipe<void>(
        patience, token,
        [state = state_, patience, prefix = std::move(prefix), items = std::move(items)] {
          return do_put(state, patience, prefix, items);
        });
  }
  template <typename Token>
  auto remove_id(std::string id, Token& token) {
    return detail::run_recipe<int>(
        begin(kForever, "remove"), token,
        [state = state_, id = std::move(id)] { return do_remove(state, id); });
  }

  static std::vector<Bytes> one(BytesView item) { return {Bytes(item.begin(), item.end())}; }

 private:
  [[nodiscard]] std::shared_ptr<detail::Patience> begin(std::chrono::milliseconds at_most,
                                                        std::string_view what) const;
  static boost::asio::awaitable<Result<void>> do_consume(std::shared_ptr<State> state,
                                                         std::shared_ptr<detail::Patience> patience,
                                                         QueueHandler handler,
                                                         std::stop_token stop);
  static boost::asio::awaitable<Result<void>> do_flush(std::shared_ptr<State> state,
                                                       std::shared_ptr<detail::Patience> patience);
  static boost::asio::awaitable<Result<int>> do_size(std::shared_ptr<State> state);
  static boost::asio::awaitable<Result<void>> do_put(std::shared_ptr<State> state,
                                                     std::shared_ptr<detail::Patience> patience,
                                                     std::string prefix, std::vector<Bytes> items);
  static boost::asio::awaitable<Result<int>> do_remove(std::shared_ptr<State> state,
                                                       std::string id);

  std::shared_ptr<State> state_;
};

// First in, first out.
class Queue : public AnyQueue {
 public:
  Queue(Client client, std::string path, QueueOptions options = {})
      : AnyQueue(std::move(client), std::move(path), Order::kText, std::move(options)) {}

  // Result<void>: the server has it. Errors: kTimedOut (no room within `at_most`), kConnectionLoss
  // (it may be there).
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto put(BytesView item, std::chrono::milliseconds at_most = kForever,
                         Token&& token = Token()) {
    return put_as(prefix(), one(item), at_most, token);
  }
  // As one znode: they are taken together, and all of them again if one is given back.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto put_all(std::vector<Bytes> items, std::chrono::milliseconds at_most = kForever,
                             Token&& token = Token()) {
    return put_as(prefix(), std::move(items), at_most, token);
  }

 private:
  [[nodiscard]] static std::string prefix();
};

// First in, first out, with items that can be found again by an id of the user's.
class IdQueue : public AnyQueue {
 public:
  IdQueue(Client client, std::string path, QueueOptions options = {})
      : AnyQueue(std::move(client), std::move(path), Order::kId, std::move(options)) {}

  // As Queue's. The id need not be unique.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto put(BytesView item, std::string_view id,
                         std::chrono::milliseconds at_most = kForever, Token&& token = Token()) {
    return put_as(prefix(id), one(item), at_most, token);
  }
  // Takes out what has this id and is not being worked on. Result<int>: how many.
  template <CompletionTokenFor<int> Token = detail::DefaultToken>
  [[nodiscard]] auto remove(std::string id, Token&& token = Token()) {
    return remove_id(std::move(id), token);
  }

 private:
  [[nodiscard]] static std::string prefix(std::string_view id);
};

// The smallest number first; equal ones first in, first out.
class PriorityQueue : public AnyQueue {
 public:
  PriorityQueue(Client client, std::string path, QueueOptions options = {})
      : AnyQueue(std::move(client), std::move(path), Order::kText, std::move(options)) {}

  // As Queue's.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto put(BytesView item, std::int32_t priority,
                         std::chrono::milliseconds at_most = kForever, Token&& token = Token()) {
    return put_as(prefix(priority), one(item), at_most, token);
  }

 private:
  [[nodiscard]] static std::string prefix(std::int32_t priority);
};

// Each item when its time has come.
class DelayQueue : public AnyQueue {
 public:
  using TimePoint = std::chrono::system_clock::time_point;

  DelayQueue(Client client, std::string path, QueueOptions options = {})
      : AnyQueue(std::move(client), std::move(path), Order::kDueTime, std::move(options)) {}

  // As Queue's. Milliseconds; what is before 1970 is due at once.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto put(BytesView item, TimePoint due,
                         std::chrono::milliseconds at_most = kForever, Token&& token = Token()) {
    return put_as(prefix(due), one(item), at_most, token);
  }

 private:
  [[nodiscard]] static std::string prefix(TimePoint due);
};

}  // namespace drover
