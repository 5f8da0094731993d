#include "zab/notification.h"

#include <fmt/format.h>

#include "wire/jute_reader.h"
#include "wire/jute_writer.h"
#include "zab/ensemble_config.h"

namespace drover::zab {

namespace {

// Sizes of what ancient servers send; newer ones are longer.
constexpr std::size_t kWithoutEpoch = 28;
constexpr std::size_t kWithoutConfig = 40;

constexpr std::int64_t kInitialV1 = -65536;
constexpr std::int64_t kInitialV2 = -65535;  // several addresses, with | between them
constexpr std::int32_t kAddressBytesMax = 2048;
constexpr std::int64_t kNoSid = INT64_MAX;

}  // namespace

void Notification::encode(base::ByteBuffer& buffer) const {
  wire::JuteWriter out(buffer);
  out.write_int(static_cast<std::int32_t>(state));
  out.write_long(vote.leader.value);
  out.write_long(vote.zxid.value);
  out.write_long(vote.round);
  out.write_long(vote.peer_epoch);
  out.write_int(2);
  out.write_string(config);
}

std::optional<Notification> Notification::decode(std::string_view bytes) {
  wire::JuteReader in(bytes);
  Notification result;
  const auto state = in.read_int();
  if (state < 0 || state > static_cast<std::int32_t>(Role::kObserving)) return std::nullopt;
  result.state = static_cast<Role>(state);
  result.vote.leader = ServerId(in.read_long());
  result.vote.zxid = Zxid(in.read_long());
  result.vote.round = in.read_long();
  result.version = 0;
  if (bytes.size() == kWithoutEpoch) {
    result.vote.peer_epoch = result.vote.zxid.epoch();
    return result;
  }
  result.vote.peer_epoch = in.read_long();
  const auto version = in.read_int();
  if (!in.ok()) return std::nullopt;
  // Java does not look at the version when nothing follows it.
  if (bytes.size() == kWithoutConfig) return result;
  result.version = version;
  if (version > 1) {
    const auto config = in.read_bytes();
    if (!config) return std::nullopt;
    result.config = *config;
  }
  return result;
}

void InitialMessage::encode(ServerId sid, const std::string& host, std::uint16_t port,
                            base::ByteBuffer& buffer) {
  wire::JuteWriter out(buffer);
  out.write_long(kInitialV1);
  out.write_long(sid.value);
  out.write_string(Address{host, port}.text());
}

Result<std::optional<InitialMessage::Decoded>> InitialMessage::decode(std::string_view bytes) {
  using Answer = std::optional<Decoded>;
  wire::JuteReader in(bytes);
  const auto version = in.read_long();
  if (!in.ok()) return Answer();
  Decoded decoded;
  if (version >= 0) {  // 3.4: the sid itself, and nothing else
    decoded.message = {ServerId(version), {}, 0, version != kNoSid};
    decoded.size = 8;
    return Answer(std::move(decoded));
  }
  if (version != kInitialV1 && version != kInitialV2) {
    return failure(fmt::format("unknown version {} of the first message", version));
  }
  const auto sid = in.read_long();
  const auto length = in.read_int();
  if (!in.ok()) return Answer();
  if (length < 1 || length > kAddressBytesMax) {
    return failure(fmt::format("sid {} sends an address of {} bytes, not of 1..{}", sid, length,
                               kAddressBytesMax));
  }
  if (in.remaining() < static_cast<std::size_t>(length)) return Answer();

  decoded.message = {ServerId(sid), {}, 0, sid != kNoSid};
  decoded.size = 20 + static_cast<std::size_t>(length);
  auto text = in.rest().substr(0, static_cast<std::size_t>(length));
  while (true) {
    const auto bar = version == kInitialV2 ? text.find('|') : std::string_view::npos;
    auto address = Address::parse(text.substr(0, bar));
    if (!address)
      return failure(fmt::format("sid {} sends an address without a host or port", sid));
    if (decoded.message.host.empty() && !address->is_wildcard()) {
      decoded.message.host = std::move(address->host);
      decoded.message.port = address->port;
    }
    if (bar == std::string_view::npos) return Answer(std::move(decoded));
    text.remove_prefix(bar + 1);
  }
}

}  // namespace drover::zab
