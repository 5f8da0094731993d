#include "tree/path_index.h"

namespace drover::tree {

namespace {
constexpr std::uint32_t kBitsMin = 4;
// While growing from C to 2C slots, C/32 inserts are enough to move all, long before 2C fills up.
constexpr std::size_t kSlotsMovedPerInsert = 32;
}  // namespace

PathIndex::PathIndex() : table_(make_table(kBitsMin)) {}

PathIndex::Table PathIndex::make_table(std::uint32_t bits) {
  DROVER_ASSERT(bits < 32, "more paths than 32-bit ids");
  Table table;
  table.bits = bits;
  // calloc: pages of a large table become real as they are touched, not in one stall.
  table.slots.reset(static_cast<Slot*>(std::calloc(table.capacity(), sizeof(Slot))));
  DROVER_ASSERT(table.slots, "out of memory");
  return table;
}

void PathIndex::put(Table& table, Slot slot) {
  std::size_t i = table.home(slot.hash);
  while (table.slots[i].id != kEmpty) i = table.next(i);
  table.slots[i] = slot;
}

void PathIndex::insert(std::uint32_t hash, std::uint32_t id) {
  if ((size_ + 1) * 4 > table_.capacity() * 3) start_growing();
  put(table_, {hash, id});
  ++size_;
  if (old_.slots) move_some(kSlotsMovedPerInsert);
}

void PathIndex::start_growing() {
  if (old_.slots) move_some(old_.capacity());
  Table bigger = make_table(table_.bits + 1);
  old_ = std::move(table_);
  table_ = std::move(bigger);
  moved_ = 0;
}

void PathIndex::move_some(std::size_t slots) {
  for (; slots > 0 && moved_ < old_.capacity(); --slots, ++moved_) {
    Slot& slot = old_.slots[moved_];
    if (slot.id == kEmpty || slot.id == kNone) continue;
    put(table_, slot);
    slot.id = kNone;  // not kEmpty: later entries of its run must still be found
  }
  if (moved_ == old_.capacity()) old_ = Table();
}

void PathIndex::erase(std::uint32_t hash, std::uint32_t id) {
  --size_;
  if (erase_in_table(hash, id)) return;
  DROVER_ASSERT(old_.slots, "erased an id that is not there");
  for (std::size_t i = old_.home(hash);; i = old_.next(i)) {
    DROVER_ASSERT(old_.slots[i].id != kEmpty, "erased an id that is not there");
    if (old_.slots[i].id == id) {
      old_.slots[i].id = kNone;
      return;
    }
  }
}

// Closes the hole by moving later entries of the run back (Knuth 6.4, algorithm R), so no
// tombstones.
bool PathIndex::erase_in_table(std::uint32_t hash, std::uint32_t id) {
  std::size_t hole = table_.home(hash);
  while (table_.slots[hole].id != id) {
    if (table_.slots[hole].id == kEmpty) return false;
    hole = table_.next(hole);
  }
  const std::size_t mask = table_.capacity() - 1;
  for (std::size_t i = table_.next(hole); table_.slots[i].id != kEmpty; i = table_.next(i)) {
    const std::size_t home = table_.home(table_.slots[i].hash);
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      table_.slots[hole] = table_.slots[i];
      hole = i;
    }
  }
  table_.slots[hole] = Slot{};
  return true;
}

void PathIndex::clear() {
  table_ = make_table(kBitsMin);
  old_ = Table();
  size_ = 0;
}

std::size_t PathIndex::memory_bytes() const {
  return (table_.capacity() + (old_.slots ? old_.capacity() : 0)) * sizeof(Slot);
}

}  // namespace drover::tree
