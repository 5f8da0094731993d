#include <drover/detail/counting_semaphore.h>

namespace drover::detail {

void LeasePool::put(LockHold lease) {
  const std::lock_guard lock(mutex_);
  leases_.push_back(std::move(lease));
}

void LeasePool::release(std::ptrdiff_t count) noexcept {
  const std::lock_guard lock(mutex_);
  for (; count > 0 && !leases_.empty(); --count) leases_.pop_back();
}

std::size_t LeasePool::size() const {
  const std::lock_guard lock(mutex_);
  return leases_.size();
}

std::stop_token LeasePool::lost() const {
  const std::lock_guard lock(mutex_);
  return leases_.back().lost();
}

std::int64_t LeasePool::fencing_token() const {
  const std::lock_guard lock(mutex_);
  return leases_.back().fencing_token();
}

}  // namespace drover::detail
