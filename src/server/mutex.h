#pragma once
// std::mutex and std::condition_variable that Clang's thread-safety analysis can follow.

#include <condition_variable>
#include <mutex>

#include "base/thread_annotations.h"

namespace drover::server {

class DROVER_CAPABILITY("mutex") Mutex {
 public:
  void lock() DROVER_ACQUIRE() { mutex_.lock(); }
  void unlock() DROVER_RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class DROVER_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) DROVER_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() DROVER_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

class CondVar {
 public:
  // May return for no reason: check the condition in a loop.
  void wait(Mutex& mutex) DROVER_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // False: `deadline` has passed.
  template <typename TimePoint>
  bool wait_until(Mutex& mutex, TimePoint deadline) DROVER_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const bool woken = condition_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return woken;
  }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace drover::server
