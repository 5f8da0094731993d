#include "server/connection_limits.h"

namespace drover::server {

ConnectionLimits::Verdict ConnectionLimits::take(const std::string& address) {
  const MutexLock lock(mutex_);
  if (total_max_ > 0 && total_ >= total_max_) {
    ++refused_;
    return Verdict::kTooMany;
  }
  std::int64_t& of_address = by_address_[address];
  if (per_address_max_ > 0 && of_address >= per_address_max_) {
    ++refused_;
    return Verdict::kTooManyFromAddress;
  }
  ++of_address;
  ++total_;
  return Verdict::kTaken;
}

void ConnectionLimits::give_back(const std::string& address) {
  const MutexLock lock(mutex_);
  --total_;
  const auto found = by_address_.find(address);
  if (--found->second == 0) by_address_.erase(found);
}

std::int64_t ConnectionLimits::refused() const {
  const MutexLock lock(mutex_);
  return refused_;
}

}  // namespace drover::server
