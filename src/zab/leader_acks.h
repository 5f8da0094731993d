#pragma once
// Who has acked which outstanding proposal: one word of voter bits per proposal, in zxid order.

#include <cstdint>
#include <vector>

#include "zab/ids.h"
#include "zab/quorum.h"

namespace drover::zab {

class LeaderAcks {
 public:
  // Nothing is outstanding; the first proposal will be `first`. Requires one epoch for all.
  void start(Zxid first);
  void propose();  // one more is outstanding
  // `voter_bits` have acked all outstanding proposals in (after, up_to].
  void ack(Zxid after, Zxid up_to, std::uint64_t voter_bits);
  // What these have acked may not be on their disks any more.
  void withdraw(std::uint64_t voter_bits);
  // Removes, oldest first, those that a quorum has acked; stops at the first that it has not.
  // Returns how many.
  std::int64_t take_committed(const Quorum& quorum);

  [[nodiscard]] Zxid first() const { return first_; }  // oldest outstanding, or the next to come
  [[nodiscard]] std::int64_t size() const { return size_; }

 private:
  [[nodiscard]] std::uint64_t& bits(std::int64_t offset) {
    return ring_[static_cast<std::size_t>(begin_ + offset) & (ring_.size() - 1)];
  }
  void grow();

  Zxid first_;
  std::int64_t begin_ = 0;  // of first_ in ring_, modulo its size
  std::int64_t size_ = 0;
  std::vector<std::uint64_t> ring_;  // Invariant: a power of two elements, or none yet
};

}  // namespace drover::zab
