#pragma once
// The records of all znodes: fixed-size, in chunks that never move, addressed by a 32-bit id;
// children in an intrusive list, newest first. Name and data share one heap block. Knows no paths,
// digests or ACLs.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "tree/ids.h"
#include "tree/node_stat.h"
#include "wire/jute_reader.h"

namespace drover::tree {

// 104 bytes: memory per znode is what a server's size depends on.
struct Znode {
  std::int64_t czxid, mzxid, pzxid, ctime, mtime, ephemeral_owner;
  char* block;  // name, then data; null when both are empty
  std::int32_t version, cversion, aversion;
  NodeId parent, first_child, next_sibling, prev_sibling;  // next_sibling also links free records
  std::int32_t num_children;
  std::uint32_t acl;  // index into AclTable
  std::uint32_t content_crc;
  std::int32_t data_size;  // -1: null
  std::uint32_t name_size;

  [[nodiscard]] std::string_view name() const { return {block, name_size}; }
  [[nodiscard]] wire::NullableBytes data() const {
    if (data_size < 0) return std::nullopt;
    return std::string_view(block + name_size, static_cast<std::size_t>(data_size));
  }
  [[nodiscard]] NodeStat stat() const;
  void set_stat(const NodeStat& stat);
};
static_assert(sizeof(Znode) == 104);

class ZnodeStore {
 public:
  ZnodeStore();
  ~ZnodeStore();
  ZnodeStore(const ZnodeStore&) = delete;
  ZnodeStore& operator=(const ZnodeStore&) = delete;

  [[nodiscard]] Znode& operator[](NodeId id) { return chunks_[id >> kChunkBits][id & kChunkMask]; }
  [[nodiscard]] const Znode& operator[](NodeId id) const {
    return chunks_[id >> kChunkBits][id & kChunkMask];
  }

  // A childless znode outside the tree, with a zero Stat.
  NodeId allocate(std::string_view name, wire::NullableBytes data);
  // Requires that it is unlinked and childless.
  void release(NodeId id);
  // Data may be a view of the znode's own data.
  void set_data(NodeId id, wire::NullableBytes data);
  void link(NodeId parent, NodeId child);
  void unlink(NodeId child);
  // Drops everything but an empty root.
  void clear();

  [[nodiscard]] std::int64_t size() const { return size_; }

 private:
  static constexpr std::uint32_t kChunkBits = 12;
  static constexpr std::uint32_t kChunkMask = (1u << kChunkBits) - 1;

  std::vector<std::unique_ptr<Znode[]>> chunks_;
  NodeId unused_ = 0;      // ids from here on were never given out
  NodeId free_ = kNoNode;  // head of the list of released ids
  std::int64_t size_ = 0;
};

}  // namespace drover::tree
