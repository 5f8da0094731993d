#include "replica/outstanding_queue.h"

#include <algorithm>

namespace drover::replica {
namespace {
constexpr std::size_t kSpareBuffersMax = 8;
constexpr std::size_t kSpareBytesMax = 1u << 20;  // a larger buffer is not kept
}  // namespace

void OutstandingQueue::begin_batch() {
  Batch& batch = batches_.emplace_back();
  if (!spare_.empty()) {
    batch.bytes = std::move(spare_.back());
    spare_.pop_back();
  }
  batch_start_ = size();
  filling_ = true;
}

void OutstandingQueue::push(Outstanding entry) {
  Batch& batch = batches_.back();
  entry.batch = first_batch_ + static_cast<std::uint32_t>(batches_.size() - 1);
  ++batch.entries;
  if (entry.kind == Outstanding::Kind::kTxn) batch.last_zxid = entry.zxid;
  entries_.push_back(std::move(entry));
}

void OutstandingQueue::end_batch(std::vector<wire::TxnBytes>& persist) {
  filling_ = false;
  for (std::size_t i = head_ + batch_start_; i < entries_.size(); ++i) {
    const Outstanding& entry = entries_[i];
    if (entry.kind == Outstanding::Kind::kTxn) persist.push_back({entry.zxid, bytes(entry)});
  }
  recycle();
}

void OutstandingQueue::pop() {
  --batches_[entries_[head_].batch - first_batch_].entries;
  entries_[head_].identities.reset();
  ++head_;
  if (head_ == entries_.size()) {
    entries_.clear();
    head_ = 0;
  } else if (head_ >= 256 && head_ * 2 >= entries_.size()) {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
  recycle();
}

void OutstandingQueue::persisted(wire::Zxid zxid) {
  persisted_ = std::max(persisted_, zxid);
  recycle();
}

void OutstandingQueue::recycle() {
  while (!batches_.empty() && batches_.front().entries == 0 &&
         batches_.front().last_zxid <= persisted_) {
    if (filling_ && batches_.size() == 1) return;
    base::ByteBuffer bytes = std::move(batches_.front().bytes);
    batches_.pop_front();
    ++first_batch_;
    bytes.clear();
    bytes.shrink(kSpareBytesMax);
    if (spare_.size() < kSpareBuffersMax) spare_.push_back(std::move(bytes));
  }
}

}  // namespace drover::replica
