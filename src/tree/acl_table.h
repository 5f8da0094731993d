#pragma once
// ACL lists, each stored once and counted by the znodes that use it (ReferenceCountedACLCache). A
// znode holds a 32-bit index; outside the tree a list is known by its key, as snapshots number
// them.

#include <drover/acl.h>

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tree/ids.h"

namespace drover::tree {

// world:anyone:cdrwa, which is never in the table.
[[nodiscard]] bool is_open_acl(const AclList& acl);

class AclTable {
 public:
  using Index = std::uint32_t;
  static constexpr Index kOpen = 0;

  AclTable();

  // The index of `acl` with one more use; null is the open ACL.
  Index acquire(const AclList* acl);
  // One more use of what a snapshot calls `key`. An unknown key gets an entry without a list.
  Index acquire_key(AclKey key);
  // One use less; the last one drops the list.
  void release(Index index);

  // Enters a snapshot's list without a use. A key below 1 is ignored.
  void load(AclKey key, AclList acl);
  void drop_unused();
  void clear();

  [[nodiscard]] AclKey key(Index index) const { return entries_[index].key; }
  // Null for the open ACL and for keys without a list.
  [[nodiscard]] std::shared_ptr<const AclList> list(AclKey key) const;
  [[nodiscard]] const std::shared_ptr<const AclList>& at(Index index) const {
    return entries_[index].list;
  }
  // Those in use that have a list, ascending by key.
  [[nodiscard]] std::vector<std::pair<AclKey, std::shared_ptr<const AclList>>> in_use() const;
  // Places of lists: 0 to places() - 1. Null: none in use is there.
  [[nodiscard]] std::size_t places() const { return entries_.size(); }
  [[nodiscard]] const AclList* in_use_at(std::size_t place) const {
    return entries_[place].uses > 0 ? entries_[place].list.get() : nullptr;
  }

 private:
  struct Entry {
    AclKey key = kOpenAcl;
    std::shared_ptr<const AclList> list;
    std::uint64_t uses = 0;
    bool live = false;
  };
  struct Hash {
    std::size_t operator()(const AclList* acl) const;
  };
  struct Equal {
    bool operator()(const AclList* a, const AclList* b) const { return *a == *b; }
  };
  [[nodiscard]] AclKey free_key();
  Index add(AclKey key, std::shared_ptr<const AclList> list);
  void drop(Index index);

  std::vector<Entry> entries_;  // entry 0 is the open ACL
  std::vector<Index> free_;
  std::unordered_map<AclKey, Index> by_key_;
  std::unordered_map<const AclList*, Index, Hash, Equal> by_list_;
  AclKey next_key_ = 1;
};

}  // namespace drover::tree
