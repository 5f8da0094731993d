#include "lane/fifo.h"

namespace drover::lane {
namespace {
// Beyond these a finished queue gives its memory back.
constexpr std::size_t kHeldBytesKept = 16 * 1024;
constexpr std::size_t kEntriesKept = 256;
}  // namespace

void Fifo::pop() {
  const Pending& done = entries_[head_];
  bytes_ -= done.size;
  if (done.kind == Pending::Kind::kHeld) held_.consume(done.size);
  ++head_;
  if (head_ == entries_.size()) {
    entries_.clear();
    head_ = 0;
    if (entries_.capacity() > kEntriesKept) entries_.shrink_to_fit();
    held_.shrink(kHeldBytesKept);
  } else if (head_ >= 64 && head_ * 2 >= entries_.size()) {
    // A pipelining client may never let the queue run empty: drop the done half now and then.
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

void Fifo::clear() {
  entries_.clear();
  head_ = bytes_ = 0;
  held_.clear();
  held_.shrink(kHeldBytesKept);
}

}  // namespace drover::lane
