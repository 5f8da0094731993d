#include "tree/tree.h"

#include <algorithm>

#include "tree/tree_impl.h"

namespace drover::tree {

Tree::Tree() : impl_(std::make_unique<Impl>()) {
  begin_load();
  end_load();
}
Tree::~Tree() = default;
Tree::Tree(Tree&&) noexcept = default;
Tree& Tree::operator=(Tree&&) noexcept = default;

// ---- finding

// Compares component by component from the end; only a znode whose hash agrees gets here.
bool Tree::Impl::has_path(NodeId id, std::string_view path) const {
  while (id != kRoot) {
    const Znode& node = nodes[id];
    const std::string_view name = node.name();
    if (path.size() <= name.size() || !path.ends_with(name)) return false;
    path.remove_suffix(name.size());
    if (path.back() != '/') return false;
    path.remove_suffix(1);
    id = node.parent;
  }
  return path.empty();
}

NodeId Tree::Impl::find(std::string_view path, std::uint32_t hash) const {
  return index.find(hash, [&](NodeId id) { return has_path(id, path); });
}

NodeId Tree::Impl::find(std::string_view path) const {
  if (path.empty() || path == "/") return kRoot;
  return find(path, path_hash(path));
}

void Tree::Impl::append_path(NodeId id, std::string& out) const {
  if (id == kRoot) return;
  std::size_t size = 0;
  for (NodeId up = id; up != kRoot; up = nodes[up].parent) size += nodes[up].name_size + 1;
  out.resize(out.size() + size);
  char* at = out.data() + out.size();
  for (NodeId up = id; up != kRoot; up = nodes[up].parent) {
    const std::string_view name = nodes[up].name();
    at -= name.size();
    std::copy(name.begin(), name.end(), at);
    *--at = '/';
  }
}

NodeId Tree::Impl::next_after_subtree(NodeId id, NodeId top) const {
  while (id != top) {
    const Znode& node = nodes[id];
    if (node.next_sibling != kNoNode) return node.next_sibling;
    id = node.parent;
  }
  return kNoNode;
}

NodeId Tree::Impl::next_in_subtree(NodeId id, NodeId top) const {
  const NodeId child = nodes[id].first_child();
  if (child != kNoNode) return child;
  return next_after_subtree(id, top);
}

// ---- what others read

NodeId Tree::find(std::string_view path) const {
  return impl_->find(path);
}

Stat Tree::stat(NodeId id) const {
  const Znode& node = impl_->nodes[id];
  const NodeStat stored = node.stat();
  Stat stat;
  stat.czxid = stored.czxid;
  stat.mzxid = stored.mzxid;
  stat.ctime = stored.ctime;
  stat.mtime = stored.mtime;
  stat.version = stored.version;
  stat.num_children = node.num_children();
  // Clients see creates plus deletes; deletes are creates minus children. int32 arithmetic, as in
  // Java.
  stat.cversion = static_cast<std::int32_t>(2u * static_cast<std::uint32_t>(stored.cversion) -
                                            static_cast<std::uint32_t>(stat.num_children));
  stat.aversion = stored.aversion;
  stat.ephemeral_owner =
      kind_of(stored.ephemeral_owner) == NodeKind::kEphemeral ? stored.ephemeral_owner : 0;
  stat.data_length = std::max(node.data_size, 0);
  stat.pzxid = stored.pzxid;
  return stat;
}

NodeStat Tree::node_stat(NodeId id) const {
  return impl_->nodes[id].stat();
}
wire::NullableBytes Tree::data(NodeId id) const {
  return impl_->nodes[id].data();
}
AclKey Tree::acl_key(NodeId id) const {
  return impl_->acls.key(impl_->nodes[id].acl);
}

std::shared_ptr<const AclList> Tree::acl(AclKey key) const {
  return key == kOpenAcl ? nullptr : impl_->acls.list(key);
}

std::string_view Tree::name(NodeId id) const {
  return impl_->nodes[id].name();
}
NodeId Tree::parent(NodeId id) const {
  return impl_->nodes[id].parent;
}
NodeId Tree::first_child(NodeId id) const {
  return impl_->nodes[id].first_child();
}
NodeId Tree::next_sibling(NodeId id) const {
  return impl_->nodes[id].next_sibling;
}
std::int32_t Tree::num_children(NodeId id) const {
  return impl_->nodes[id].num_children();
}

void Tree::append_path(NodeId id, std::string& out) const {
  if (id == kRoot) out += '/';
  impl_->append_path(id, out);
}

std::int64_t Tree::count_descendants(NodeId top) const {
  if (top == kRoot) return impl_->nodes.size() - 1;
  std::int64_t count = 0;
  for (NodeId id = top; (id = impl_->next_in_subtree(id, top)) != kNoNode;) ++count;
  return count;
}

std::uint32_t Tree::content_crc(NodeId id) const {
  return impl_->nodes[id].content_crc;
}
std::int64_t Tree::node_count() const {
  return impl_->nodes.size();
}
std::int64_t Tree::approximate_data_size() const {
  return impl_->data_size;
}
std::int64_t Tree::ephemerals_count() const {
  return impl_->owners.ephemerals_count();
}
std::uint64_t Tree::digest() const {
  return impl_->digest;
}
wire::Zxid Tree::last_zxid() const {
  return impl_->last_zxid;
}

void Tree::set_replaced_at(wire::Zxid zxid) {
  impl_->replaced_at = zxid;
}

wire::Zxid Tree::replaced_at() const {
  return impl_->replaced_at;
}

std::vector<NodeId> Tree::ephemerals(wire::SessionId session) const {
  return impl_->owners.ephemerals(session.value);
}

std::vector<wire::SessionId> Tree::sessions_with_ephemerals() const {
  std::vector<wire::SessionId> result;
  for (const std::int64_t session : impl_->owners.sessions()) result.emplace_back(session);
  return result;
}

std::vector<NodeId> Tree::containers() const {
  return impl_->owners.containers();
}
std::vector<NodeId> Tree::ttl_nodes() const {
  return impl_->owners.ttl_nodes();
}

TtlChanges Tree::ttl_changes() const {
  return impl_->owners.ttl_changes();
}

std::vector<std::string> Tree::quota_paths(std::size_t most) const {
  std::vector<std::string> paths;
  impl_->quotas.for_each([&](const std::string& path) {
    if (paths.size() < most) paths.push_back(path);
  });
  return paths;
}

std::string_view Tree::quota_path(std::string_view path) const {
  return impl_->quotas.deepest(path);
}

std::size_t Tree::acl_places() const {
  return impl_->acls.places();
}

const AclList* Tree::acl_at(std::size_t at) const {
  return impl_->acls.in_use_at(at);
}

std::vector<std::pair<AclKey, std::shared_ptr<const AclList>>> Tree::acl_table() const {
  return impl_->acls.in_use();
}

}  // namespace drover::tree
