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

// 56 bytes: memory per znode is what a server's size depends on. Most znodes are leaves that nobody
// changes, so what every change and every child adds to stands apart, in front of the name, and
// only in those znodes that have it ("wide").
struct Znode {
  struct Wide {
    std::int64_t mzxid = 0, pzxid = 0, mtime = 0, ephemeral_owner = 0;
    std::int32_t version = 0, cversion = 0, aversion = 0;
    std::int32_t num_children = 0;
    NodeId first_child = kNoNode;
  };

  std::int64_t czxid, ctime;
  char* block;  // Wide when is_wide, name, data; null when all are missing
  NodeId parent, next_sibling, prev_sibling;  // next_sibling also links free records
  std::uint32_t acl;                          // index into AclTable
  std::uint32_t content_crc;
  std::int32_t data_size;  // -1: null
  std::uint32_t name_size;
  bool is_wide;

  [[nodiscard]] std::string_view name() const { return {text(), name_size}; }
  [[nodiscard]] wire::NullableBytes data() const {
    if (data_size < 0) return std::nullopt;
    return std::string_view(text() + name_size, static_cast<std::size_t>(data_size));
  }
  // As it was created, for a znode that is not wide.
  [[nodiscard]] NodeStat stat() const;
  [[nodiscard]] NodeId first_child() const { return is_wide ? wide()->first_child : kNoNode; }
  [[nodiscard]] std::int32_t num_children() const { return is_wide ? wide()->num_children : 0; }
  // Requires is_wide. Lives until the block changes.
  [[nodiscard]] Wide* wide() { return reinterpret_cast<Wide*>(block); }
  [[nodiscard]] const Wide* wide() const { return reinterpret_cast<const Wide*>(block); }
  [[nodiscard]] char* text() { return block + (is_wide ? sizeof(Wide) : 0); }
  [[nodiscard]] const char* text() const { return block + (is_wide ? sizeof(Wide) : 0); }
};
static_assert(sizeof(Znode) == 56);

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

  // A childless znode outside the tree.
  NodeId allocate(std::string_view name, wire::NullableBytes data, const NodeStat& stat);
  // Requires that it is unlinked and childless.
  void release(NodeId id);
  // Data may be a view of the znode's own data.
  void set_data(NodeId id, wire::NullableBytes data);
  void set_stat(NodeId id, const NodeStat& stat);
  // The part of the znode that changes are made in, added when it is not there. Lives until the
  // znode's data changes.
  Znode::Wide& widen(NodeId id);
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
