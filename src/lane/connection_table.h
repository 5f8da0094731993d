#pragma once
// The lane's connections by number. A number is generation and slot: it is found without searching,
// and one whose connection is gone names nobody, even after the slot has a new tenant.

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "lane/connection.h"
#include "lane/fifo.h"
#include "txn/request.h"

namespace drover::lane {

// Why a connection is not read; reading_paused says whether there is any reason.
enum class Pause : std::uint8_t { kHandshake = 1, kOutstanding = 2, kOutput = 4, kSetWatches = 8 };

struct LaneConnection : Connection {
  enum class State : std::uint8_t {
    kNew,         // no ConnectRequest yet
    kConnecting,  // the replica makes or moves its session
    kOpen,
    kFinishing,  // answers are still owed, frames are no longer heard
    kClosed,     // nothing more will be said; the transport has been told
  };
  State state = State::kNew;
  std::uint8_t pauses = 0;         // bits of Pause
  bool answers_read_only = false;  // the ConnectRequest had a readOnly byte
  bool in_throttled_list = false;
  std::uint32_t touch_index = std::numeric_limits<std::uint32_t>::max();  // into the lane's touches
  std::uint32_t dirty_index = std::numeric_limits<std::uint32_t>::max();  // into its dirty list
  std::uint32_t watch_wishes = 0;  // entries of the FIFO with leaves_watch
  txn::Identities identities;
  Fifo fifo;
};

class ConnectionTable {
 public:
  LaneConnection& open();
  void close(LaneConnection& connection);  // frees it

  // Null when there is none, or no longer.
  [[nodiscard]] LaneConnection* find(std::uint64_t id) const {
    const auto slot = static_cast<std::uint32_t>(id);
    if (slot >= slots_.size()) return nullptr;
    LaneConnection* connection = slots_[slot].connection.get();
    return connection != nullptr && connection->id == id ? connection : nullptr;
  }
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.connection) visit(*slot.connection);
    }
  }

 private:
  struct Slot {
    std::unique_ptr<LaneConnection> connection;
    std::uint32_t generation = 0;
  };
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace drover::lane
