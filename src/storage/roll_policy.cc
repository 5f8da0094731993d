#include "storage/roll_policy.h"

#include <algorithm>

namespace drover::storage {
namespace {

std::int64_t half_and_some(std::int64_t limit, base::Prng& prng) {
  const std::int64_t half = std::max<std::int64_t>(limit / 2, 1);
  return half + static_cast<std::int64_t>(prng.below(static_cast<std::uint64_t>(half)));
}

}  // namespace

RollPolicy::RollPolicy(RollPolicyOptions options, base::Prng& prng)
    : options_(options), prng_(prng) {
  rolled();
}

void RollPolicy::rolled() {
  txns_limit_ = half_and_some(options_.txns, prng_);
  bytes_limit_ = half_and_some(options_.bytes, prng_);
}

}  // namespace drover::storage
