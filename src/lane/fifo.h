#pragma once
// What one connection still owes answers for, in request order. An entry either awaits the replica,
// or is a request held back behind such an entry, or an answer that is known but must not overtake.

#include <drover/error_code.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "base/time.h"
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
  bool then_close = false;    // kReady
  bool leaves_watch = false;  // or may: changes are wanted until it is answered
  std::int32_t xid = 0;
  wire::OpCode op = wire::OpCode::kError;
  ErrorCode error = ErrorCode::kOk;  // kReady
  wire::Zxid zxid{};                 // kReady
  std::uint32_t size = 0;            // bytes this request keeps in memory, here or on its way
  base::Instant received{};
};

class Fifo {
 public:
  [[nodiscard]] bool empty() const { return head_ == entries_.size(); }
  [[nodiscard]] std::size_t size() const { return entries_.size() - head_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] const Pending& front() const { return entries_[head_]; }

  void push(const Pending& entry) {
    entries_.push_back(entry);
    bytes_ += entry.size;
  }
  // Keeps a copy of the frame of a kHeld entry that is pushed next.
  void hold(std::string_view frame) { held_.append(frame); }
  // Requires that front() is held. Lives until the next call that is not const.
  [[nodiscard]] std::string_view held_frame() const {
    return held_.view().substr(0, entries_[head_].size);
  }
  void pop();
  void clear();

 private:
  std::vector<Pending> entries_;  // those before head_ are done
  std::size_t head_ = 0;
  std::size_t bytes_ = 0;  // sum of size over the entries
  base::ByteBuffer held_;  // frames of the held entries, in order
};

}  // namespace drover::lane
