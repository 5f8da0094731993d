// A stream of packets as it comes in at the quorum's port, cut into packets, and the records in
// their data. What decodes encodes to what decodes to the same; what is waited for is bounded; a
// prefix never decodes to something else.

#include <algorithm>

#include "fuzz_support.h"
#include "zab/quorum_packet.h"

namespace {

using namespace drover;
using namespace drover::zab;

constexpr std::int32_t kLengthMax = 4096;
constexpr std::size_t kPacketMax = 2 * kLengthMax + 64;

bool same(const QuorumPacket& a, const QuorumPacket& b) {
  return a.type == b.type && a.zxid == b.zxid && a.data == b.data && a.authinfo == b.authinfo;
}

template <typename Record>
void round_trip(wire::NullableBytes data) {
  const auto record = Record::decode(data);
  if (!record) return;
  base::ByteBuffer once;
  record->encode(once);
  const auto again = Record::decode(once.view());
  fuzz::require(again.has_value(), "what was encoded decodes");
  base::ByteBuffer twice;
  again->encode(twice);
  fuzz::require(once.view() == twice.view(), "a record encodes to the same again");
}

void check(const DecodedPacket& decoded, std::string_view bytes) {
  fuzz::require(decoded.size <= bytes.size(), "no packet is larger than the bytes");
  const auto prefix = decode_packet(bytes.substr(0, decoded.size - 1), kLengthMax);
  fuzz::require(prefix && !*prefix, "without its last byte it waits for more");

  base::ByteBuffer out;
  encode_packet(decoded.packet, out);
  const auto again = decode_packet(out.view(), kLengthMax);
  fuzz::require(again && *again && (*again)->size == out.size(), "what was encoded decodes");
  fuzz::require(same((*again)->packet, decoded.packet), "a packet decodes to the same again");

  round_trip<LearnerInfo>(decoded.packet.data);
  round_trip<ForwardedRequest>(decoded.packet.data);
  round_trip<Revalidated>(decoded.packet.data);
  if (decoded.packet.data) {
    const auto touched = decode_session_timeouts(*decoded.packet.data);
    fuzz::require(touched.size() == decoded.packet.data->size() / SessionTimeout::kSize,
                  "every whole entry is taken");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  while (true) {
    const auto decoded = decode_packet(bytes, kLengthMax);
    if (!decoded) break;
    if (!*decoded) {
      fuzz::require(bytes.size() < kPacketMax, "what is waited for is bounded");
      break;
    }
    check(**decoded, bytes);
    bytes.remove_prefix((*decoded)->size);
  }
  return 0;
}
