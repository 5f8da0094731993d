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
  table.segments.resize(bits > kSegmentBits ? std::size_t{1} << (bits - kSegmentBits) : 1);
  return table;
}

PathIndex::Slot& PathIndex::Table::slot(std::size_t i) {
  auto& segment = segments[i >> kSegmentBits];
  if (!segment) {
    const std::size_t size = bits < kSegmentBits ? capacity() : segment_size();
    segment.reset(static_cast<Slot*>(std::calloc(size, sizeof(Slot))));
    DROVER_ASSERT(segment, "out of memory");
  }
  return segment[i & (segment_size() - 1)];
}

void PathIndex::put(Table& table, Slot slot) {
  std::size_t i = table.home(slot.hash);
  while (table.at(i).id != kEmpty) i = table.next(i);
  table.slot(i) = slot;
}

void PathIndex::insert(std::uint32_t hash, std::uint32_t id) {
  if ((size_ + 1) * 4 > table_.capacity() * 3) start_growing();
  put(table_, {hash, id});
  ++size_;
  if (growing()) move_some(kSlotsMovedPerInsert);
}

void PathIndex::start_growing() {
  if (growing()) move_some(old_.capacity());
  Table bigger = make_table(table_.bits + 1);
  old_ = std::move(table_);
  table_ = std::move(bigger);
  moved_ = 0;
}

void PathIndex::move_some(std::size_t slots) {
  for (; slots > 0 && moved_ < old_.capacity(); --slots) {
    const Slot slot = old_.at(moved_);
    if (slot.id != kEmpty && slot.id != kNone) {
      put(table_, slot);
      old_.slot(moved_).id = kNone;  // not kEmpty: entries that ran on past it must still be found
    }
    ++moved_;
    if ((moved_ & (old_.segment_size() - 1)) == 0)
      old_.segments[(moved_ - 1) >> kSegmentBits].reset();
  }
  if (moved_ == old_.capacity()) old_ = Table();
}

void PathIndex::erase(std::uint32_t hash, std::uint32_t id) {
  --size_;
  if (erase_in_table(hash, id)) return;
  DROVER_ASSERT(growing(), "erased an id that is not there");
  std::size_t i = first(old_, moved_, hash);
  for (std::size_t left = old_.capacity() - moved_; left > 0; --left, i = next(old_, moved_, i)) {
    if (old_.at(i).id != id) continue;
    old_.slot(i).id = kNone;
    return;
  }
  DROVER_ASSERT(false, "erased an id that is not there");
}

// Closes the hole by moving later entries of the run back (Knuth 6.4, algorithm R), so no
// tombstones.
bool PathIndex::erase_in_table(std::uint32_t hash, std::uint32_t id) {
  std::size_t hole = table_.home(hash);
  while (table_.at(hole).id != id) {
    if (table_.at(hole).id == kEmpty) return false;
    hole = table_.next(hole);
  }
  const std::size_t mask = table_.capacity() - 1;
  for (std::size_t i = table_.next(hole); table_.at(i).id != kEmpty; i = table_.next(i)) {
    const std::size_t home = table_.home(table_.at(i).hash);
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      table_.slot(hole) = table_.at(i);
      hole = i;
    }
  }
  table_.slot(hole) = Slot{};
  return true;
}

void PathIndex::clear() {
  table_ = make_table(kBitsMin);
  old_ = Table();
  size_ = 0;
}

std::size_t PathIndex::memory_bytes() const {
  std::size_t bytes = 0;
  for (const Table* table : {&table_, &old_}) {
    const std::size_t size = table->bits < kSegmentBits ? table->capacity() : table->segment_size();
    for (const auto& segment : table->segments) bytes += segment ? size * sizeof(Slot) : 0;
  }
  return bytes;
}

}  // namespace drover::tree
