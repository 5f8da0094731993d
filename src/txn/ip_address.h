#pragma once
// Addresses as ACLs of scheme ip spell them: "10.0.0.0/8", "fe80::1", never host names.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace drover::txn {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  int size = 0;  // 4 or 16

  // Dotted quad, or IPv6 in hex groups, full or with "::" (no embedded IPv4, no zone).
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
};

// An address and how many of its leading bits count; all when none are given.
struct IpRange {
  IpAddress address;
  int bits = 0;

  [[nodiscard]] static std::optional<IpRange> parse(std::string_view text);
  // False for the other family.
  [[nodiscard]] bool contains(const IpAddress& other) const;
};

}  // namespace drover::txn
