#pragma once
// What transport and lane share about one connection, and what `cons` prints.

#include <cstdint>
#include <string>

#include "base/byte_buffer.h"
#include "base/time.h"
#include "wire/op_code.h"
#include "wire/zxid.h"

namespace drover::lane {

struct Connection {
  // For the transport.
  base::ByteBuffer output;          // encoded frames to send; the transport may swap it away
  bool close_when_flushed = false;  // send what is in output, then close
  bool close_now = false;           // close without sending
  bool reading_paused = false;      // do not hand in frames until this is false again
  void* transport = nullptr;        // the transport's own, untouched by the lane

  // For operators.
  std::uint64_t id = 0;
  std::string remote_address;
  std::uint16_t remote_port = 0;
  wire::SessionId session;  // 0 until the handshake is done
  std::int32_t timeout_ms = 0;
  std::uint32_t outstanding = 0;  // requests not yet answered
  struct Counters {
    std::int64_t received = 0;  // packets
    std::int64_t sent = 0;
    std::int64_t established_ms = 0;  // wall clock, set by the transport
    wire::OpCode last_op = wire::OpCode::kNotification;
    std::int32_t last_cxid = -1;
    wire::Zxid last_zxid{-1};
    base::Instant last_response;
    std::int64_t last_latency_ms = 0, latency_ms_min = 0, latency_ms_max = 0, latency_ms_sum = 0;
    std::int64_t latency_count = 0;
  } counters;

 protected:
  Connection() = default;
  ~Connection() = default;  // only the lane makes and frees one
};

}  // namespace drover::lane
