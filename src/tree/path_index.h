#pragma once
// Hash to id, open addressing, 8 bytes a slot. It holds no paths: whoever asks brings a predicate
// that compares a candidate's path. Two paths may share a hash, an id is in it once.
//
// It doubles when three quarters full, but moves its slots a few per insert, so that no insert
// stalls: while it grows, entries not yet moved are found in the old table.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/assert.h"

namespace drover::tree {

class PathIndex {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  PathIndex();

  // The id under `hash` for which matches(id) is true, kNone when there is none. Does not write.
  template <typename Match>
  [[nodiscard]] std::uint32_t find(std::uint32_t hash, Match&& matches) const {
    const std::uint32_t found = find_in(table_, 0, hash, matches);
    if (found != kNone || !growing()) return found;
    return find_in(old_, moved_, hash, matches);
  }
  // Requires 0 < id < kNone, and that id is not there.
  void insert(std::uint32_t hash, std::uint32_t id);
  // Requires that id is there under hash.
  void erase(std::uint32_t hash, std::uint32_t id);
  void clear();

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  static constexpr std::uint32_t kEmpty = 0;
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t id = kEmpty;  // kNone: moved or erased, in the old table only
  };
  struct Free {
    void operator()(Slot* slots) const { std::free(slots); }
  };
  static constexpr std::uint32_t kSegmentBits = 14;  // 128 KiB
  struct Table {
    std::vector<std::unique_ptr<Slot[], Free>> segments;  // null: all its slots are empty
    std::uint32_t bits = 0;

    [[nodiscard]] std::size_t capacity() const { return std::size_t{1} << bits; }
    // The top bits choose the slot, so growth keeps the order and moves memory in sequence.
    [[nodiscard]] std::size_t home(std::uint32_t hash) const { return hash >> (32 - bits); }
    [[nodiscard]] std::size_t next(std::size_t i) const { return (i + 1) & (capacity() - 1); }
    [[nodiscard]] Slot at(std::size_t i) const {
      const auto& segment = segments[i >> kSegmentBits];
      return segment ? segment[i & (segment_size() - 1)] : Slot{};
    }
    // Makes the segment when it is not there.
    [[nodiscard]] Slot& slot(std::size_t i);
    [[nodiscard]] std::size_t segment_size() const { return std::size_t{1} << kSegmentBits; }
  };

  // Slots below `moved` are gone: a run that would pass through them goes on behind them.
  static std::size_t first(const Table& table, std::size_t moved, std::uint32_t hash) {
    return std::max(table.home(hash), moved);
  }
  static std::size_t next(const Table& table, std::size_t moved, std::size_t i) {
    return std::max(table.next(i), moved);
  }
  template <typename Match>
  static std::uint32_t find_in(const Table& table, std::size_t moved, std::uint32_t hash,
                               Match&& matches) {
    // Bounded, as what is left of an old table need not hold an empty slot.
    std::size_t i = first(table, moved, hash);
    for (std::size_t left = table.capacity() - moved; left > 0; --left, i = next(table, moved, i)) {
      const Slot slot = table.at(i);
      if (slot.id == kEmpty) return kNone;
      if (slot.hash == hash && slot.id != kNone && matches(slot.id)) return slot.id;
    }
    return kNone;
  }
  [[nodiscard]] bool growing() const { return !old_.segments.empty(); }
  static Table make_table(std::uint32_t bits);
  static void put(Table& table, Slot slot);
  bool erase_in_table(std::uint32_t hash, std::uint32_t id);
  void start_growing();
  void move_some(std::size_t slots);

  Table table_;
  Table old_;              // without segments unless growing
  std::size_t moved_ = 0;  // slots of old_ below it are done
  std::size_t size_ = 0;   // entries in both
};

}  // namespace drover::tree
