#pragma once
// How a recipe's wait is told: true, or false when the time was over.

#include <drover/exception.h>

namespace peer {

template <typename T>
bool in_time(const drover::Result<T>& result) {
  if (result) return true;
  if (result.error().code == drover::ErrorCode::kTimedOut) return false;
  throw drover::Exception(result.error());
}

}  // namespace peer
