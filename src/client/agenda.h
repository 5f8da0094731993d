#pragma once
// What is to be done later, on one timer. On its executor only.

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "client/environment.h"

namespace drover::client {

class Agenda : public std::enable_shared_from_this<Agenda> {
 public:
  using Entry = std::pair<base::Instant, std::uint64_t>;

  Agenda(const boost::asio::any_io_executor& executor, Environment& environment)
      : environment_(environment), alarm_(environment.make_alarm(executor)) {}
  // Who must be alive while an action runs, and is kept so.
  void guard(std::weak_ptr<void> owner) { owner_ = std::move(owner); }

  Entry at(base::Instant moment, std::move_only_function<void()> action) {
    const Entry entry{moment, ++last_};
    entries_.emplace(entry, std::move(action));
    arm();
    return entry;
  }
  Entry after(std::chrono::milliseconds delay, std::move_only_function<void()> action) {
    return at(environment_.now() + delay, std::move(action));
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
    alarm_->cancel();
  }

 private:
  void arm() {
    if (entries_.empty()) return;
    const auto moment = entries_.begin()->first.first;
    if (armed_ && *armed_ <= moment) return;
    armed_ = moment;
    alarm_->set(moment, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->fire();
    });
  }
  void fire() {
    armed_.reset();
    const auto held = owner_.lock();
    if (!held) return;
    const auto now = environment_.now();
    while (!entries_.empty() && entries_.begin()->first.first <= now) {
      auto due = entries_.extract(entries_.begin());
      due.mapped()();
    }
    arm();
  }

  Environment& environment_;
  std::unique_ptr<Alarm> alarm_;
  std::weak_ptr<void> owner_;
  std::map<Entry, std::move_only_function<void()>> entries_;
  std::optional<base::Instant> armed_;
  std::uint64_t last_ = 0;
};

}  // namespace drover::client
