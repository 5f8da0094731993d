#pragma once
// Not for users: a queue of events with one reader at most, behind Stream and OneShot.

#include <drover/detail/handler.h>
#include <drover/detail/timer.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace drover::detail {

[[nodiscard]] Error stream_timed_out_error();
[[nodiscard]] Error stream_busy_error();

// Thread-safe. No user code runs under its lock.
template <typename E>
class Channel : public std::enable_shared_from_this<Channel<E>> {
 public:
  struct Options {
    std::size_t unread_max = 100'000;
    // Takes the place of all that is unread when there is too much of it; without, the oldest go.
    std::optional<E> overflow{};
    bool is_sticky = false;  // the first event is the only one, and stays
  };

  explicit Channel(boost::asio::any_io_executor executor, Options options = {})
      : executor_(std::move(executor)), options_(std::move(options)) {}

  [[nodiscard]] const boost::asio::any_io_executor& executor() const { return executor_; }

  // --- the feeding side

  void push(E event) {
    std::unique_lock lock(mutex_);
    if (is_abandoned_ || end_ || (options_.is_sticky && !unread_.empty())) return;
    if (reader_) {
      if (options_.is_sticky) unread_.push_back(event);
      auto reader = take_reader();
      lock.unlock();
      if (reader(Result<E>(event)) || options_.is_sticky) return;
      lock.lock();  // it had given up: the event is for the next one
      if (is_abandoned_ || end_) return;
    }
    if (unread_.size() >= options_.unread_max) {
      if (options_.overflow) {
        unread_.clear();
        event = *options_.overflow;
      } else {
        unread_.pop_front();
      }
    }
    unread_.push_back(std::move(event));
  }
  // After what is unread, every read answers `error`. The first end stays.
  void end(const Error& error) {
    std::unique_lock lock(mutex_);
    if (end_) return;
    end_ = error;
    if (!reader_) return;
    auto reader = take_reader();
    lock.unlock();
    reader(std::unexpected(error));
  }
  // What to do when the reader drops his end; at once if he has.
  void on_abandon(std::move_only_function<void()> action) {
    std::unique_lock lock(mutex_);
    if (!is_abandoned_) {
      on_abandon_ = std::move(action);
      return;
    }
    lock.unlock();
    action();
  }
  [[nodiscard]] bool is_abandoned() {
    const std::lock_guard lock(mutex_);
    return is_abandoned_;
  }

  // --- the reading side

  void take(Handler<E> handler, std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    if (!unread_.empty()) return complete(std::move(handler), next_unread());
    if (end_) return complete(std::move(handler), std::unexpected(*end_));
    if (at_most.count() <= 0) {
      return complete(std::move(handler), std::unexpected(stream_timed_out_error()));
    }
    if (reader_ && !reader_.has_given_up()) {
      return complete(std::move(handler), std::unexpected(stream_busy_error()));
    }
    if (timer_) timer_->cancel();  // of one who gave up
    reader_ = std::move(handler);
    const auto wait = ++wait_;
    timer_ = Timer::start(executor_, at_most, [weak = this->weak_from_this(), wait] {
      if (const auto self = weak.lock()) self->time_out(wait);
    });
  }
  [[nodiscard]] std::optional<E> poll() {
    const std::lock_guard lock(mutex_);
    if (unread_.empty()) return std::nullopt;
    return next_unread();
  }
  [[nodiscard]] bool has_unread() {
    const std::lock_guard lock(mutex_);
    return !unread_.empty();
  }
  void abandon() {
    std::unique_lock lock(mutex_);
    if (std::exchange(is_abandoned_, true)) return;
    unread_.clear();
    auto action = std::exchange(on_abandon_, nullptr);
    Handler<E> reader;
    if (reader_) reader = take_reader();
    lock.unlock();
    if (reader) complete(std::move(reader), std::unexpected(cancelled_error()));
    if (action) action();
  }

 private:
  void time_out(std::uint64_t wait) {
    std::unique_lock lock(mutex_);
    if (!reader_ || wait != wait_) return;
    auto reader = take_reader();
    lock.unlock();
    reader(std::unexpected(stream_timed_out_error()));
  }
  // Requires the lock and a reader.
  Handler<E> take_reader() {
    if (timer_) timer_->cancel();
    timer_.reset();
    return std::exchange(reader_, Handler<E>());
  }
  E next_unread() {
    E event = options_.is_sticky ? unread_.front() : std::move(unread_.front());
    if (!options_.is_sticky) unread_.pop_front();
    return event;
  }
  // From inside an initiating function, which must not call the handler itself.
  void complete(Handler<E> handler, Result<E> result) {
    boost::asio::post(executor_,
                      [handler = std::move(handler), value = std::move(result)]() mutable {
                        handler(std::move(value));
                      });
  }

  boost::asio::any_io_executor executor_;
  Options options_;
  std::mutex mutex_;
  std::deque<E> unread_;
  std::optional<Error> end_;
  Handler<E> reader_;
  std::uint64_t wait_ = 0;  // numbers the waits, for their timers
  std::shared_ptr<Timer> timer_;
  bool is_abandoned_ = false;
  std::move_only_function<void()> on_abandon_;
};

}  // namespace drover::detail
