#include "txn/overlay.h"

#include "tree/node_digest.h"
#include "tree/path_hash.h"

namespace drover::txn {

Overlay::Overlay(const tree::Tree& tree, bool digest_enabled)
    : tree_(tree), digest_enabled_(digest_enabled) {}

void Overlay::begin_request() {
  DROVER_ASSERT(looked_up_.empty(), "a request was not ended");
  if (changes() == 0) digest_ = tree_.digest();
}

void Overlay::end_request() {
  for (const RecordId id : looked_up_) {
    if (pool_at(id).changed_by_ == wire::Zxid()) drop_record(id);
  }
  looked_up_.clear();
}

Overlay::Record& Overlay::look_up(std::string_view path) {
  if (path == "/") path = {};
  const std::uint32_t hash = tree::path_hash(path);
  RecordId id = index_.find(hash, [&](RecordId other) { return pool_at(other).path_ == path; });
  if (id != tree::PathIndex::kNone) return pool_at(id);
  id = take_record();
  Record& record = pool_at(id);
  record.path_ = path;
  record.hash_ = hash;
  record.changed_by_ = wire::Zxid();
  record.digested_ = false;
  load(record);
  index_.insert(hash, id);
  looked_up_.push_back(id);
  return record;
}

void Overlay::load(Record& record) const {
  const tree::NodeId node = tree_.find(record.path_);
  PendingZnode& znode = record.znode_;
  znode.exists = node != tree::kNoNode;
  if (!znode.exists) return;
  znode.stat = tree_.node_stat(node);
  znode.num_children = tree_.num_children(node);
  const auto data = tree_.data(node);
  znode.data_size = data ? static_cast<std::int32_t>(data->size()) : 0;
  znode.content_crc = tree_.content_crc(node);
  znode.acl = tree_.acl(tree_.acl_key(node));
}

std::uint32_t Overlay::digest_of(const Record& record) const {
  if (!record.znode_.exists || !tree::has_digest(record.path_)) return 0;
  return tree::node_digest(record.znode_.content_crc, record.znode_.stat);
}

void Overlay::before_change(Record& record, wire::Zxid zxid) {
  if (digest_enabled_) {
    if (!record.digested_) record.digest_ = digest_of(record);
    digest_ -= record.digest_;
  }
  if (record.changed_by_ == zxid) return;
  if (in_multi_) undo_.push_back({record.id_, record.changed_by_, record.znode_});
  record.changed_by_ = zxid;
  changes_.push_back({zxid, record.id_});
}

void Overlay::after_change(Record& record) {
  if (!digest_enabled_) return;
  record.digest_ = digest_of(record);
  record.digested_ = true;
  digest_ += record.digest_;
}

void Overlay::begin_multi() {
  in_multi_ = true;
  digest_before_multi_ = digest_;
  changes_before_multi_ = changes_.size();
}

void Overlay::end_multi() {
  in_multi_ = false;
  undo_.clear();
}

// A record that the multi was the first to change becomes one only looked at, and goes with
// end_request().
void Overlay::rollback() {
  for (Undo& undo : undo_) {
    Record& record = pool_at(undo.record);
    record.znode_ = std::move(undo.znode);
    record.changed_by_ = undo.changed_by;
    record.digested_ = false;
  }
  undo_.clear();
  changes_.resize(changes_before_multi_);
  digest_ = digest_before_multi_;
}

void Overlay::applied(wire::Zxid zxid) {
  for (; first_change_ < changes_.size() && changes_[first_change_].zxid <= zxid; ++first_change_) {
    const Change& change = changes_[first_change_];
    if (pool_at(change.record).changed_by_ == change.zxid) drop_record(change.record);
  }
  // Under a steady load the list never runs empty: drop its applied half now and then.
  if (first_change_ * 2 < changes_.size()) return;
  changes_.erase(changes_.begin(), changes_.begin() + static_cast<std::ptrdiff_t>(first_change_));
  first_change_ = 0;
}

Overlay::RecordId Overlay::take_record() {
  if (free_.empty()) {
    pool_.push_back(std::make_unique<Record>());
    pool_.back()->id_ = static_cast<RecordId>(pool_.size());
    return pool_.back()->id_;
  }
  const RecordId id = free_.back();
  free_.pop_back();
  return id;
}

void Overlay::drop_record(RecordId id) {
  Record& record = pool_at(id);
  index_.erase(record.hash_, id);
  record.changed_by_ = wire::Zxid();
  record.znode_.acl.reset();
  constexpr std::size_t kPathKept = 1024;  // a long path must not stay in the pool for ever
  if (record.path_.capacity() > kPathKept) record.path_ = std::string();
  free_.push_back(id);
}

}  // namespace drover::txn
