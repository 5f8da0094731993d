// What the templates of the public headers call: errors, timers, which thread this is.

#include <drover/block.h>
#include <drover/detail/channel.h>
#include <drover/detail/environment.h>
#include <drover/detail/timer.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include "client/environment.h"

namespace drover::detail {

namespace asio = boost::asio;

bool is_running_in(const asio::any_io_executor& executor) {
  if (const auto* context = executor.target<asio::io_context::executor_type>()) {
    return context->running_in_this_thread();
  }
  if (const auto* pool = executor.target<asio::thread_pool::executor_type>()) {
    return pool->running_in_this_thread();
  }
  if (const auto* strand = executor.target<asio::strand<asio::any_io_executor>>()) {
    // Beside the strand itself: a function of the same io_context holds up a thread which the
    // strand may need, perhaps the only one.
    return strand->running_in_this_thread() || is_running_in(strand->get_inner_executor());
  }
  return false;
}

std::chrono::milliseconds now(const asio::any_io_executor& executor) {
  return std::chrono::milliseconds(client::Environment::of(executor).now().ms());
}

std::uint64_t random_number(const asio::any_io_executor& executor) {
  return client::Environment::of(executor).random_number();
}

Error cancelled_error() {
  return {ErrorCode::kCancelled, "the caller gave up waiting"};
}
Error would_deadlock_error() {
  return {ErrorCode::kWouldDeadlock,
          "a blocking call on the client's own executor would wait for itself"};
}
Error abandoned_error() {
  return {ErrorCode::kClosed, "the client's executor ended before the answer"};
}
Error stream_timed_out_error() {
  return {ErrorCode::kTimedOut, "no event in the time given"};
}
Error stream_busy_error() {
  return {ErrorCode::kBadArguments, "somebody waits for this event already"};
}

namespace {

// Lives until it has expired or been cancelled: the wait in the executor holds it.
class AlarmTimer final : public Timer, public std::enable_shared_from_this<AlarmTimer> {
 public:
  AlarmTimer(const asio::any_io_executor& executor, std::move_only_function<void()> expired)
      : executor_(executor),
        environment_(client::Environment::of(executor)),
        alarm_(environment_.make_alarm(executor)),
        expired_(std::move(expired)) {}

  void wait(std::chrono::milliseconds delay) {
    // An alarm is not thread-safe, its executor's functions follow one another.
    asio::dispatch(executor_, [self = shared_from_this(), delay] {
      if (self->is_cancelled_) return;
      self->alarm_->set(self->environment_.now() + delay, [self] {
        if (!self->is_cancelled_) self->expired_();
      });
    });
  }
  void cancel() override {
    is_cancelled_ = true;
    asio::dispatch(executor_, [self = shared_from_this()] { self->alarm_->cancel(); });
  }

 private:
  const asio::any_io_executor executor_;
  client::Environment& environment_;
  const std::unique_ptr<client::Alarm> alarm_;
  std::move_only_function<void()> expired_;
  std::atomic<bool> is_cancelled_ = false;
};

}  // namespace

std::shared_ptr<Timer> Timer::start(const asio::any_io_executor& executor,
                                    std::chrono::milliseconds delay,
                                    std::move_only_function<void()> expired) {
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 365 * 10);
  if (delay >= kLongest) return nullptr;
  auto timer = std::make_shared<AlarmTimer>(executor, std::move(expired));
  timer->wait(delay);
  return timer;
}

}  // namespace drover::detail
