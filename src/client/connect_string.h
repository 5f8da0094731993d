#pragma once
// host[:port][,host[:port]...][/chroot], by the rules of the Java client: blanks around parts are
// dropped, so are empty parts; the port defaults to 2181; IPv6 addresses with a port stand in
// brackets.

#include <drover/result.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drover::client {

inline constexpr std::uint16_t kDefaultClientPort = 2181;

struct HostPort {
  std::string host;  // name or address, without brackets
  std::uint16_t port = kDefaultClientPort;
  friend bool operator==(const HostPort&, const HostPort&) = default;
};

struct ConnectString {
  std::vector<HostPort> hosts;  // as written, at least one
  std::string chroot;           // empty, or a good path other than "/"
};

// kBadArguments with a sentence that names the part that is wrong.
[[nodiscard]] Result<ConnectString> parse_connect_string(std::string_view text);

}  // namespace drover::client
