// Building a Tree from a snapshot.

#include "tree/tree_impl.h"

namespace drover::tree {

void Tree::begin_load() {
  Impl& tree = *impl_;
  for (Walk* walk : tree.walks) walk->node_ = kNoNode;
  tree.nodes.clear();
  tree.index.clear();
  tree.acls.clear();
  tree.owners.clear();
  tree.quotas.clear();
  tree.last_zxid = wire::Zxid();
  tree.data_size = 1;  // the root's path, "/"
  tree.nodes[kRoot].content_crc = tree::content_crc("", "");
  tree.digest = node_digest(tree.nodes[kRoot].content_crc, tree.nodes[kRoot].stat());
}

void Tree::load_acl(AclKey key, AclList acl) {
  impl_->acls.load(key, std::move(acl));
}

ErrorCode Tree::load_node(std::string_view path, wire::NullableBytes data, AclKey acl,
                          const NodeStat& stat) {
  Impl& tree = *impl_;
  if (path.empty() || path == "/") {
    tree.change_node(kRoot, "", [&] {
      tree.set_content(kRoot, "", data);
      tree.nodes.set_stat(kRoot, stat);
    });
    const AclTable::Index index = tree.acls.acquire_key(acl);
    tree.acls.release(tree.nodes[kRoot].acl);
    tree.nodes[kRoot].acl = index;
    return ErrorCode::kOk;
  }
  const SplitPath parts = split(path);
  const bool malformed = path.front() != '/' || parts.name.empty() || parts.parent == "/";
  if (malformed) return ErrorCode::kBadArguments;
  const NodeId parent = tree.find(parts.parent);
  if (parent == kNoNode) return ErrorCode::kNoNode;
  const std::uint32_t hash = path_hash(path);
  if (tree.find(path, hash) != kNoNode) return ErrorCode::kNodeExists;
  tree.add(parent, path, hash, data, tree.acls.acquire_key(acl), stat);
  if (parts.name == kLimitsName) {
    const std::string_view subject = path_under_quota(parts.parent);
    if (!subject.empty()) tree.quotas.add(subject);
  }
  return ErrorCode::kOk;
}

// As Apache lays out a brand-new tree; in a loaded one, what an older server had not written yet.
void Tree::Impl::add_system_nodes() {
  const auto ensure = [this](std::string_view path, const AclList* acl, std::int32_t aversion) {
    const std::uint32_t hash = path_hash(path);
    if (find(path, hash) != kNoNode) return;
    NodeStat stat;
    stat.aversion = aversion;
    add(find(split(path).parent), path, hash, "", acls.acquire(acl), stat);
  };
  const AclList read_only{{perms::kRead, {"world", "anyone"}}};
  ensure("/zookeeper", nullptr, 0);
  ensure(kQuotaRoot, nullptr, 0);
  ensure("/zookeeper/config", &read_only, -1);
}

void Tree::end_load() {
  Impl& tree = *impl_;
  tree.add_system_nodes();
  tree.quotas.for_each([&tree](std::string_view path) { tree.recount(path); });
  tree.acls.drop_unused();
}

}  // namespace drover::tree
