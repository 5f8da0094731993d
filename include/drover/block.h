#pragma once
// The blocking style: a completion token that waits on the calling thread and returns the Result,
//
//   Result<Node> node = client.get("/config", {}, drover::block);
//
// and a function that does the same for a whole coroutine. On the client's own executor, whose
// answers would never come while it waits, both answer kWouldDeadlock and start nothing.

#include <drover/detail/handler.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>

namespace drover {

struct Block {};
inline constexpr Block block{};

namespace detail {

[[nodiscard]] Error would_deadlock_error();
[[nodiscard]] Error abandoned_error();

// Where one thread waits for one result.
template <typename T>
class BlockedCaller {
 public:
  void wake(Result<T> result) {
    // Under the lock: once the waiting thread sees the result, this object goes.
    const std::lock_guard lock(mutex_);
    result_.emplace(std::move(result));
    has_result_.notify_one();
  }
  Result<T> wait() {
    std::unique_lock lock(mutex_);
    has_result_.wait(lock, [this] { return result_.has_value(); });
    return std::move(*result_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable has_result_;
  std::optional<Result<T>> result_;
};

// Wakes the caller once, also when it is thrown away uncalled: its executor has ended.
template <typename T>
class BlockHandler {
 public:
  explicit BlockHandler(BlockedCaller<T>& caller) : caller_(&caller) {}
  BlockHandler(BlockHandler&& other) noexcept : caller_(std::exchange(other.caller_, nullptr)) {}
  BlockHandler& operator=(BlockHandler&&) = delete;
  ~BlockHandler() {
    if (caller_) caller_->wake(std::unexpected(abandoned_error()));
  }
  void operator()(Result<T> result) { std::exchange(caller_, nullptr)->wake(std::move(result)); }

 private:
  BlockedCaller<T>* caller_;
};

template <typename T>
boost::asio::awaitable<void> run_for(BlockHandler<T> done,
                                     boost::asio::awaitable<Result<T>> coroutine) {
  done(co_await std::move(coroutine));
}

}  // namespace detail

// Runs `coroutine` on `executor` and waits for it here. An exception that leaves it answers
// kClosed. Errors besides its own: kWouldDeadlock, kClosed when the executor ends before it does.
template <typename T>
[[nodiscard]] Result<T> run_blocking(const boost::asio::any_io_executor& executor,
                                     boost::asio::awaitable<Result<T>> coroutine) {
  if (detail::is_running_in(executor)) return std::unexpected(detail::would_deadlock_error());
  detail::BlockedCaller<T> caller;
  boost::asio::co_spawn(executor,
                        detail::run_for<T>(detail::BlockHandler<T>(caller), std::move(coroutine)),
                        [](const std::exception_ptr&) {});
  return caller.wait();
}

}  // namespace drover

template <typename T>
class boost::asio::async_result<drover::Block, void(drover::Result<T>)> {
 public:
  using return_type = drover::Result<T>;

  template <typename Initiation>
  static return_type initiate(Initiation initiation, const drover::Block&) {
    if (drover::detail::is_running_in(initiation.executor)) {
      return std::unexpected(drover::detail::would_deadlock_error());
    }
    drover::detail::BlockedCaller<T> caller;
    initiation(drover::detail::BlockHandler<T>(caller));
    return caller.wait();
  }
};
