#include "zab/proposal_log.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace drover::zab {
namespace {

constexpr std::size_t kBlockSize = 256u << 10;

bool follows(Zxid zxid, Zxid last) {
  return zxid == last.next() || (zxid.epoch() > last.epoch() && zxid.counter() == 1);
}

}  // namespace

ProposalLog::ProposalLog(ProposalLogOptions options) : options_(options) {}

void ProposalLog::append(const wire::TxnBytes& txn) {
  DROVER_ASSERT(txn.zxid > last_, "a txn below the newest one");
  if (!follows(txn.zxid, last_)) {
    forget();
    base_.reset();
  }
  entries_.push_back({txn.zxid, store(txn.bytes), txn.bytes.size()});
  bytes_ += txn.bytes.size();
  last_ = txn.zxid;
}

void ProposalLog::commit(Zxid up_to) {
  committed_ = std::max(committed_, std::min(up_to, last_));
  while (committed_count_ < entries_.size() && entries_[committed_count_].zxid <= committed_) {
    committed_bytes_ += entries_[committed_count_].size;
    ++committed_count_;
  }
  evict();
}

void ProposalLog::reset(Zxid last) {
  forget();
  base_ = last_ = committed_ = last;
}

void ProposalLog::settle() {
  commit(last_);
}

bool ProposalLog::empty() const {
  return entries_.empty();
}

Zxid ProposalLog::first() const {
  DROVER_ASSERT(!empty(), "the first txn of an empty log");
  return entries_.front().zxid;
}

Zxid ProposalLog::last() const {
  return last_;
}

Zxid ProposalLog::committed() const {
  return committed_;
}

std::optional<Zxid> ProposalLog::before(Zxid zxid) const {
  const std::size_t index = index_of(zxid);
  if (index == 0 || index == entries_.size() || entries_[index].zxid != zxid) return std::nullopt;
  return entries_[index - 1].zxid;
}

bool ProposalLog::contains(Zxid zxid) const {
  return at_or_above(zxid) == zxid;
}

std::optional<Zxid> ProposalLog::at_or_above(Zxid zxid) const {
  const std::size_t index = index_of(zxid);
  if (index == entries_.size()) return std::nullopt;
  return entries_[index].zxid;
}

std::uint64_t ProposalLog::pin(Zxid after) {
  pins_.emplace_back(next_token_, after);
  return next_token_++;
}

void ProposalLog::unpin(std::uint64_t token) {
  std::erase_if(pins_, [token](const auto& pin) { return pin.first == token; });
  evict();
}

std::size_t ProposalLog::index_of(Zxid zxid) const {
  const auto at = std::ranges::lower_bound(entries_, zxid, {}, &Entry::zxid);
  return static_cast<std::size_t>(at - entries_.begin());
}

const char* ProposalLog::store(std::string_view bytes) {
  if (blocks_.empty() || blocks_.back().capacity - blocks_.back().used < bytes.size()) {
    if (spare_.capacity < bytes.size() || spare_.capacity == 0) {
      const std::size_t capacity = std::max(kBlockSize, bytes.size());
      spare_ = {std::make_unique_for_overwrite<char[]>(capacity), capacity};
    }
    blocks_.push_back(std::exchange(spare_, {}));
  }
  Block& block = blocks_.back();
  char* at = block.bytes.get() + block.used;
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  block.used += bytes.size();
  ++block.txns;
  return at;
}

void ProposalLog::forget() {
  entries_.clear();
  blocks_.clear();
  bytes_ = committed_bytes_ = committed_count_ = 0;
}

void ProposalLog::drop_first() {
  const Entry& entry = entries_.front();
  base_ = entry.zxid;
  bytes_ -= entry.size;
  committed_bytes_ -= entry.size;
  --committed_count_;
  entries_.pop_front();
  Block& block = blocks_.front();
  if (--block.txns > 0) return;
  if (blocks_.size() == 1) {
    block.used = 0;
    return;
  }
  if (block.capacity == kBlockSize) {
    spare_ = std::move(block);
    spare_.used = 0;
  }
  blocks_.pop_front();
}

void ProposalLog::evict() {
  Zxid keep_above = last_;
  for (const auto& [token, after] : pins_) keep_above = std::min(keep_above, after);
  while (committed_count_ > options_.txns_min && entries_.front().zxid <= keep_above &&
         (committed_count_ > options_.txns_max || committed_bytes_ > options_.bytes_max)) {
    drop_first();
  }
}

}  // namespace drover::zab
