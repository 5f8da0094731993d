// The codec of the quorum's port. Goal: the bytes that Apache's servers sent in the traces that
// docs and tests quote, and one clear error for what cannot be a packet. Method: hex literals.

#include "zab/quorum_packet.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace drover::zab {
namespace {

constexpr std::int32_t kLengthMax = 1000;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  std::string digits;
  for (const char c : hex) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
    digits.clear();
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

std::string encoded(const QuorumPacket& packet) {
  base::ByteBuffer out;
  encode_packet(packet, out);
  return to_hex(out.view());
}

template <typename Record>
std::string record(const Record& value) {
  base::ByteBuffer out;
  value.encode(out);
  return std::string(out.view());
}

struct Golden {
  const char* name;
  const char* hex;
  PacketType type;
  Zxid zxid;
  std::optional<std::string> data_hex;
};

const Golden kGolden[] = {
    {"FOLLOWERINFO of server 1",
     "0000000b 0000000000000000 00000014 0000000000000001 00010000 0000000000000000 ffffffff",
     PacketType::kFollowerInfo, Zxid(0), "0000000000000001000100000000000000000000"},
    {"LEADERINFO of epoch 1", "00000011 0000000100000000 00000004 00010000 ffffffff",
     PacketType::kLeaderInfo, Zxid::of(1, 0), "00010000"},
    {"ACKEPOCH", "00000012 0000000000000000 00000004 00000000 ffffffff", PacketType::kAckEpoch,
     Zxid(0), "00000000"},
    {"DIFF", "0000000d 0000000000000000 ffffffff ffffffff", PacketType::kDiff, Zxid(0),
     std::nullopt},
    {"ACK of NEWLEADER", "00000003 0000000100000000 ffffffff ffffffff", PacketType::kAck,
     Zxid::of(1, 0), std::nullopt},
    {"UPTODATE", "0000000c ffffffffffffffff ffffffff ffffffff", PacketType::kUpToDate, Zxid(-1),
     std::nullopt},
    {"answer to a PING", "00000005 0000000100000007 00000000 ffffffff", PacketType::kPing,
     Zxid::of(1, 7), ""},
    {"answer to a REVALIDATE", "00000006 ffffffffffffffff 00000009 0300000000000001 01 ffffffff",
     PacketType::kRevalidate, Zxid(-1), "030000000000000101"},
};

TEST(QuorumPacketTest, GoldenBytesBothWays) {
  for (const Golden& golden : kGolden) {
    SCOPED_TRACE(golden.name);
    const std::string bytes = from_hex(golden.hex);
    const std::string stream = bytes + "rest";
    const auto decoded = decode_packet(stream, kLengthMax);
    ASSERT_TRUE(decoded && *decoded);
    EXPECT_EQ((*decoded)->size, bytes.size());
    const QuorumPacket& packet = (*decoded)->packet;
    EXPECT_EQ(packet.type, golden.type);
    EXPECT_EQ(packet.zxid, golden.zxid);
    ASSERT_EQ(packet.data.has_value(), golden.data_hex.has_value());
    if (packet.data) {
      EXPECT_EQ(to_hex(*packet.data), *golden.data_hex);
    }
    EXPECT_FALSE(packet.authinfo);

    EXPECT_EQ(encoded(packet), to_hex(bytes));
    base::ByteBuffer direct;
    if (packet.data) {
      encode_packet(packet.type, packet.zxid, *packet.data, direct);
    } else {
      encode_packet(packet.type, packet.zxid, direct);
    }
    EXPECT_EQ(to_hex(direct.view()), to_hex(bytes));
  }
}

TEST(QuorumPacketTest, RequestWithIdentities) {
  const std::string body =
      record(ForwardedRequest{wire::SessionId(0x300000000000001), 7, wire::OpCode::kSync, "body"});
  QuorumPacket packet{PacketType::kRequest, Zxid(-1), body,
                      std::vector<Id>{{"digest", "user:hash"}, {"ip", ""}}};
  base::ByteBuffer out;
  encode_packet(packet, out);
  EXPECT_EQ(to_hex(out.view()),
            "00000001ffffffffffffffff"
            "00000014"
            "0300000000000001"
            "00000007"
            "00000009"
            "626f6479"
            "00000002"
            "00000006646967657374"
            "00000009757365723a68617368"
            "000000026970"
            "00000000");
  const auto decoded = decode_packet(out.view(), kLengthMax);
  ASSERT_TRUE(decoded && *decoded);
  EXPECT_EQ((*decoded)->packet.authinfo, packet.authinfo);
  const auto request = ForwardedRequest::decode((*decoded)->packet.data);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->session.value, 0x300000000000001);
  EXPECT_EQ(request->cxid, 7);
  EXPECT_EQ(request->op, wire::OpCode::kSync);
  EXPECT_EQ(request->body, "body");
}

TEST(QuorumPacketTest, IdentitiesThatAreNoneAreNotNull) {
  const QuorumPacket packet{PacketType::kRequest, Zxid(-1), "", std::vector<Id>{}};
  EXPECT_EQ(encoded(packet), "00000001ffffffffffffffff0000000000000000");
  const std::string bytes = from_hex(encoded(packet));
  const auto decoded = decode_packet(bytes, kLengthMax);
  ASSERT_TRUE(decoded && *decoded);
  ASSERT_TRUE((*decoded)->packet.authinfo);
  EXPECT_TRUE((*decoded)->packet.authinfo->empty());
}

TEST(QuorumPacketTest, EveryPrefixWaitsForMore) {
  const QuorumPacket packet{PacketType::kRequest, Zxid(-1), "0123456789abcdef",
                            std::vector<Id>{{"world", "anyone"}}};
  const std::string bytes = from_hex(encoded(packet));
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const auto decoded = decode_packet(std::string_view(bytes).substr(0, n), kLengthMax);
    ASSERT_TRUE(decoded) << n;
    EXPECT_FALSE(*decoded) << n;
  }
  EXPECT_TRUE(*decode_packet(bytes, kLengthMax));
}

TEST(QuorumPacketTest, LengthsThatCannotBe) {
  const std::string head = "00000003 0000000100000000 ";
  const struct {
    std::string hex;
    const char* message;
  } cases[] = {
      {head + "fffffffe", "data of a quorum packet has length -2, expected 0 to 1000"},
      {head + "000003e9", "data of a quorum packet has length 1001, expected 0 to 1000"},
      {head + "7fffffff", "data of a quorum packet has length 2147483647, expected 0 to 1000"},
      {head + "ffffffff fffffffe", "authinfo of a quorum packet has length -2, expected 0 to 1000"},
      {head + "ffffffff 7fffffff",
       "authinfo of a quorum packet has length 2147483647, expected 0 to 1000"},
      {head + "ffffffff 00000001 80000000",
       "authinfo of a quorum packet has length -2147483648, expected 0 to 1000"},
  };
  for (const auto& c : cases) {
    const std::string bytes = from_hex(c.hex);
    const auto decoded = decode_packet(bytes, kLengthMax);
    ASSERT_FALSE(decoded) << c.hex;
    EXPECT_EQ(decoded.error().message, c.message);
  }
}

TEST(QuorumPacketTest, IdentitiesTogetherAreBounded) {
  const std::string long_text(600, 'x');
  const QuorumPacket packet{PacketType::kRequest, Zxid(-1), "",
                            std::vector<Id>{{"digest", long_text}, {"digest", long_text}}};
  const std::string bytes = from_hex(encoded(packet));
  EXPECT_FALSE(decode_packet(bytes, kLengthMax));
  EXPECT_TRUE(decode_packet(bytes, 2000));
}

TEST(QuorumPacketTest, UnknownTypesAreLeftToTheReceiver) {
  const std::string bytes = from_hex("000000ff 0000000000000000 ffffffff ffffffff");
  const auto decoded = decode_packet(bytes, kLengthMax);
  ASSERT_TRUE(decoded && *decoded);
  EXPECT_EQ(name_of((*decoded)->packet.type), "unknown");
  EXPECT_EQ(name_of(PacketType::kNewLeader), "NEWLEADER");
}

TEST(QuorumPacketTest, LearnerInfoOfAllAges) {
  const std::string full = record(LearnerInfo{ServerId(3), kProtocolVersion, 0x100000000});
  ASSERT_EQ(full.size(), 20u);
  const auto at = [&](std::size_t size) {
    return LearnerInfo::decode(std::string_view(full).substr(0, size));
  };
  EXPECT_FALSE(LearnerInfo::decode(std::nullopt));
  EXPECT_FALSE(at(7));
  ASSERT_TRUE(at(8));
  EXPECT_EQ(at(8)->sid.value, 3);
  EXPECT_EQ(at(8)->protocol_version, 1);
  EXPECT_EQ(at(12)->protocol_version, kProtocolVersion);
  EXPECT_EQ(at(12)->config_version, 0);
  EXPECT_EQ(at(20)->config_version, 0x100000000);
}

TEST(QuorumPacketTest, RecordsThatAreTooShort) {
  EXPECT_FALSE(ForwardedRequest::decode(std::nullopt));
  EXPECT_FALSE(ForwardedRequest::decode(std::string_view("fifteen bytes..")));
  EXPECT_TRUE(ForwardedRequest::decode(std::string_view("sixteen bytes...")));
  EXPECT_FALSE(Revalidated::decode(std::nullopt));
  EXPECT_FALSE(Revalidated::decode(std::string_view("8 bytes.")));
  const auto revalidated = Revalidated::decode(record(Revalidated{wire::SessionId(5), true}));
  ASSERT_TRUE(revalidated);
  EXPECT_EQ(revalidated->session.value, 5);
  EXPECT_TRUE(revalidated->valid);
}

TEST(QuorumPacketTest, TouchedSessionsWithoutACutLastEntry) {
  base::ByteBuffer out;
  encode_session_timeout({wire::SessionId(1), 4000}, out);
  encode_session_timeout({wire::SessionId(2), 6000}, out);
  EXPECT_TRUE(decode_session_timeouts("").empty());
  EXPECT_EQ(decode_session_timeouts(out.view().substr(0, 23)).size(), 1u);
  const auto both = decode_session_timeouts(out.view());
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[1].session.value, 2);
  EXPECT_EQ(both[1].timeout_ms, 6000);
}

}  // namespace
}  // namespace drover::zab
