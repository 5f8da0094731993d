#pragma once
// kazoo's queues (Python), with priorities: Queue, whose items are taken out at once, and
// LockingQueue, whose items stay until they are done. They share nothing with Curator's.
//
// ## Layout
// | znode | mode | data |
// |---|---|---|
// | `P/entry-<priority, 3 digits>-<seq>` (Queue) | persistent sequential | the item as it is |
// | `P/entries/entry-<priority, 3 digits>-<seq>` (LockingQueue) | the same | the same |
// | `P/taken/<entry>`, while it is worked on | ephemeral | 32 hex digits: who |
//
// Parents are persistent, empty.
//
// ## Guarantees
// * The smallest priority (0 to 999) is handed out first, equal ones in the order of their numbers.
// * Queue: each item once at most. LockingQueue: once at least; an item whose taker dies, or loses
//   his session, can be taken by another.
//
// ## Does not guarantee
// * A put whose answer was lost (kConnectionLoss) may have been done.
// * Queue: an item is lost with the process that took it, and maybe with the answer to its removal.
//
// ## Example
//     drover::kazoo::LockingQueue queue(client, "/jobs");
//     auto item = co_await queue.get(std::chrono::seconds(5));
//     if (item && *item && work(**item)) co_await queue.consume();

#include <drover/recipes/simple_queue.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace drover::kazoo {

inline constexpr int kDefaultPriority = 100;

// Thread-safe.
class Queue {
 public:
  Queue(Client client, std::string path);

  // Result<void>. Errors: kBadArguments (the priority).
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto put(BytesView item, int priority = kDefaultPriority, Token&& token = Token()) {
    return detail::run_recipe<void>(
        queue_->begin(kForever, "put"), token,
        [queue = queue_, priority, item = Bytes(item.begin(), item.end())] {
          return do_put(queue, priority, item);
        });
  }
  // Takes the first item out. Result<std::optional<Bytes>>: nullopt when there is none.
  template <CompletionTokenFor<std::optional<Bytes>> Token = detail::DefaultToken>
  [[nodiscard]] auto get(Token&& token = Token()) {
    auto patience = queue_->begin(std::chrono::milliseconds(0), "get");
    return detail::run_recipe<std::optional<Bytes>>(patience, token, [queue = queue_, patience] {
      return detail::RawQueue::poll(queue, patience);
    });
  }
  // Result<int>.
  template <CompletionTokenFor<int> Token = detail::DefaultToken>
  [[nodiscard]] auto size(Token&& token = Token()) {
    return detail::run_recipe<int>(queue_->begin(kForever, "size"), token,
                                   [queue = queue_] { return detail::RawQueue::size(queue); });
  }

 private:
  static boost::asio::awaitable<Result<void>> do_put(std::shared_ptr<const detail::RawQueue> queue,
                                                     int priority, Bytes item);

  std::shared_ptr<const detail::RawQueue> queue_;
};

// One taker: he has one item at a time. Thread-safe. Dropping it gives the item in hand back.
class LockingQueue {
 public:
  LockingQueue(Client client, std::string path);
  LockingQueue(LockingQueue&&) noexcept = default;
  LockingQueue& operator=(LockingQueue&&) = delete;
  ~LockingQueue();

  // All of them or none. Result<void>. Errors: kBadArguments (the priority).
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto put_all(std::vector<Bytes> items, int priority = kDefaultPriority,
                             Token&& token = Token()) {
    return detail::run_recipe<void>(begin(kForever, "put"), token,
                                    [state = state_, priority, items = std::move(items)] {
                                      return do_put(state, priority, items);
                                    });
  }
  // The same for one.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto put(BytesView item, int priority = kDefaultPriority, Token&& token = Token()) {
    std::vector<Bytes> items;
    items.emplace_back(item.begin(), item.end());
    return put_all(std::move(items), priority, std::forward<Token>(token));
  }
  // The item in hand, or else the first that nobody works on, which is then in hand; waits for one.
  // Result<std::optional<Bytes>>: nullopt when there was none within `at_most`.
  template <CompletionTokenFor<std::optional<Bytes>> Token = detail::DefaultToken>
  [[nodiscard]] auto get(std::chrono::milliseconds at_most = kForever, Token&& token = Token()) {
    auto patience = begin(at_most, "get");
    return detail::run_recipe<std::optional<Bytes>>(
        patience, token, [state = state_, patience] { return do_get(state, patience); });
  }
  // Asks the server whether the item in hand is still ours. Result<bool>.
  template <CompletionTokenFor<bool> Token = detail::DefaultToken>
  [[nodiscard]] auto holds_lock(Token&& token = Token()) {
    return detail::run_recipe<bool>(begin(kForever, "holds_lock"), token,
                                    [state = state_] { return do_holds_lock(state); });
  }
  // The item in hand is done. Result<bool>: false when none is in hand, or not any more: another
  // one may work on it.
  template <CompletionTokenFor<bool> Token = detail::DefaultToken>
  [[nodiscard]] auto consume(Token&& token = Token()) {
    return detail::run_recipe<bool>(begin(kForever, "consume"), token,
                                    [state = state_] { return do_let_go(state, true); });
  }
  // The item in hand is for somebody else. Result<bool>, as consume.
  template <CompletionTokenFor<bool> Token = detail::DefaultToken>
  [[nodiscard]] auto release(Token&& token = Token()) {
    return detail::run_recipe<bool>(begin(kForever, "release"), token,
                                    [state = state_] { return do_let_go(state, false); });
  }

 private:
  struct State;

  [[nodiscard]] std::shared_ptr<detail::Patience> begin(std::chrono::milliseconds at_most,
                                                        std::string_view what) const;
  static boost::asio::awaitable<Result<void>> do_put(std::shared_ptr<State> state, int priority,
                                                     std::vector<Bytes> items);
  static boost::asio::awaitable<Result<std::optional<Bytes>>> do_get(
      std::shared_ptr<State> state, std::shared_ptr<detail::Patience> patience);
  static boost::asio::awaitable<Result<void>> make_roots(std::shared_ptr<State> state);
  static boost::asio::awaitable<Result<bool>> claim(std::shared_ptr<State> state, std::string name);
  static boost::asio::awaitable<Result<bool>> do_holds_lock(std::shared_ptr<State> state);
  static boost::asio::awaitable<Result<bool>> do_let_go(std::shared_ptr<State> state, bool is_done);

  std::shared_ptr<State> state_;
};

}  // namespace drover::kazoo
