#include "zab/leader_acks.h"

#include <algorithm>

#include "base/assert.h"

namespace drover::zab {
namespace {
constexpr std::size_t kRingSizeMin = 1024;
}

void LeaderAcks::start(Zxid first) {
  first_ = first;
  begin_ = size_ = 0;
}

void LeaderAcks::propose() {
  if (static_cast<std::size_t>(size_) == ring_.size()) grow();
  bits(size_++) = 0;
}

void LeaderAcks::ack(Zxid after, Zxid up_to, std::uint64_t voter_bits) {
  const std::int64_t begin = std::max<std::int64_t>(after.value + 1 - first_.value, 0);
  const std::int64_t end = std::min(up_to.value + 1 - first_.value, size_);
  for (std::int64_t i = begin; i < end; ++i) bits(i) |= voter_bits;
}

void LeaderAcks::withdraw(std::uint64_t voter_bits) {
  for (std::int64_t i = 0; i < size_; ++i) bits(i) &= ~voter_bits;
}

std::int64_t LeaderAcks::take_committed(const Quorum& quorum) {
  std::int64_t taken = 0;
  while (taken < size_ && quorum.contains(bits(taken))) ++taken;
  begin_ += taken;
  size_ -= taken;
  first_ = Zxid(first_.value + taken);
  return taken;
}

void LeaderAcks::grow() {
  std::vector<std::uint64_t> larger(std::max(kRingSizeMin, ring_.size() * 2));
  for (std::int64_t i = 0; i < size_; ++i) larger[static_cast<std::size_t>(i)] = bits(i);
  ring_ = std::move(larger);
  begin_ = 0;
}

}  // namespace drover::zab
