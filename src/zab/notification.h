#pragma once
// What servers tell each other during elections, and the message that opens an election stream
// (FastLeaderElection.buildMsg, QuorumCnxManager.InitialMessage). docs/zab.md has the bytes.

#include <drover/result.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"
#include "zab/ids.h"
#include "zab/vote.h"

namespace drover::zab {

struct Notification {
  Role state = Role::kLooking;  // the sender's
  Vote vote;
  std::int32_t version = 2;  // 0: of 28 or 40 bytes, as Java reads them; else as it says
  std::string_view config;   // the sender's committed configuration as text; empty: none

  // Always version 2. Without the length in front.
  void encode(base::ByteBuffer& out) const;
  // nullopt: not a notification (too short, unknown state, bad length). Views live as long as
  // `bytes`. Of 28 bytes: the epoch is that of the zxid.
  static std::optional<Notification> decode(std::string_view bytes);
};

// A frame: its length, then the notification. Frames outside 1..kFrameMax end the stream.
inline constexpr std::int32_t kNotificationFrameMax = 512 * 1024;

struct InitialMessage {
  ServerId sid;
  std::string host;  // empty: a wildcard, or a 3.4 peer: use the configuration
  std::uint16_t port = 0;
  bool known = true;  // false: an observer of ancient days without a sid (it says INT64_MAX)

  // V1, what every release since 3.5 reads.
  static void encode(ServerId sid, const std::string& host, std::uint16_t port,
                     base::ByteBuffer& out);
  struct Decoded;
  // nullopt: not all there yet (of at most 2068 bytes). An error names what is wrong.
  static Result<std::optional<Decoded>> decode(std::string_view bytes);
};
struct InitialMessage::Decoded {
  InitialMessage message;
  std::size_t size = 0;  // bytes it took
};

}  // namespace drover::zab
