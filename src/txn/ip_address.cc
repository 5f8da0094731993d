#include "txn/ip_address.h"

#include <algorithm>
#include <charconv>

namespace drover::txn {

namespace {

// All of `text` as a number of `base` in [0, max].
std::optional<int> parse_number(std::string_view text, int base, int max) {
  if (text.empty() || text.front() == '-') return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

// Cuts the part before the first `separator` off `rest`; `more` says whether there was one.
std::string_view next_part(std::string_view& rest, char separator, bool& more) {
  const std::size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  more = at != std::string_view::npos;
  rest = more ? rest.substr(at + 1) : std::string_view();
  return part;
}

std::optional<IpAddress> parse_v4(std::string_view text) {
  IpAddress address;
  address.size = 4;
  bool more = true;
  for (std::size_t i = 0; i < 4; ++i) {
    if (!more) return std::nullopt;
    const auto octet = parse_number(next_part(text, '.', more), 10, 255);
    if (!octet) return std::nullopt;
    address.bytes[i] = static_cast<std::uint8_t>(*octet);
  }
  if (more) return std::nullopt;
  return address;
}

// Colon-separated groups of one to four hex digits; how many, or nullopt. Empty text has none.
std::optional<int> parse_groups(std::string_view text, std::uint8_t* out, int groups_max) {
  if (text.empty()) return 0;
  int groups = 0;
  for (bool more = true; more; ++groups) {
    const std::string_view part = next_part(text, ':', more);
    const auto group = parse_number(part, 16, 0xffff);
    if (!group || part.size() > 4 || groups == groups_max) return std::nullopt;
    *out++ = static_cast<std::uint8_t>(*group >> 8);
    *out++ = static_cast<std::uint8_t>(*group & 0xff);
  }
  return groups;
}

std::optional<IpAddress> parse_v6(std::string_view text) {
  constexpr int kGroups = 8;
  IpAddress address;
  address.size = 16;
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    const auto groups = parse_groups(text, address.bytes.data(), kGroups);
    return groups == kGroups ? std::optional(address) : std::nullopt;
  }
  std::array<std::uint8_t, 16> tail{};
  const auto before = parse_groups(text.substr(0, gap), address.bytes.data(), kGroups - 1);
  const auto after = parse_groups(text.substr(gap + 2), tail.data(), kGroups - 1);
  if (!before || !after || *before + *after >= kGroups) return std::nullopt;
  const auto tail_end = tail.begin() + *after * 2;
  std::copy_backward(tail.begin(), tail_end, address.bytes.end());
  return address;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  return text.find(':') == std::string_view::npos ? parse_v4(text) : parse_v6(text);
}

std::optional<IpRange> IpRange::parse(std::string_view text) {
  bool has_bits = false;
  const auto address = IpAddress::parse(next_part(text, '/', has_bits));
  if (!address) return std::nullopt;
  const auto bits = has_bits ? parse_number(text, 10, address->size * 8) : address->size * 8;
  if (!bits) return std::nullopt;
  return IpRange{*address, *bits};
}

bool IpRange::contains(const IpAddress& other) const {
  if (other.size != address.size) return false;
  for (int bit = 0; bit < bits; bit += 8) {
    const auto i = static_cast<std::size_t>(bit / 8);
    const int counted = bits - bit < 8 ? bits - bit : 8;
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - counted));
    if (((address.bytes[i] ^ other.bytes[i]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace drover::txn
