#include <drover/recipes/recursive_mutex.h>

namespace drover {

Result<void> RecursiveMutex::lock_within(std::chrono::milliseconds at_most) {
  if (int* depth = depths_.find()) {
    if (lost().stop_requested()) {
      return failure("mutex: this thread had it locked and may have lost it since",
                     ErrorCode::kLockLost);
    }
    ++*depth;
    return {};
  }
  auto locked = mutex_.lock_within(at_most);
  if (locked) depths_.put(1);
  return locked;
}

void RecursiveMutex::unlock() noexcept {
  if (--*depths_.find() > 0) return;
  (void)depths_.take();
  mutex_.unlock();
}

}  // namespace drover
