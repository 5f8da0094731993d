#include "zab/quorum_packet.h"

#include <fmt/format.h>

#include "wire/jute_writer.h"

namespace drover::zab {
namespace {

constexpr std::size_t kFixedSize = 4 + 8;  // type, zxid
constexpr std::size_t kForwardedSize = 8 + 4 + 4;
constexpr std::int32_t kOldProtocolVersion = 1;  // of a LearnerInfo that names none

Error bad_length(std::string_view what, std::int64_t length, std::int32_t length_max) {
  return {ErrorCode::kMarshallingError,
          fmt::format("{} of a quorum packet has length {}, expected 0 to {}", what, length,
                      length_max)};
}

enum class Step : std::uint8_t { kDone, kMore, kBad };

// Walks over bytes that may end anywhere, which is no error; a length that cannot be is one.
class Walk {
 public:
  Walk(std::string_view bytes, std::int32_t length_max) : rest_(bytes), length_max_(length_max) {}

  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] Error error() const { return error_; }

  Step number(std::int32_t& value) {
    if (rest_.size() < 4) return Step::kMore;
    value = wire::JuteReader(rest_).read_int();
    rest_.remove_prefix(4);
    return Step::kDone;
  }
  Step buffer(std::string_view what, wire::NullableBytes& value) {
    std::int32_t length = 0;
    if (number(length) == Step::kMore) return Step::kMore;
    value.reset();
    if (length == -1) return Step::kDone;
    if (length < 0 || length > length_max_) return bad(what, length);
    if (rest_.size() < static_cast<std::size_t>(length)) return Step::kMore;
    value = rest_.substr(0, static_cast<std::size_t>(length));
    rest_.remove_prefix(value->size());
    return Step::kDone;
  }
  Step bad(std::string_view what, std::int64_t length) {
    error_ = bad_length(what, length, length_max_);
    return Step::kBad;
  }

 private:
  std::string_view rest_;
  std::int32_t length_max_;
  Error error_;
};

// Two passes, so that a vector that is not all there allocates nothing, however often it is looked
// at. All its strings together obey the limit of one buffer: what is waited for stays bounded.
Step skip_authinfo(Walk& walk, std::int32_t length_max, std::optional<std::int32_t>& count) {
  std::int32_t announced = 0;
  if (walk.number(announced) == Step::kMore) return Step::kMore;
  count.reset();
  if (announced == -1) return Step::kDone;
  constexpr std::int32_t kIdSizeMin = 8;
  if (announced < 0 || announced > length_max / kIdSizeMin) return walk.bad("authinfo", announced);
  count = announced;
  const std::size_t before = walk.rest().size();
  for (std::int32_t i = 0; i < 2 * announced; ++i) {
    wire::NullableBytes text;
    if (const Step step = walk.buffer("authinfo", text); step != Step::kDone) return step;
    const std::size_t taken = before - walk.rest().size();
    if (taken > static_cast<std::size_t>(length_max)) {
      return walk.bad("authinfo", static_cast<std::int64_t>(taken));
    }
  }
  return Step::kDone;
}

std::vector<Id> read_authinfo(std::string_view bytes, std::int32_t count) {
  wire::JuteReader in(bytes);
  in.read_count();
  std::vector<Id> ids(static_cast<std::size_t>(count));
  for (Id& id : ids) {
    id.scheme = in.read_string();
    id.id = in.read_string();
  }
  return ids;
}

}  // namespace

std::string_view name_of(PacketType type) {
  switch (type) {
    case PacketType::kRequest:
      return "REQUEST";
    case PacketType::kProposal:
      return "PROPOSAL";
    case PacketType::kAck:
      return "ACK";
    case PacketType::kCommit:
      return "COMMIT";
    case PacketType::kPing:
      return "PING";
    case PacketType::kRevalidate:
      return "REVALIDATE";
    case PacketType::kSync:
      return "SYNC";
    case PacketType::kInform:
      return "INFORM";
    case PacketType::kCommitAndActivate:
      return "COMMITANDACTIVATE";
    case PacketType::kNewLeader:
      return "NEWLEADER";
    case PacketType::kFollowerInfo:
      return "FOLLOWERINFO";
    case PacketType::kUpToDate:
      return "UPTODATE";
    case PacketType::kDiff:
      return "DIFF";
    case PacketType::kTrunc:
      return "TRUNC";
    case PacketType::kSnap:
      return "SNAP";
    case PacketType::kObserverInfo:
      return "OBSERVERINFO";
    case PacketType::kLeaderInfo:
      return "LEADERINFO";
    case PacketType::kAckEpoch:
      return "ACKEPOCH";
    case PacketType::kInformAndActivate:
      return "INFORMANDACTIVATE";
  }
  return "unknown";
}

Result<std::optional<DecodedPacket>> decode_packet(std::string_view bytes,
                                                   std::int32_t length_max) {
  constexpr auto kNotAllThere = std::nullopt;
  if (bytes.size() < kFixedSize) return kNotAllThere;
  wire::JuteReader fixed(bytes);
  DecodedPacket decoded;
  decoded.packet.type = static_cast<PacketType>(fixed.read_int());
  decoded.packet.zxid = Zxid(fixed.read_long());

  Walk walk(bytes.substr(kFixedSize), length_max);
  Step step = walk.buffer("data", decoded.packet.data);
  const std::string_view authinfo = walk.rest();
  std::optional<std::int32_t> ids;
  if (step == Step::kDone) step = skip_authinfo(walk, length_max, ids);
  if (step == Step::kBad) return std::unexpected(walk.error());
  if (step == Step::kMore) return kNotAllThere;
  if (ids) decoded.packet.authinfo = read_authinfo(authinfo, *ids);
  decoded.size = bytes.size() - walk.rest().size();
  return decoded;
}

void encode_packet(const QuorumPacket& packet, base::ByteBuffer& out) {
  wire::JuteWriter writer(out);
  writer.write_int(static_cast<std::int32_t>(packet.type));
  writer.write_long(packet.zxid.value);
  writer.write_bytes(packet.data);
  if (!packet.authinfo) return writer.write_int(-1);
  writer.write_int(static_cast<std::int32_t>(packet.authinfo->size()));
  for (const Id& id : *packet.authinfo) {
    writer.write_string(id.scheme);
    writer.write_string(id.id);
  }
}

void encode_packet(PacketType type, Zxid zxid, base::ByteBuffer& out) {
  char* at = out.extend(kFixedSize + 8);
  wire::store_big_endian(at, static_cast<std::uint32_t>(type));
  wire::store_big_endian(at + 4, static_cast<std::uint64_t>(zxid.value));
  wire::store_big_endian(at + kFixedSize, UINT64_MAX);  // both -1: null
}

void encode_packet(PacketType type, Zxid zxid, std::string_view data, base::ByteBuffer& out) {
  char* at = out.extend(kFixedSize + 4 + data.size() + 4);
  wire::store_big_endian(at, static_cast<std::uint32_t>(type));
  wire::store_big_endian(at + 4, static_cast<std::uint64_t>(zxid.value));
  wire::store_big_endian(at + kFixedSize, static_cast<std::uint32_t>(data.size()));
  if (!data.empty()) std::memcpy(at + kFixedSize + 4, data.data(), data.size());
  wire::store_big_endian(at + kFixedSize + 4 + data.size(), UINT32_MAX);
}

void LearnerInfo::encode(base::ByteBuffer& out) const {
  wire::JuteWriter writer(out);
  writer.write_long(sid.value);
  writer.write_int(protocol_version);
  writer.write_long(config_version);
}

std::optional<LearnerInfo> LearnerInfo::decode(wire::NullableBytes data) {
  if (!data || data->size() < 8) return std::nullopt;
  wire::JuteReader in(*data);
  LearnerInfo info;
  info.sid = ServerId(in.read_long());
  info.protocol_version = in.remaining() >= 4 ? in.read_int() : kOldProtocolVersion;
  info.config_version = in.remaining() >= 8 ? in.read_long() : 0;
  return info;
}

void ForwardedRequest::encode(base::ByteBuffer& out) const {
  wire::JuteWriter writer(out);
  writer.write_long(session.value);
  writer.write_int(cxid);
  writer.write_int(static_cast<std::int32_t>(op));
  out.append(body);
}

std::optional<ForwardedRequest> ForwardedRequest::decode(wire::NullableBytes data) {
  if (!data || data->size() < kForwardedSize) return std::nullopt;
  wire::JuteReader in(*data);
  ForwardedRequest request;
  request.session = wire::SessionId(in.read_long());
  request.cxid = in.read_int();
  request.op = static_cast<wire::OpCode>(in.read_int());
  request.body = in.rest();
  return request;
}

void encode_session_timeout(SessionTimeout value, base::ByteBuffer& out) {
  wire::JuteWriter writer(out);
  writer.write_long(value.session.value);
  writer.write_int(value.timeout_ms);
}

std::vector<SessionTimeout> decode_session_timeouts(std::string_view data) {
  std::vector<SessionTimeout> all;
  all.reserve(data.size() / SessionTimeout::kSize);
  wire::JuteReader in(data);
  while (in.remaining() >= SessionTimeout::kSize) {
    const wire::SessionId session(in.read_long());
    all.push_back({session, in.read_int()});
  }
  return all;
}

void Revalidated::encode(base::ByteBuffer& out) const {
  wire::JuteWriter writer(out);
  writer.write_long(session.value);
  writer.write_bool(valid);
}

std::optional<Revalidated> Revalidated::decode(wire::NullableBytes data) {
  constexpr std::size_t kSize = 9;
  if (!data || data->size() < kSize) return std::nullopt;
  wire::JuteReader in(*data);
  const wire::SessionId session(in.read_long());
  return Revalidated{session, in.read_bool()};
}

}  // namespace drover::zab
