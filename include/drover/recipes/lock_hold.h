#pragma once
// A lock, or a lease, that is held: what all lock recipes of this library hand out.
//
// ## Layout
// One ephemeral znode, `node_path()`. As long as it is there, and in its place among its siblings,
// the lock is held.
//
// ## Guarantees
// * `fencing_token()` grows from one holder of an exclusive lock to the next, whatever happened in
//   between: give it to what the lock protects, and let that refuse smaller ones.
// * `lost()` is stopped when the lock may not be held any more: at the latest when the session
//   timeout has passed without a word from the servers, before they can give it to another.
// * Dropping the hold releases the lock, in the background, however often the connection breaks;
//   `release()` waits until it is so.
//
// ## Does not guarantee
// * That code which does not look at `lost()` is alone. No lock across machines can: a process may
//   stand still between any two instructions. That is what the fencing token is for.
// * That `lost()` comes in time with a very short session timeout. A server that is cut off from
// its
//   leader answers its clients until it notices, for syncLimit ticks (5 x tickTime unless
//   configured otherwise), while the leader counts their sessions down: let the timeout be seven
//   ticks or more.
// * That somebody who removes the znode by hand is noticed (it is, if the lock can be revoked).
//
// ## Example
//
//   auto hold = co_await mutex.acquire();
//   if (!hold) co_return;
//   while (!hold->lost().stop_requested()) co_await write_next(storage, hold->fencing_token());
//   co_await hold->release();

#include <drover/detail/recipe.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace drover {

namespace recipes {
class HeldNode;
}

// When a lock counts as lost (Curator's ConnectionStateErrorPolicy).
enum class ErrorPolicy : std::uint8_t {
  kStandard,  // when the connection is suspended, or the session lost. The safe one
  kSession,   // only when the session is lost
};

struct LockOptions {
  // Of the lock's znode; default: the client's default_data. With on_revoke: always empty.
  std::optional<Bytes> node_data{};
  ErrorPolicy error_policy = ErrorPolicy::kStandard;
  // Makes the lock one that others may ask back (revoke.h): called on the client's executor when
  // somebody does. It must not block. Whether the lock is released is the holder's decision.
  std::function<void()> on_revoke{};
};

// Move-only; its destructor releases the lock and does not wait. Thread-safe as a value is: one
// thread at a time.
class [[nodiscard]] LockHold {
 public:
  LockHold(LockHold&& other) noexcept;
  LockHold& operator=(LockHold&& other) noexcept;
  LockHold(const LockHold&) = delete;
  LockHold& operator=(const LockHold&) = delete;
  ~LockHold();

  // False once it was released or moved from; then nothing below but release() may be called.
  [[nodiscard]] explicit operator bool() const noexcept { return node_ != nullptr; }
  // Of the lock's znode, its number included.
  [[nodiscard]] const std::string& node_path() const noexcept;
  // The zxid of the txn that created the znode (Stat::czxid).
  [[nodiscard]] std::int64_t fencing_token() const noexcept;
  // Stopped when the lock may be lost, as LockOptions::error_policy says, or the client closes.
  [[nodiscard]] std::stop_token lost() const noexcept;

  // Releases the lock. Result<void>: it is free; an error: it will be released in the background,
  // or with the session. Nothing happens when it was released before.
  template <CompletionTokenFor<void> Token = detail::DefaultToken>
  [[nodiscard]] auto release(Token&& token = Token()) {
    return detail::initiate<void>(
        executor_, token,
        [executor = executor_, node = std::move(node_)](detail::Handler<void> handler) mutable {
          start_release(executor, node, std::move(handler));
        });
  }

  // For recipes.
  explicit LockHold(std::shared_ptr<recipes::HeldNode> node);
  [[nodiscard]] recipes::HeldNode* node() const noexcept { return node_.get(); }

 private:
  static void start_release(const boost::asio::any_io_executor& executor,
                            const std::shared_ptr<recipes::HeldNode>& node,
                            detail::Handler<void> handler);

  boost::asio::any_io_executor executor_;
  std::shared_ptr<recipes::HeldNode> node_;
};

}  // namespace drover
