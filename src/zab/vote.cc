#include "zab/vote.h"

#include <tuple>

namespace drover::zab {

bool is_better(const Vote& candidate, const Vote& than, std::int64_t candidate_weight) {
  if (candidate_weight == 0) return false;
  return std::tie(candidate.peer_epoch, candidate.zxid, candidate.leader) >
         std::tie(than.peer_epoch, than.zxid, than.leader);
}

}  // namespace drover::zab
