#pragma once
// How a learner is brought to the leader's history (LearnerHandler.syncFollower): the decision
// alone.

#include "zab/ids.h"
#include "zab/proposal_log.h"

namespace drover::zab {

struct SyncPlan {
  enum class Kind : std::uint8_t { kDiff, kTrunc, kSnap };
  Kind kind = Kind::kSnap;
  Zxid zxid;        // of the DIFF or TRUNC packet; for SNAP the leader's last processed
  Zxid send_after;  // then every committed txn above it, as PROPOSAL and COMMIT
};

// `last_processed`: of the leader. Only the log in memory is used: a learner that is further behind
// gets a snapshot (docs/decisions/0006).
[[nodiscard]] SyncPlan plan_sync(Zxid learner_last, Zxid last_processed, const ProposalLog& log,
                                 bool force_snapshot);

}  // namespace drover::zab
