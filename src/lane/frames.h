#pragma once
// Frames as they leave: a reply whose length is known only afterwards, and a watch event.

#include <drover/error_code.h>
#include <drover/event.h>

#include <cstdint>
#include <string_view>

#include "base/byte_buffer.h"
#include "wire/client_records.h"

namespace drover::lane {

inline constexpr std::size_t kFrameLengthSize = 4;
inline constexpr std::size_t kRequestHeaderSize = 8;

// Writes length and reply header at the end of `out` once the body behind them is there. Between
// construction and finish() only the body may be appended.
class ReplyFrame {
 public:
  explicit ReplyFrame(base::ByteBuffer& out) : out_(out), start_(out.size()) {
    out.extend(kFrameLengthSize + wire::kReplyHeaderSize);
  }
  // A reply that says an error has no body: what was appended is cut off.
  void finish(std::int32_t xid, wire::Zxid zxid, ErrorCode error) {
    if (error != ErrorCode::kOk) {
      out_.truncate(start_ + kFrameLengthSize + wire::kReplyHeaderSize);
    }
    char* at = out_.data() + start_;
    const std::size_t length = out_.size() - start_ - kFrameLengthSize;
    wire::store_big_endian(at, static_cast<std::uint32_t>(length));
    wire::store_big_endian(at + 4, static_cast<std::uint32_t>(xid));
    wire::store_big_endian(at + 8, static_cast<std::uint64_t>(zxid.value));
    wire::store_big_endian(at + 16, static_cast<std::uint32_t>(error));
  }
  [[nodiscard]] std::size_t size() const { return out_.size() - start_ - kFrameLengthSize; }

 private:
  base::ByteBuffer& out_;
  std::size_t start_;
};

// zxid: of the txn, -1 for an event made up by setWatches.
inline void append_event(base::ByteBuffer& out, EventType type, wire::Zxid zxid,
                         std::string_view path) {
  ReplyFrame frame(out);
  wire::JuteWriter writer(out);
  wire::WatcherEvent{type, KeeperState::kSyncConnected, path}.encode(writer);
  frame.finish(wire::xid::kNotification, zxid, ErrorCode::kOk);
}

}  // namespace drover::lane
