#pragma once
// When to roll the log and take a snapshot: after more than half of snapCount txns plus a random
// part of the other half, or the same for snapSizeLimitInKb, so that the servers of an ensemble do
// not all do it at once.

#include <cstdint>

#include "base/prng.h"

namespace drover::storage {

struct RollPolicyOptions {
  std::int64_t txns = 100000;             // snapCount, at least 2
  std::int64_t bytes = 4194304LL * 1024;  // snapSizeLimitInKb; <= 0: off
};

class RollPolicy {
 public:
  // `prng` must outlive the policy.
  RollPolicy(RollPolicyOptions options, base::Prng& prng);

  // Both counted since the last roll.
  [[nodiscard]] bool due(std::int64_t txns, std::int64_t bytes) const {
    return txns > txns_limit_ || (options_.bytes > 0 && bytes > bytes_limit_);
  }
  // Call after each roll: draws new limits.
  void rolled();

 private:
  RollPolicyOptions options_;
  base::Prng& prng_;
  std::int64_t txns_limit_ = 0;
  std::int64_t bytes_limit_ = 0;
};

}  // namespace drover::storage
