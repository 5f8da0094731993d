#pragma once
// Events one after the other, for those who wait for them: Stream<E> is read by one,
// StreamSource<E> feeds any number of streams, Subscription keeps a callback registered. All are
// thread-safe.

#include <drover/detail/channel.h>
#include <drover/duration.h>

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace drover {

// The reading end. Move-only; dropping it ends the subscription.
//
// An event is handed out on the client's executor in the order in which the server told it, before
// the answer of any operation that reflects it. A reader that waits there sees it first.
template <typename E>
class Stream {
 public:
  explicit Stream(std::shared_ptr<detail::Channel<E>> channel) : channel_(std::move(channel)) {}
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&& other) noexcept {
    if (channel_) channel_->abandon();
    channel_ = std::move(other.channel_);
    return *this;
  }
  ~Stream() {
    if (channel_) channel_->abandon();
  }

  // The next event, waiting for it. Result<E>. Errors: kTimedOut after `at_most`, kCancelled,
  // kClosed (the client) and whatever ended the stream, kBadArguments when somebody waits already.
  template <CompletionTokenFor<E> Token = detail::DefaultToken>
  auto next(std::chrono::milliseconds at_most = kForever, Token&& token = Token()) {
    return detail::initiate<E>(channel_->executor(), std::forward<Token>(token),
                               [channel = channel_, at_most](detail::Handler<E> handler) {
                                 channel->take(std::move(handler), at_most);
                               });
  }
  // The next event if there is one.
  [[nodiscard]] std::optional<E> poll() { return channel_->poll(); }

 private:
  std::shared_ptr<detail::Channel<E>> channel_;
};

// The feeding end, for those who write recipes.
template <typename E>
class StreamSource {
 public:
  // Waits are woken on `executor`, mostly a client's.
  explicit StreamSource(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  // From now on. `unread_max`: events kept for a reader who does not come for them; then the oldest
  // go.
  [[nodiscard]] Stream<E> subscribe(std::size_t unread_max = 100'000) {
    auto channel = std::make_shared<detail::Channel<E>>(
        executor_, typename detail::Channel<E>::Options{.unread_max = unread_max});
    const std::lock_guard lock(mutex_);
    if (end_) {
      channel->end(*end_);
    } else {
      channels_.push_back(channel);
    }
    return Stream<E>(std::move(channel));
  }
  void publish(const E& event) {
    for (const auto& channel : channels()) channel->push(event);
  }
  // After what is unread, every reader gets `error`, now and for ever.
  void close(const Error& error) {
    for (const auto& channel : channels()) channel->end(error);
    const std::lock_guard lock(mutex_);
    end_ = error;
    channels_.clear();
  }

 private:
  std::vector<std::shared_ptr<detail::Channel<E>>> channels() {
    std::vector<std::shared_ptr<detail::Channel<E>>> alive;
    const std::lock_guard lock(mutex_);
    std::erase_if(channels_, [&](const std::weak_ptr<detail::Channel<E>>& weak) {
      auto channel = weak.lock();
      const bool is_gone = !channel || channel->is_abandoned();
      if (!is_gone) alive.push_back(std::move(channel));
      return is_gone;
    });
    return alive;
  }

  boost::asio::any_io_executor executor_;
  std::mutex mutex_;
  std::vector<std::weak_ptr<detail::Channel<E>>> channels_;
  std::optional<Error> end_;
};

// Keeps a callback registered; dropping it ends that. A call under way on another thread may still
// finish after.
class [[nodiscard]] Subscription {
 public:
  Subscription() = default;
  explicit Subscription(std::move_only_function<void()> undo) : undo_(std::move(undo)) {}
  Subscription(Subscription&& other) noexcept : undo_(std::exchange(other.undo_, nullptr)) {}
  Subscription& operator=(Subscription&& other) noexcept {
    reset();
    undo_ = std::exchange(other.undo_, nullptr);
    return *this;
  }
  ~Subscription() { reset(); }
  void reset() noexcept {
    if (auto undo = std::exchange(undo_, nullptr)) undo();
  }

 private:
  std::move_only_function<void()> undo_;
};

}  // namespace drover
