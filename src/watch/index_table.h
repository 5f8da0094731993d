#pragma once
// A hash table of positions: the elements live in somebody's vector, the table holds where. Four
// bytes a slot, linear probing, no tombstones. The owner gives hash and equality, so a key is
// stored once.

#include <cstdint>
#include <vector>

namespace drover::watch {

class IndexTable {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // The position for which `equal(position)` holds, or kNone.
  template <typename Equal>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Equal equal) const {
    if (size_ == 0) return kNone;
    for (std::size_t i = hash & mask(); slots_[i] != kNone; i = (i + 1) & mask()) {
      if (equal(slots_[i])) return slots_[i];
    }
    return kNone;
  }

  // Requires that `position` is not there. `hash_of(position)` answers for any position held.
  template <typename HashOf>
  void insert(std::uint64_t hash, std::uint32_t position, HashOf hash_of) {
    if ((size_ + 1) * 4 > slots_.size() * 3) grow(hash_of);
    place(hash, position);
    ++size_;
  }

  // Requires that `position` is there. Moves later members of the run back, so no marks remain.
  template <typename HashOf>
  void erase(std::uint64_t hash, std::uint32_t position, HashOf hash_of) {
    std::size_t hole = hash & mask();
    while (slots_[hole] != position) hole = (hole + 1) & mask();
    for (std::size_t i = (hole + 1) & mask(); slots_[i] != kNone; i = (i + 1) & mask()) {
      const std::size_t home = hash_of(slots_[i]) & mask();
      // The member at i may fill the hole unless its home lies behind the hole.
      if (((i - home) & mask()) >= ((i - hole) & mask())) {
        slots_[hole] = slots_[i];
        hole = i;
      }
    }
    slots_[hole] = kNone;
    --size_;
  }

 private:
  [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }

  void place(std::uint64_t hash, std::uint32_t position) {
    std::size_t i = hash & mask();
    while (slots_[i] != kNone) i = (i + 1) & mask();
    slots_[i] = position;
  }

  template <typename HashOf>
  void grow(HashOf hash_of) {
    std::vector<std::uint32_t> old(slots_.empty() ? 16 : slots_.size() * 2, kNone);
    old.swap(slots_);
    for (const std::uint32_t position : old) {
      if (position != kNone) place(hash_of(position), position);
    }
  }

  std::vector<std::uint32_t> slots_;  // Invariant: a power of two, at most three quarters full
  std::size_t size_ = 0;
};

}  // namespace drover::watch
