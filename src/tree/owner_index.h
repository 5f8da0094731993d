#pragma once
// Which znodes a session owns, and which are containers or have a TTL. Adding and removing take
// constant time, whatever the number of znodes of one session.

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "tree/node_stat.h"
#include "tree/znode_store.h"

namespace drover::tree {

class OwnerIndex {
 public:
  // `owner` as stored; nothing happens for a persistent znode.
  void add(NodeId node, std::int64_t owner);
  // Requires that it was added with the same owner.
  void remove(NodeId node, std::int64_t owner);
  void clear();

  [[nodiscard]] const std::vector<NodeId>& ephemerals(std::int64_t session) const;
  [[nodiscard]] std::vector<std::int64_t> sessions() const;  // ascending
  [[nodiscard]] std::int64_t ephemerals_count() const { return ephemerals_count_; }
  [[nodiscard]] const std::vector<NodeId>& containers() const { return containers_; }
  [[nodiscard]] const std::vector<NodeId>& ttl_nodes() const { return ttl_nodes_; }
  [[nodiscard]] TtlChanges ttl_changes() const { return ttl_changes_; }

 private:
  void put(std::vector<NodeId>& nodes, NodeId node);
  void take(std::vector<NodeId>& nodes, NodeId node);

  std::map<std::int64_t, std::vector<NodeId>> ephemerals_;  // no empty lists
  std::vector<NodeId> containers_;
  std::vector<NodeId> ttl_nodes_;
  std::unordered_map<NodeId, std::size_t> position_;  // in whichever of the lists it stands
  std::int64_t ephemerals_count_ = 0;
  TtlChanges ttl_changes_;
};

}  // namespace drover::tree
