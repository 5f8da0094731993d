#include "lane/connection_table.h"

namespace drover::lane {

LaneConnection& ConnectionTable::open() {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t at = free_.back();
  free_.pop_back();
  Slot& slot = slots_[at];
  slot.connection = std::make_unique<LaneConnection>();
  slot.connection->id = std::uint64_t{++slot.generation} << 32 | at;
  return *slot.connection;
}

void ConnectionTable::close(LaneConnection& connection) {
  const auto at = static_cast<std::uint32_t>(connection.id);
  slots_[at].connection.reset();
  free_.push_back(at);
}

}  // namespace drover::lane
