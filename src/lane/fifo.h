#pragma once
// What one connection still owes answers for, in request order. An entry either awaits the replica,
// or is a request held back behind such an entry, or an answer that is known but must not overtake.

#include <drover/error_code.h>

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/byte_buffer.h"
#include "base/time.h"
#include "txn/request.h"
#include "wire/op_code.h"
#include "wire/zxid.h"

namespace drover::lane {

struct Pending {
  enum class Kind : std::uint8_t {
    kAwaiting,  // the replica will answer
    kHeld,      // answered on the lane when its turn comes; its frame is kept
    kReady,     // error and zxid below are the answer
  };
  Kind kind = Kind::kAwaiting;
  bool then_close = false;          // kReady
  bool changes_identities = false;  // kReady: an auth packet; see Fifo::push_identities
  std::int32_t xid = 0;
  wire::OpCode op = wire::OpCode::kError;
  ErrorCode error = ErrorCode::kOk;  // kReady
  wire::Zxid zxid{};                 // kReady
  std::uint32_t size = 0;            // bytes this request keeps in memory, here or on its way
  // kAwaiting: one more than the index of its reply in the deliveries at hand, when the reply came
  // but an entry in front has to be answered first. Never set between two calls of the lane.
  std::uint32_t reply = 0;
  base::Instant received{};
};

class Fifo {
 public:
  [[nodiscard]] bool empty() const { return head_ == entries_.size(); }
  [[nodiscard]] std::size_t size() const { return entries_.size() - head_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] Pending& front() { return entries_[head_]; }

  void push(const Pending& entry) {
    entries_.push_back(entry);
    bytes_ += entry.size;
  }
  // Keeps a copy of the frame of a kHeld entry that is pushed next.
  void hold(std::string_view frame) {
    held_.append(frame);
    held_since_awaiting_ = true;
  }
  // True when a held request stands behind the last one that awaits the replica. Asked for each request that
  // is about to be pushed as the next such one.
  [[nodiscard]] bool take_held_since_awaiting() { return std::exchange(held_since_awaiting_, false); }
  // Requires that front() is held. Lives until the next call that is not const.
  [[nodiscard]] std::string_view held_frame() const {
    return held_.view().substr(0, entries_[head_].size);
  }
  void pop();
  void clear();

  // The first entry that awaits a reply and has none yet, which is the one a reply from the replica
  // is for; null when there is none.
  Pending* next_unanswered();
  [[nodiscard]] bool is_front(const Pending* entry) const { return entry == &entries_[head_]; }

  // Held requests act with the identities of their arrival. An auth packet behind them changes
  // those of later requests: they wait here until its entry reaches the front.
  void push_identities(txn::Identities identities) { identities_.push_back(std::move(identities)); }
  [[nodiscard]] txn::Identities pop_identities();

 private:
  std::vector<Pending> entries_;  // those before head_ are done
  std::size_t head_ = 0;
  std::size_t answered_ = 0;  // no unanswered kAwaiting entry before it
  bool held_since_awaiting_ = false;
  std::size_t bytes_ = 0;     // sum of size over the entries
  base::ByteBuffer held_;     // frames of the held entries, in order
  std::vector<txn::Identities> identities_;
};

}  // namespace drover::lane
