#include "tree/owner_index.h"

#include "base/assert.h"

namespace drover::tree {

void OwnerIndex::put(std::vector<NodeId>& nodes, NodeId node) {
  position_[node] = nodes.size();
  nodes.push_back(node);
}

void OwnerIndex::take(std::vector<NodeId>& nodes, NodeId node) {
  const auto it = position_.find(node);
  DROVER_ASSERT(it != position_.end() && nodes[it->second] == node, "znode is not in this list");
  const std::size_t at = it->second;
  position_.erase(it);
  if (at + 1 < nodes.size()) {
    nodes[at] = nodes.back();
    position_[nodes[at]] = at;
  }
  nodes.pop_back();
}

void OwnerIndex::add(NodeId node, std::int64_t owner) {
  switch (kind_of(owner)) {
    case NodeKind::kPersistent:
      return;
    case NodeKind::kContainer:
      return put(containers_, node);
    case NodeKind::kTtl:
      ++ttl_changes_.created;
      return put(ttl_nodes_, node);
    case NodeKind::kEphemeral:
      ++ephemerals_count_;
      return put(ephemerals_[owner], node);
  }
}

void OwnerIndex::remove(NodeId node, std::int64_t owner) {
  switch (kind_of(owner)) {
    case NodeKind::kPersistent:
      return;
    case NodeKind::kContainer:
      return take(containers_, node);
    case NodeKind::kTtl:
      ++ttl_changes_.deleted;
      return take(ttl_nodes_, node);
    case NodeKind::kEphemeral:
      --ephemerals_count_;
      const auto it = ephemerals_.find(owner);
      DROVER_ASSERT(it != ephemerals_.end(), "session owns nothing");
      take(it->second, node);
      if (it->second.empty()) ephemerals_.erase(it);
      return;
  }
}

void OwnerIndex::clear() {
  *this = OwnerIndex();
}

const std::vector<NodeId>& OwnerIndex::ephemerals(std::int64_t session) const {
  static const std::vector<NodeId> kNone;
  const auto it = ephemerals_.find(session);
  return it == ephemerals_.end() ? kNone : it->second;
}

std::vector<std::int64_t> OwnerIndex::sessions() const {
  std::vector<std::int64_t> result;
  result.reserve(ephemerals_.size());
  for (const auto& [session, nodes] : ephemerals_) result.push_back(session);
  return result;
}

}  // namespace drover::tree
