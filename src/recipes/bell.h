#pragma once
// Where a recipe's coroutine waits for whatever may happen next: a watch, a change of the
// connection, a deadline, the close. Everything rings the same bell, and the coroutine looks for
// itself what is new; so nothing that rings can come at a bad moment.

#include <drover/client.h>
#include <drover/detail/channel.h>

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>

namespace drover::recipes {

class Bell {
 public:
  explicit Bell(const Client& client);
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  // Any thread.
  void ring() { rings_->push({}); }
  // Until it has rung since the last wait; it does when the client closes. Errors: kTimedOut,
  // kCancelled.
  boost::asio::awaitable<Result<void>> wait(std::chrono::milliseconds at_most = kForever);
  // Rings when the watch tells something, or ends otherwise than by being dropped.
  void listen(OneShot& watch);

 private:
  struct Ring {};
  using Rings = detail::Channel<Ring>;

  boost::asio::awaitable<Result<Ring>> take(std::chrono::milliseconds at_most);

  std::shared_ptr<Rings> rings_;
  std::stop_callback<std::function<void()>> closing_;
};

}  // namespace drover::recipes
