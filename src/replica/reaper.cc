#include "replica/reaper.h"

#include <algorithm>

#include "base/assert.h"
#include "tree/node_stat.h"

namespace drover::replica {

Reaper::Reaper(const ReaperOptions& options, base::Instant now)
    : options_(options), next_look_(now + std::chrono::milliseconds(options.check_interval_ms)) {
  DROVER_ASSERT(options.check_interval_ms > 0, "container check interval must be positive");
  DROVER_ASSERT(options.max_per_minute > 0, "container pace must be positive");
  pace_ = std::chrono::nanoseconds(std::chrono::minutes(1)) / options.max_per_minute;
}

base::Instant Reaper::next_deadline() const {
  return candidates_.empty() ? next_look_ : next_delete_;
}

bool Reaper::is_due(const tree::Tree& tree, tree::NodeId node, base::WallTime wall) const {
  if (tree.num_children(node) > 0) return false;
  const tree::NodeStat stat = tree.node_stat(node);
  const std::int64_t age_ms = wall.ms - stat.mtime;
  switch (tree::kind_of(stat.ephemeral_owner)) {
    case tree::NodeKind::kContainer:
      return stat.cversion > 0 ||
             (options_.max_never_used_ms != 0 && age_ms > options_.max_never_used_ms);
    case tree::NodeKind::kTtl:
      return age_ms > tree::ttl_ms_of(stat.ephemeral_owner);
    case tree::NodeKind::kPersistent:
    case tree::NodeKind::kEphemeral:
      return false;
  }
  return false;
}

void Reaper::look(const tree::Tree& tree, base::WallTime wall) {
  for (const auto& nodes : {tree.containers(), tree.ttl_nodes()}) {
    for (const tree::NodeId node : nodes) {
      if (is_due(tree, node, wall)) tree.append_path(node, candidates_.emplace_back());
    }
  }
  // The index of containers has no order of its own; a replayed run must see one.
  std::ranges::sort(candidates_, std::greater());
}

std::vector<std::string> Reaper::due(const tree::Tree& tree, base::Instant now,
                                     base::WallTime wall) {
  std::vector<std::string> paths;
  if (candidates_.empty() && next_look_ <= now) {
    look(tree, wall);
    next_look_ = now + std::chrono::milliseconds(options_.check_interval_ms);
    next_delete_ = now;
  }
  while (!candidates_.empty() && next_delete_ <= now) {
    const tree::NodeId node = tree.find(candidates_.back());
    if (node != tree::kNoNode && is_due(tree, node, wall)) {
      paths.push_back(std::move(candidates_.back()));
      next_delete_ = next_delete_ + pace_;
    }
    candidates_.pop_back();
  }
  return paths;
}

}  // namespace drover::replica
