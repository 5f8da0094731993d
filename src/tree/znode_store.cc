#include "tree/znode_store.h"

#include <cstring>

#include "base/assert.h"

namespace drover::tree {

NodeStat Znode::stat() const {
  NodeStat s;
  s.czxid = czxid;
  s.mzxid = mzxid;
  s.ctime = ctime;
  s.mtime = mtime;
  s.version = version;
  s.cversion = cversion;
  s.aversion = aversion;
  s.ephemeral_owner = ephemeral_owner;
  s.pzxid = pzxid;
  return s;
}

void Znode::set_stat(const NodeStat& s) {
  czxid = s.czxid;
  mzxid = s.mzxid;
  ctime = s.ctime;
  mtime = s.mtime;
  version = s.version;
  cversion = s.cversion;
  aversion = s.aversion;
  ephemeral_owner = s.ephemeral_owner;
  pzxid = s.pzxid;
}

namespace {

char* make_block(std::string_view name, wire::NullableBytes data) {
  const std::size_t size = name.size() + (data ? data->size() : 0);
  if (size == 0) return nullptr;
  char* block = new char[size];
  if (!name.empty()) std::memcpy(block, name.data(), name.size());
  if (data && !data->empty()) std::memcpy(block + name.size(), data->data(), data->size());
  return block;
}

std::int32_t size_of(wire::NullableBytes data) {
  return data ? static_cast<std::int32_t>(data->size()) : -1;
}

}  // namespace

ZnodeStore::ZnodeStore() {
  allocate("", "");
}

ZnodeStore::~ZnodeStore() {
  for (NodeId id = 0; id < unused_; ++id) delete[] (*this)[id].block;
}

NodeId ZnodeStore::allocate(std::string_view name, wire::NullableBytes data) {
  NodeId id = free_;
  if (id != kNoNode) {
    free_ = (*this)[id].next_sibling;
  } else {
    DROVER_ASSERT(unused_ < kNoNode - 1, "more znodes than 32-bit ids");
    if ((unused_ & kChunkMask) == 0) {
      chunks_.push_back(std::make_unique_for_overwrite<Znode[]>(kChunkMask + 1));
    }
    id = unused_++;
  }
  Znode& node = (*this)[id];
  node = Znode{};
  node.parent = node.first_child = node.next_sibling = node.prev_sibling = kNoNode;
  node.block = make_block(name, data);
  node.name_size = static_cast<std::uint32_t>(name.size());
  node.data_size = size_of(data);
  ++size_;
  return id;
}

void ZnodeStore::release(NodeId id) {
  Znode& node = (*this)[id];
  delete[] node.block;
  node.block = nullptr;
  node.next_sibling = free_;
  free_ = id;
  --size_;
}

void ZnodeStore::set_data(NodeId id, wire::NullableBytes data) {
  Znode& node = (*this)[id];
  const std::int32_t old_size = node.data_size < 0 ? 0 : node.data_size;
  const std::int32_t new_size = data ? static_cast<std::int32_t>(data->size()) : 0;
  if (old_size == new_size) {
    if (new_size > 0) std::memmove(node.block + node.name_size, data->data(), data->size());
  } else {
    char* block = make_block(node.name(), data);
    delete[] node.block;
    node.block = block;
  }
  node.data_size = size_of(data);
}

void ZnodeStore::link(NodeId parent, NodeId child) {
  Znode& above = (*this)[parent];
  Znode& node = (*this)[child];
  node.parent = parent;
  node.prev_sibling = kNoNode;
  node.next_sibling = above.first_child;
  if (above.first_child != kNoNode) (*this)[above.first_child].prev_sibling = child;
  above.first_child = child;
  ++above.num_children;
}

void ZnodeStore::unlink(NodeId child) {
  Znode& node = (*this)[child];
  Znode& above = (*this)[node.parent];
  if (node.prev_sibling != kNoNode) {
    (*this)[node.prev_sibling].next_sibling = node.next_sibling;
  } else {
    above.first_child = node.next_sibling;
  }
  if (node.next_sibling != kNoNode) (*this)[node.next_sibling].prev_sibling = node.prev_sibling;
  --above.num_children;
}

void ZnodeStore::clear() {
  for (NodeId id = 0; id < unused_; ++id) delete[] (*this)[id].block;
  chunks_.clear();
  unused_ = 0;
  free_ = kNoNode;
  size_ = 0;
  allocate("", "");
}

}  // namespace drover::tree
