#pragma once
// What is to be done later, on one timer. On its executor only.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "client/steady_now.h"

namespace drover::client {

class Agenda : public std::enable_shared_from_this<Agenda> {
 public:
  using Entry = std::pair<base::Instant, std::uint64_t>;

  explicit Agenda(const boost::asio::any_io_executor& executor) : timer_(executor) {}
  // Who must be alive while an action runs, and is kept so.
  void guard(std::weak_ptr<void> owner) { owner_ = std::move(owner); }

  Entry at(base::Instant moment, std::move_only_function<void()> action) {
    const Entry entry{moment, ++last_};
    entries_.emplace(entry, std::move(action));
    arm();
    return entry;
  }
  Entry after(std::chrono::milliseconds delay, std::move_only_function<void()> action) {
    return at(steady_now() + delay, std::move(action));
  }
  void cancel(const Entry& entry) { entries_.erase(entry); }
  // Does now what was to be done later.
  void hurry() {
    for (auto& [entry, action] : std::exchange(entries_, {})) action();
  }
  // Forgets everything, so that nothing keeps the executor busy.
  void clear() {
    entries_.clear();
    armed_.reset();
    timer_.cancel();
  }

 private:
  void arm() {
    if (entries_.empty()) return;
    const auto moment = entries_.begin()->first.first;
    if (armed_ && *armed_ <= moment) return;
    armed_ = moment;
    timer_.expires_at(std::chrono::steady_clock::time_point(
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(moment.since_start)));
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (!error && self) self->fire();
    });
  }
  void fire() {
    armed_.reset();
    const auto held = owner_.lock();
    if (!held) return;
    const auto now = steady_now();
    while (!entries_.empty() && entries_.begin()->first.first <= now) {
      auto due = entries_.extract(entries_.begin());
      due.mapped()();
    }
    arm();
  }

  boost::asio::steady_timer timer_;
  std::weak_ptr<void> owner_;
  std::map<Entry, std::move_only_function<void()>> entries_;
  std::optional<base::Instant> armed_;
  std::uint64_t last_ = 0;
};

}  // namespace drover::client
