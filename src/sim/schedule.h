#pragma once
// What is going to happen, in the order of virtual time and, at one moment, of having been planned.

#include <chrono>
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "base/time.h"

namespace drover::sim {

class Schedule {
 public:
  using Action = std::function<void()>;

  [[nodiscard]] base::Instant now() const { return now_; }
  void at(base::Instant when, Action action) {
    queue_.push({std::max(when, now_), next_++, std::move(action)});
  }
  void after_us(std::int64_t us, Action action) {
    at(now_ + std::chrono::microseconds(us), std::move(action));
  }
  // Runs what is next, if that is not after `end`. False: nothing is.
  bool step(base::Instant end) {
    if (queue_.empty() || queue_.top().when > end) {
      now_ = std::max(now_, end);
      return false;
    }
    Action action = std::move(const_cast<Event&>(queue_.top()).action);
    now_ = queue_.top().when;
    queue_.pop();
    ++steps_;
    action();
    return true;
  }
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

 private:
  struct Event {
    base::Instant when;
    std::uint64_t order = 0;
    Action action;
    bool operator<(const Event& other) const {
      return std::pair(when, order) > std::pair(other.when, other.order);
    }
  };
  std::priority_queue<Event> queue_;
  base::Instant now_ = base::Instant::from_ms(1'000'000);
  std::uint64_t next_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace drover::sim
