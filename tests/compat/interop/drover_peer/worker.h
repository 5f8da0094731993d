#pragma once
// One thread that does what it is given, in order. It never ends: the process does.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace peer {

class Worker {
 public:
  Worker() : thread_([this] { work(); }) {}

  void post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    changed_.notify_one();
  }

 private:
  [[noreturn]] void work() {
    for (;;) {
      next()();
    }
  }

  std::function<void()> next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !tasks_.empty(); });
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace peer
