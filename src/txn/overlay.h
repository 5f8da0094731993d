#pragma once
// The tree as it will be once every prepared txn is applied: the committed tree, overlaid with one
// record per path that a txn not yet applied has changed (ZooKeeper's outstandingChanges). It also
// carries the digest that the tree will have.
//
// A request looks paths up, decides, then changes; end_request() forgets what was only looked at. A
// multi may take back what it changed. Records are pooled: nothing is allocated for a request once
// warm.

#include <drover/acl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "tree/path_index.h"
#include "tree/tree.h"
#include "wire/zxid.h"

namespace drover::txn {

// A znode, or its absence, as of the last prepared txn.
struct PendingZnode {
  bool exists = false;
  tree::NodeStat stat;
  std::int32_t num_children = 0;
  std::int32_t data_size = 0;          // bytes, 0 for null
  std::uint32_t content_crc = 0;       // over path and data
  std::shared_ptr<const AclList> acl;  // null: open
};

class Overlay {
 public:
  class Record {
   public:
    [[nodiscard]] const PendingZnode& znode() const { return znode_; }
    [[nodiscard]] std::string_view path() const { return path_; }  // "" for the root

   private:
    friend class Overlay;
    std::string path_;
    std::uint32_t id_ = 0;  // of this place in the pool
    std::uint32_t hash_ = 0;
    wire::Zxid changed_by_;     // 0: only looked at
    bool digested_ = false;     // digest_ is that of znode_
    std::uint32_t digest_ = 0;  // its share of the tree's, 0 when it has none
    PendingZnode znode_;
  };

  // `tree` must outlive this. Without `digest_enabled` no digest is computed.
  Overlay(const tree::Tree& tree, bool digest_enabled);

  void begin_request();
  // Forgets records that were looked at and not changed.
  void end_request();

  // The record of `path`, made from the tree when there is none. Lives until end_request() at
  // least.
  Record& look_up(std::string_view path);
  // Applies `change` to the record's znode on behalf of `zxid`.
  template <typename Change>
  void change(Record& record, wire::Zxid zxid, Change&& change) {
    before_change(record, zxid);
    change(record.znode_);
    after_change(record);
  }

  // Between these two, rollback() takes all changes back.
  void begin_multi();
  void end_multi();
  void rollback();

  // The digest of the tree after everything prepared so far.
  [[nodiscard]] std::uint64_t digest() const { return digest_; }

  // Drops the records that txns up to `zxid` were the last to change.
  void applied(wire::Zxid zxid);

  // Calls f(record) for every record that some txn not yet applied has changed, in order of last
  // change.
  template <typename F>
  void for_each_changed(F&& f) const {
    for (std::size_t i = first_change_; i < changes_.size(); ++i) {
      const Record& record = pool_at(changes_[i].record);
      if (record.changed_by_ == changes_[i].zxid) f(record);
    }
  }
  [[nodiscard]] std::size_t changes() const { return changes_.size() - first_change_; }

 private:
  using RecordId = std::uint32_t;  // into pool_, from 1
  struct Change {
    wire::Zxid zxid;
    RecordId record;
  };
  struct Undo {
    RecordId record;
    wire::Zxid changed_by;
    PendingZnode znode;
  };

  [[nodiscard]] Record& pool_at(RecordId id) const { return *pool_[id - 1]; }
  RecordId take_record();
  void drop_record(RecordId id);
  void load(Record& record) const;
  [[nodiscard]] std::uint32_t digest_of(const Record& record) const;
  void before_change(Record& record, wire::Zxid zxid);
  void after_change(Record& record);

  const tree::Tree& tree_;
  const bool digest_enabled_;
  tree::PathIndex index_;
  std::vector<std::unique_ptr<Record>> pool_;
  std::vector<RecordId> free_;
  std::vector<RecordId> looked_up_;  // in this request, unchanged when they were made
  std::vector<Change> changes_;      // ascending by zxid; those before first_change_ are applied
  std::size_t first_change_ = 0;
  std::uint64_t digest_ = 0;

  bool in_multi_ = false;
  std::vector<Undo> undo_;
  std::uint64_t digest_before_multi_ = 0;
  std::size_t changes_before_multi_ = 0;
};

}  // namespace drover::txn
