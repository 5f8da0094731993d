#pragma once
// A znode's metadata in its stored form (StatPersisted) and the codes hidden in ephemeralOwner.

#include <cstdint>

namespace drover::tree {

// Field meanings as in drover::Stat but for two: cversion counts creates only (clients see
// 2 * cversion - num_children), ephemeral_owner also encodes containers and TTLs.
struct NodeStat {
  std::int64_t czxid = 0;
  std::int64_t mzxid = 0;
  std::int64_t ctime = 0;
  std::int64_t mtime = 0;
  std::int32_t version = 0;
  std::int32_t cversion = 0;
  std::int32_t aversion = 0;
  std::int64_t ephemeral_owner = 0;
  std::int64_t pzxid = 0;
  friend bool operator==(const NodeStat&, const NodeStat&) = default;
};

enum class NodeKind { kPersistent, kEphemeral, kContainer, kTtl };

inline constexpr std::int64_t kContainerOwner = INT64_MIN;
inline constexpr std::int64_t kTtlMsMax = 0xffffffffffLL;

[[nodiscard]] constexpr std::int64_t ttl_owner(std::int64_t ttl_ms) {
  return static_cast<std::int64_t>(0xff00000000000000ULL | static_cast<std::uint64_t>(ttl_ms));
}
[[nodiscard]] constexpr std::int64_t ttl_ms_of(std::int64_t owner) { return owner & kTtlMsMax; }

// EphemeralType.get, with extended types always recognised: treating a stored TTL owner as a session
// would delete the znode at start (docs/decisions). No real session id has 0xff as its top byte with a zero
// feature field, as server ids stop at 254.
[[nodiscard]] constexpr NodeKind kind_of(std::int64_t owner) {
  if (owner == 0) return NodeKind::kPersistent;
  if (owner == kContainerOwner) return NodeKind::kContainer;
  if ((static_cast<std::uint64_t>(owner) >> 40) == 0xff0000) return NodeKind::kTtl;
  return NodeKind::kEphemeral;
}

}  // namespace drover::tree
