// Whether a write would pass a hard quota limit. Only what is committed counts, so neither
// pipelined writes nor the operations of one multi add up, as in Apache.

#include "tree/quota.h"
#include "txn/prepare_impl.h"

namespace drover::txn {

namespace {

// A hard limit rules when there is one; a soft one never refuses.
bool exceeds(std::int64_t hard_limit, std::int64_t used, std::int64_t change) {
  return change != 0 && hard_limit > -1 && used + change > hard_limit;
}

}  // namespace

ErrorCode Prepare::Impl::check_quota(std::string_view path, std::int64_t bytes_change,
                                     std::int64_t count_change) {
  if (!options.enforce_quota) return ErrorCode::kOk;
  const std::string_view quota = tree.quota_path(path);
  if (quota.empty()) return ErrorCode::kOk;
  const tree::NodeId limits_node = tree.find(tree::limits_path(quota));
  if (limits_node == tree::kNoNode) return ErrorCode::kOk;
  const auto limits = tree::StatsTrack::parse(tree.data(limits_node));
  if (!limits) return ErrorCode::kMarshallingError;
  const tree::NodeId stats_node = tree.find(tree::stats_path(quota));
  if (stats_node == tree::kNoNode) return ErrorCode::kOk;
  // Unreadable stats are recounted by the next change; until then nothing is known to be used.
  const auto stats = tree::StatsTrack::parse(tree.data(stats_node)).value_or(tree::StatsTrack());
  if (exceeds(limits->count_hard_limit(), stats.count(), count_change) ||
      exceeds(limits->byte_hard_limit(), stats.bytes(), bytes_change)) {
    ++quota_refusals[std::string(tree::quota_namespace(quota))];
    return ErrorCode::kQuotaExceeded;
  }
  return ErrorCode::kOk;
}

}  // namespace drover::txn
