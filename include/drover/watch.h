#pragma once
// A one-shot watch: what was read, and the one change that comes after it.

#include <drover/detail/channel.h>
#include <drover/duration.h>
#include <drover/event.h>

#include <memory>
#include <utility>

namespace drover {

// Tells of the first change after the read that it came with. Move-only; dropping it removes the
// watch, from the server too if it was the last there. Thread-safe.
//
// It outlives reconnections: the next server is told of the watch, and answers at once if the
// change came meanwhile (a znode created and deleted again in between goes unnoticed). It does not
// outlive the session: then it ends with kSessionExpired, and what it watched is to be read again.
class OneShot {
 public:
  explicit OneShot(std::shared_ptr<detail::Channel<WatchedEvent>> channel)
      : channel_(std::move(channel)) {}
  OneShot(OneShot&&) noexcept = default;
  OneShot& operator=(OneShot&& other) noexcept {
    if (channel_) channel_->abandon();
    channel_ = std::move(other.channel_);
    return *this;
  }
  ~OneShot() {
    if (channel_) channel_->abandon();
  }

  // Waits for the change. Result<WatchedEvent>; once it has come, every call answers it. Errors:
  // kTimedOut after `at_most` (the watch stays), kCancelled, kSessionExpired, kClosed (the client),
  // kBadArguments when somebody waits already.
  template <CompletionTokenFor<WatchedEvent> Token = detail::DefaultToken>
  auto fired(std::chrono::milliseconds at_most = kForever, Token&& token = Token()) {
    return detail::initiate<WatchedEvent>(
        channel_->executor(), std::forward<Token>(token),
        [channel = channel_, at_most](detail::Handler<WatchedEvent> handler) {
          channel->take(std::move(handler), at_most);
        });
  }
  [[nodiscard]] bool has_fired() const { return channel_->has_unread(); }
  // Removes the watch; who waits gets kCancelled.
  void cancel() noexcept { channel_->abandon(); }

 private:
  std::shared_ptr<detail::Channel<WatchedEvent>> channel_;
};

template <typename T>
struct Watched {
  T value;
  OneShot changed;
};

}  // namespace drover
