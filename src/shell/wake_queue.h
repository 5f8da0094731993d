#pragma once
// Things from other threads for one that waits for them, for a time to come, for a key or for
// Ctrl-C.

#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "shell/interrupt.h"
#include "shell/wake_pipe.h"

namespace drover::shell {

template <typename T>
class WakeQueue {
 public:
  // From any thread.
  void push(T item) {
    const std::scoped_lock lock(mutex_);
    items_.push_back(std::move(item));
    pipe_.wake();
  }

  // The oldest item; nullopt when `until` has come or Ctrl-C.
  std::optional<T> pop(std::optional<std::chrono::steady_clock::time_point> until) {
    while (!is_interrupted()) {
      if (auto item = take()) return item;
      if (until && std::chrono::steady_clock::now() >= *until) return std::nullopt;
      if (wait_for_input(pipe_.fd(), until)) pipe_.drain();
    }
    return std::nullopt;
  }

 private:
  std::optional<T> take() {
    const std::scoped_lock lock(mutex_);
    if (items_.empty()) return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }

  std::mutex mutex_;
  std::deque<T> items_;
  WakePipe pipe_;
};

}  // namespace drover::shell
