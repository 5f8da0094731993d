#pragma once
// The packets between a leader and its learners (QuorumPacket, LearnerHandler, Learner): type,
// zxid, data, authinfo; no length in front, so a stream is cut by decoding it.

#include <drover/acl.h>
#include <drover/result.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "wire/jute_reader.h"
#include "wire/op_code.h"
#include "wire/txn_records.h"
#include "zab/ids.h"

namespace drover::zab {

enum class PacketType : std::int32_t {
  kRequest = 1,
  kProposal = 2,
  kAck = 3,
  kCommit = 4,
  kPing = 5,
  kRevalidate = 6,
  kSync = 7,
  kInform = 8,
  kCommitAndActivate = 9,
  kNewLeader = 10,
  kFollowerInfo = 11,
  kUpToDate = 12,
  kDiff = 13,
  kTrunc = 14,
  kSnap = 15,
  kObserverInfo = 16,
  kLeaderInfo = 17,
  kAckEpoch = 18,
  kInformAndActivate = 19,
};
[[nodiscard]] std::string_view name_of(PacketType type);

struct QuorumPacket {
  PacketType type = PacketType::kPing;
  Zxid zxid;
  wire::NullableBytes data;
  std::optional<std::vector<Id>> authinfo;  // REQUEST only
};

// Cuts a stream into packets. The bytes are the caller's buffer.
struct DecodedPacket {
  QuorumPacket packet;   // views into the bytes
  std::size_t size = 0;  // bytes it took
};
// nullopt: not all there yet. Errors: a length outside 0..`length_max` (named), a vector without
// end.
Result<std::optional<DecodedPacket>> decode_packet(std::string_view bytes, std::int32_t length_max);

void encode_packet(const QuorumPacket& packet, base::ByteBuffer& out);
// Without a QuorumPacket in between, for the path of every txn.
void encode_packet(PacketType type, Zxid zxid, base::ByteBuffer& out);  // data and authinfo null
void encode_packet(PacketType type, Zxid zxid, std::string_view data, base::ByteBuffer& out);

// ---- what stands in `data`

inline constexpr std::int32_t kProtocolVersion = 0x10000;

struct LearnerInfo {
  ServerId sid;
  std::int32_t protocol_version = kProtocolVersion;
  std::int64_t config_version = 0;
  void encode(base::ByteBuffer& out) const;
  // Shorter forms of older servers are filled up as Apache does. nullopt: null or under 8 bytes.
  static std::optional<LearnerInfo> decode(wire::NullableBytes data);
};

struct ForwardedRequest {
  wire::SessionId session;
  std::int32_t cxid = 0;
  wire::OpCode op = wire::OpCode::kError;
  std::string_view body;
  void encode(base::ByteBuffer& out) const;
  static std::optional<ForwardedRequest> decode(wire::NullableBytes data);
};

struct SessionTimeout {  // REVALIDATE to the leader; the entries of a PING's answer
  wire::SessionId session;
  std::int32_t timeout_ms = 0;
  static constexpr std::size_t kSize = 12;
};
void encode_session_timeout(SessionTimeout value, base::ByteBuffer& out);
// A cut last entry is left out.
std::vector<SessionTimeout> decode_session_timeouts(std::string_view data);

struct Revalidated {  // REVALIDATE to the learner
  wire::SessionId session;
  bool valid = false;
  void encode(base::ByteBuffer& out) const;
  static std::optional<Revalidated> decode(wire::NullableBytes data);
};

}  // namespace drover::zab
