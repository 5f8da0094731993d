#pragma once
// What Tree holds, shared by the files that implement it. Not for other rooms.

#include <vector>

#include "tree/acl_table.h"
#include "tree/node_digest.h"
#include "tree/owner_index.h"
#include "tree/path_hash.h"
#include "tree/path_index.h"
#include "tree/quota.h"
#include "tree/tree.h"
#include "tree/znode_store.h"

namespace drover::tree {

// A path cut at its last slash; "" is the root.
struct SplitPath {
  std::string_view parent;
  std::string_view name;
};
[[nodiscard]] inline SplitPath split(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

struct Tree::Impl {
  ZnodeStore nodes;
  PathIndex index;  // of every znode but the root
  AclTable acls;
  OwnerIndex owners;
  QuotaPaths quotas;
  std::vector<Walk*> walks;
  std::uint64_t digest = 0;
  std::int64_t data_size = 0;  // path and data bytes of all znodes
  wire::Zxid last_zxid;
  wire::Zxid replaced_at;

  [[nodiscard]] NodeId find(std::string_view path) const;
  [[nodiscard]] NodeId find(std::string_view path, std::uint32_t hash) const;
  [[nodiscard]] bool has_path(NodeId node, std::string_view path) const;
  void append_path(NodeId node, std::string& out) const;
  // Next in pre-order that is not below `node`, kNoNode after the last of `top`'s subtree.
  [[nodiscard]] NodeId next_after_subtree(NodeId node, NodeId top) const;
  [[nodiscard]] NodeId next_in_subtree(NodeId node, NodeId top) const;

  // A new znode below `parent`, indexed, counted and in the digest. One use of `acl` becomes its
  // own.
  NodeId add(NodeId parent, std::string_view path, std::uint32_t hash, wire::NullableBytes data,
             AclTable::Index acl, const NodeStat& stat);
  // Takes a childless znode out again.
  void erase(NodeId node, std::string_view path);
  void erase_subtree(NodeId top, std::string_view path);
  void set_content(NodeId node, std::string_view path, wire::NullableBytes data);
  // Calls `change`, which may change the znode's content and Stat, and keeps the digest.
  template <typename Change>
  void change_node(NodeId id, std::string_view path, Change&& change) {
    if (!has_digest(path)) return change();
    digest -= node_digest(nodes[id].content_crc, nodes[id].stat());
    change();
    digest += node_digest(nodes[id].content_crc, nodes[id].stat());
  }

  void add_system_nodes();

  // Quotas.
  void limits_or_stats_created(SplitPath path);
  void charge(std::string_view path, std::int64_t bytes, std::int64_t count);
  void recount(std::string_view quota_path);
};

// The empty string for both names of the root.
[[nodiscard]] inline std::string_view normal(std::string_view path) {
  return path == "/" ? std::string_view() : path;
}

}  // namespace drover::tree
