#pragma once
// A znode's metadata in its stored form (StatPersisted) and the codes hidden in ephemeralOwner.

#include <cstdint>

#include "wire/stat_persisted.h"

namespace drover::tree {

using NodeStat = wire::StatPersisted;

enum class NodeKind { kPersistent, kEphemeral, kContainer, kTtl };

inline constexpr std::int64_t kContainerOwner = INT64_MIN;
inline constexpr std::int64_t kTtlMsMax = 0xffffffffffLL;

[[nodiscard]] constexpr std::int64_t ttl_owner(std::int64_t ttl_ms) {
  return static_cast<std::int64_t>(0xff00000000000000ULL | static_cast<std::uint64_t>(ttl_ms));
}
[[nodiscard]] constexpr std::int64_t ttl_ms_of(std::int64_t owner) {
  return owner & kTtlMsMax;
}

// EphemeralType.get, with extended types always recognised: treating a stored TTL owner as a
// session would delete the znode at start (docs/decisions). No real session id has 0xff as its top
// byte with a zero feature field, as server ids stop at 254.
[[nodiscard]] constexpr NodeKind kind_of(std::int64_t owner) {
  if (owner == 0) return NodeKind::kPersistent;
  if (owner == kContainerOwner) return NodeKind::kContainer;
  if ((static_cast<std::uint64_t>(owner) >> 40) == 0xff0000) return NodeKind::kTtl;
  return NodeKind::kEphemeral;
}

// TTL znodes that came and went, since the tree was made.
struct TtlChanges {
  std::int64_t created = 0, deleted = 0;
};

}  // namespace drover::tree
