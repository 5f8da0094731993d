// How Tree keeps the stats znodes of quotas. Their text changes in place: no version, no zxid, no
// event.

#include <algorithm>

#include "tree/tree_impl.h"

namespace drover::tree {

void Tree::Impl::limits_or_stats_created(SplitPath path) {
  if (path.name != kLimitsName && path.name != kStatsName) return;
  const std::string_view subject = path_under_quota(path.parent);
  if (subject.empty()) return;
  if (path.name == kLimitsName) {
    quotas.add(subject);
  } else {
    recount(subject);
  }
}

void Tree::Impl::charge(std::string_view path, std::int64_t bytes, std::int64_t count) {
  const std::string_view quota = quotas.deepest(path);
  if (quota.empty()) return;
  const std::string stats = stats_path(quota);
  const NodeId id = find(stats);
  if (id == kNoNode) return;
  auto track = StatsTrack::parse(nodes[id].data());
  // A client may have written anything there; the truth can always be counted.
  if (!track) return recount(quota);
  const auto sum = [](std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  };
  track->set_count(sum(track->count(), count));
  track->set_bytes(sum(track->bytes(), bytes));
  set_content(id, stats, track->text());
}

void Tree::Impl::recount(std::string_view quota) {
  const std::string stats = stats_path(quota);
  const NodeId stats_id = find(stats);
  if (stats_id == kNoNode) return;
  std::int64_t count = 0;
  std::int64_t bytes = 0;
  const NodeId top = find(quota);
  for (NodeId id = top; id != kNoNode; id = next_in_subtree(id, top)) {
    ++count;
    bytes += std::max(nodes[id].data_size, 0);
  }
  StatsTrack track;
  track.set_count(count);
  track.set_bytes(bytes);
  set_content(stats_id, stats, track.text());
}

}  // namespace drover::tree
