#include "tree/znode_store.h"

#include <cstring>
#include <new>

#include "base/assert.h"

namespace drover::tree {

NodeStat Znode::stat() const {
  NodeStat s;
  s.czxid = s.mzxid = s.pzxid = czxid;
  s.ctime = s.mtime = ctime;
  if (!is_wide) return s;
  const Wide& w = *wide();
  s.mzxid = w.mzxid;
  s.mtime = w.mtime;
  s.version = w.version;
  s.cversion = w.cversion;
  s.aversion = w.aversion;
  s.ephemeral_owner = w.ephemeral_owner;
  s.pzxid = w.pzxid;
  return s;
}

namespace {

// `wide` may be null. What it and the views point at may be a block that is about to be freed.
char* make_block(const Znode::Wide* wide, std::string_view name, wire::NullableBytes data) {
  const std::size_t wide_size = wide != nullptr ? sizeof(Znode::Wide) : 0;
  const std::size_t size = wide_size + name.size() + (data ? data->size() : 0);
  if (size == 0) return nullptr;
  char* block = new char[size];
  if (wide != nullptr) new (block) Znode::Wide(*wide);
  char* text = block + wide_size;
  if (!name.empty()) std::memcpy(text, name.data(), name.size());
  if (data && !data->empty()) std::memcpy(text + name.size(), data->data(), data->size());
  return block;
}

std::int32_t size_of(wire::NullableBytes data) {
  return data ? static_cast<std::int32_t>(data->size()) : -1;
}

// True when the Stat is that of a znode just created as neither ephemeral, container nor TTL.
bool is_untouched(const NodeStat& s) {
  return s.mzxid == s.czxid && s.pzxid == s.czxid && s.mtime == s.ctime && s.version == 0 &&
         s.cversion == 0 && s.aversion == 0 && s.ephemeral_owner == 0;
}

}  // namespace

ZnodeStore::ZnodeStore() {
  allocate("", "", {});
}

ZnodeStore::~ZnodeStore() {
  for (NodeId id = 0; id < unused_; ++id) delete[] (*this)[id].block;
}

NodeId ZnodeStore::allocate(std::string_view name, wire::NullableBytes data, const NodeStat& stat) {
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
  node.parent = node.next_sibling = node.prev_sibling = kNoNode;
  node.is_wide = !is_untouched(stat);
  const Znode::Wide nothing;
  node.block = make_block(node.is_wide ? &nothing : nullptr, name, data);
  node.name_size = static_cast<std::uint32_t>(name.size());
  node.data_size = size_of(data);
  set_stat(id, stat);
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
    if (new_size > 0) std::memmove(node.text() + node.name_size, data->data(), data->size());
  } else {
    char* block = make_block(node.is_wide ? node.wide() : nullptr, node.name(), data);
    delete[] node.block;
    node.block = block;
  }
  node.data_size = size_of(data);
}

void ZnodeStore::set_stat(NodeId id, const NodeStat& s) {
  Znode& node = (*this)[id];
  node.czxid = s.czxid;
  node.ctime = s.ctime;
  if (!node.is_wide && is_untouched(s)) return;
  Znode::Wide& wide = widen(id);
  wide.mzxid = s.mzxid;
  wide.mtime = s.mtime;
  wide.version = s.version;
  wide.cversion = s.cversion;
  wide.aversion = s.aversion;
  wide.ephemeral_owner = s.ephemeral_owner;
  wide.pzxid = s.pzxid;
}

Znode::Wide& ZnodeStore::widen(NodeId id) {
  Znode& node = (*this)[id];
  if (!node.is_wide) {
    Znode::Wide wide;
    wide.mzxid = wide.pzxid = node.czxid;
    wide.mtime = node.ctime;
    char* block = make_block(&wide, node.name(), node.data());
    delete[] node.block;
    node.block = block;
    node.is_wide = true;
  }
  return *node.wide();
}

void ZnodeStore::link(NodeId parent, NodeId child) {
  Znode::Wide& above = widen(parent);
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
  Znode::Wide& above = widen(node.parent);
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
  allocate("", "", {});
}

}  // namespace drover::tree
