// The mutators of Tree: what a txn does to it.

#include <algorithm>

#include "tree/tree_impl.h"

namespace drover::tree {

NodeId Tree::Impl::add(NodeId parent, std::string_view path, std::uint32_t hash,
                       wire::NullableBytes data, AclTable::Index acl, const NodeStat& stat) {
  const NodeId id = nodes.allocate(split(path).name, data, stat);
  Znode& node = nodes[id];
  node.acl = acl;
  node.content_crc = tree::content_crc(path, data);
  nodes.link(parent, id);
  index.insert(hash, id);
  owners.add(id, stat.ephemeral_owner);
  data_size += static_cast<std::int64_t>(path.size() + (data ? data->size() : 0));
  if (has_digest(path)) digest += node_digest(node.content_crc, stat);
  return id;
}

void Tree::Impl::erase(NodeId id, std::string_view path) {
  const Znode& node = nodes[id];
  for (Walk* walk : walks) {
    if (walk->node_ == id) walk->node_ = next_after_subtree(id, walk->top_);
  }
  if (has_digest(path)) digest -= node_digest(node.content_crc, node.stat());
  data_size -= static_cast<std::int64_t>(path.size()) + std::max(node.data_size, 0);
  if (node.name() == kLimitsName) quotas.remove(path_under_quota(split(path).parent));
  owners.remove(id, node.stat().ephemeral_owner);
  acls.release(node.acl);
  index.erase(path_hash(path), id);
  nodes.unlink(id);
  nodes.release(id);
}

// A delete meets children only when it is replayed over a fuzzy snapshot that already holds later
// txns: those will create the children again, under a parent that is created again too.
void Tree::Impl::erase_subtree(NodeId top, std::string_view path) {
  std::string child_path;
  while (nodes[top].first_child() != kNoNode) {
    NodeId leaf = nodes[top].first_child();
    while (nodes[leaf].first_child() != kNoNode) leaf = nodes[leaf].first_child();
    child_path.clear();
    append_path(leaf, child_path);
    erase(leaf, child_path);
  }
  erase(top, path);
}

void Tree::Impl::set_content(NodeId id, std::string_view path, wire::NullableBytes data) {
  Znode& node = nodes[id];
  data_size -= std::max(node.data_size, 0);
  node.content_crc = tree::content_crc(path, data);
  nodes.set_data(id, data);
  data_size += std::max(node.data_size, 0);
}

ErrorCode Tree::create(const Create& create, NodeId* created) {
  Impl& tree = *impl_;
  const SplitPath path = split(create.path);
  const NodeId parent = tree.find(path.parent);
  // The parent of "//a" would be found as another name of the root.
  const bool malformed = path.name.empty() || create.path.front() != '/' || path.parent == "/";
  if (parent == kNoNode || malformed) return ErrorCode::kNoNode;

  const std::int32_t cversion =
      create.parent_cversion != -1
          ? create.parent_cversion
          : static_cast<std::int32_t>(
                static_cast<std::uint32_t>(tree.nodes[parent].stat().cversion) + 1);
  if (cversion > tree.nodes[parent].stat().cversion) {
    tree.change_node(parent, path.parent, [&] {
      Znode::Wide& wide = tree.nodes.widen(parent);
      wide.cversion = cversion;
      wide.pzxid = create.zxid.value;
    });
  }

  const AclTable::Index acl = tree.acls.acquire(create.acl);
  const std::uint32_t hash = path_hash(create.path);
  const NodeId existing = tree.find(create.path, hash);
  if (existing != kNoNode) {
    tree.acls.release(tree.nodes[existing].acl);
    tree.nodes[existing].acl = acl;
    return ErrorCode::kNodeExists;
  }

  NodeStat stat;
  stat.czxid = stat.mzxid = stat.pzxid = create.zxid.value;
  stat.ctime = stat.mtime = create.time_ms;
  stat.ephemeral_owner = create.ephemeral_owner;
  const NodeId node = tree.add(parent, create.path, hash, create.data, acl, stat);
  if (created != nullptr) *created = node;

  tree.limits_or_stats_created(path);
  tree.charge(create.path, create.data ? static_cast<std::int64_t>(create.data->size()) : 0, 1);
  return ErrorCode::kOk;
}

ErrorCode Tree::remove(std::string_view path, wire::Zxid zxid) {
  Impl& tree = *impl_;
  const SplitPath parts = split(path);
  const NodeId parent = tree.find(parts.parent);
  if (parent == kNoNode || parts.name.empty() || path.front() != '/') return ErrorCode::kNoNode;
  if (zxid.value > tree.nodes[parent].stat().pzxid) {
    tree.change_node(parent, parts.parent, [&] { tree.nodes.widen(parent).pzxid = zxid.value; });
  }
  const NodeId id = tree.find(path);
  if (id == kNoNode) return ErrorCode::kNoNode;

  const std::int64_t bytes = std::max(tree.nodes[id].data_size, 0);
  tree.erase_subtree(id, path);
  tree.charge(path, -bytes, -1);
  return ErrorCode::kOk;
}

ErrorCode Tree::set_data(std::string_view path, wire::NullableBytes data, std::int32_t version,
                         wire::Zxid zxid, std::int64_t time_ms, NodeId* changed) {
  Impl& tree = *impl_;
  const NodeId id = tree.find(path);
  if (id == kNoNode) return ErrorCode::kNoNode;
  if (changed != nullptr) *changed = id;
  path = normal(path);
  const std::int64_t old_size = std::max(tree.nodes[id].data_size, 0);
  tree.change_node(id, path, [&] {
    tree.set_content(id, path, data);
    Znode::Wide& wide = tree.nodes.widen(id);
    wide.version = version;
    wide.mzxid = zxid.value;
    wide.mtime = time_ms;
  });
  tree.charge(path, std::max(tree.nodes[id].data_size, 0) - old_size, 0);
  return ErrorCode::kOk;
}

ErrorCode Tree::set_acl(std::string_view path, const AclList& acl, std::int32_t aversion,
                        NodeId* changed) {
  Impl& tree = *impl_;
  const NodeId id = tree.find(path);
  if (id == kNoNode) return ErrorCode::kNoNode;
  if (changed != nullptr) *changed = id;
  const AclTable::Index index = tree.acls.acquire(&acl);
  tree.acls.release(tree.nodes[id].acl);
  tree.nodes[id].acl = index;
  tree.change_node(id, normal(path), [&] { tree.nodes.widen(id).aversion = aversion; });
  return ErrorCode::kOk;
}

void Tree::set_last_zxid(wire::Zxid zxid) {
  impl_->last_zxid = std::max(impl_->last_zxid, zxid);
}

}  // namespace drover::tree
