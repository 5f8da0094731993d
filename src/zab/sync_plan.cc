#include "zab/sync_plan.h"

namespace drover::zab {
namespace {

// (e,0) is no txn: who stands there has all that was before epoch e and nothing of it.
bool is_start_of_epoch(Zxid zxid) {
  return zxid.counter() == 0;
}

SyncPlan diff(Zxid learner_last, Zxid max) {
  return {SyncPlan::Kind::kDiff, max, learner_last};
}

// Within the log, which has no holes: a learner that stands between two of its txns has txns of an
// epoch whose end is not in our history, and truncating may not cross epochs (Apache's learners
// would fail).
bool is_diff(Zxid learner_last, const ProposalLog& log) {
  if (learner_last == Zxid(0)) return false;  // also said by those that distrust their disk
  if (learner_last == log.base()) return true;
  if (is_start_of_epoch(learner_last)) {
    return learner_last.next() == log.first() || learner_last > log.first();
  }
  return log.contains(learner_last);
}

}  // namespace

SyncPlan plan_sync(Zxid learner_last, Zxid last_processed, const ProposalLog& log,
                   bool force_snapshot) {
  const SyncPlan snapshot{SyncPlan::Kind::kSnap, last_processed, last_processed};
  if (force_snapshot || learner_last < Zxid(0)) return snapshot;
  if (learner_last == last_processed) return diff(learner_last, learner_last);

  const bool has_committed = !log.empty() && log.first() <= log.committed();
  const Zxid max = has_committed ? log.committed() : last_processed;
  if (learner_last > max) {
    if (is_start_of_epoch(learner_last)) return snapshot;
    return {SyncPlan::Kind::kTrunc, max, max};
  }
  return has_committed && is_diff(learner_last, log) ? diff(learner_last, max) : snapshot;
}

}  // namespace drover::zab
