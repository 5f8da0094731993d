#pragma once
// What both runners measure. Plain values, reactor 0's thread only.

#include <cstdint>

#include "base/distribution.h"

namespace drover::server {

struct RunnerProbe {
  std::int64_t requests = 0;          // taken from the lanes
  base::Distribution queue_requests;  // taken in one run
  base::Distribution queue_ms;        // from a lane to the run, per batch
  base::Distribution process_ms;      // of the run that decided a request
  base::Distribution propagation_ms;  // from the making of a txn to its being applied
  base::Distribution apply_us;        // the tree was held
  base::Distribution apply_txns;      // in one hold
  std::int64_t txns_came = 0, txns_applied = 0;
};

}  // namespace drover::server
