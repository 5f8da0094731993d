#pragma once
// A ballot of the election and the order among ballots (FastLeaderElection.totalOrderPredicate).

#include <cstdint>

#include "zab/ids.h"

namespace drover::zab {

struct Vote {
  ServerId leader;
  Zxid zxid;             // newest txn of the proposed leader
  Epoch peer_epoch = 0;  // its current epoch
  Round round = 0;
  friend bool operator==(const Vote&, const Vote&) = default;
};

// A vote that nobody wins with: of observers, and of servers that are in no configuration.
[[nodiscard]] constexpr Vote no_vote() {
  return {ServerId(INT64_MIN), Zxid(INT64_MIN), INT64_MIN, 0};
}

// Epoch, then zxid, then sid; rounds do not matter. A leader without weight never wins.
[[nodiscard]] bool is_better(const Vote& candidate, const Vote& than,
                             std::int64_t candidate_weight);

}  // namespace drover::zab
