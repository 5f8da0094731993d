#pragma once
// One timer that is told the earliest moment anyone cares for, over and over, and touches the
// kernel only when that moment comes closer: a deadline that moved away is noticed when the old one
// fires.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

namespace drover::net {

// Threads: those of its io_context, one at a time. Must outlive its pending wait: cancel() before
// the end of the context's run, or destroy both together.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  // `fire` is called when an armed moment has come, possibly early (the deadline moved away
  // meanwhile).
  template <typename Fire>
  Deadline(boost::asio::io_context& context, Fire fire) : timer_(context), fire_(std::move(fire)) {}

  void at(std::optional<Clock::time_point> moment) {
    if (!moment || (armed_ && *armed_ <= *moment)) return;
    armed_ = moment;
    timer_.expires_at(*moment);
    timer_.async_wait([this](boost::system::error_code aborted) {
      if (aborted) return;
      armed_.reset();
      fire_();
    });
  }
  void cancel() {
    armed_.reset();
    timer_.cancel();
  }

 private:
  boost::asio::steady_timer timer_;
  std::function<void()> fire_;
  std::optional<Clock::time_point> armed_;
};

}  // namespace drover::net
