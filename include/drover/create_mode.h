#pragma once
// Kinds of znode, by the flag numbers that create requests carry (CreateMode).

#include <cstdint>

namespace drover {

enum class CreateMode : std::int32_t {
  kPersistent = 0,
  kEphemeral = 1,
  kPersistentSequential = 2,
  kEphemeralSequential = 3,
  kContainer = 4,
  kPersistentWithTtl = 5,
  kPersistentSequentialWithTtl = 6,
};

[[nodiscard]] constexpr bool is_create_mode(std::int32_t flags) {
  return flags >= 0 && flags <= 6;
}

[[nodiscard]] constexpr bool is_sequential(CreateMode mode) {
  return mode == CreateMode::kPersistentSequential || mode == CreateMode::kEphemeralSequential ||
         mode == CreateMode::kPersistentSequentialWithTtl;
}

[[nodiscard]] constexpr bool is_ephemeral(CreateMode mode) {
  return mode == CreateMode::kEphemeral || mode == CreateMode::kEphemeralSequential;
}

[[nodiscard]] constexpr bool has_ttl(CreateMode mode) {
  return mode == CreateMode::kPersistentWithTtl || mode == CreateMode::kPersistentSequentialWithTtl;
}

}  // namespace drover
