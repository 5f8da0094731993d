#pragma once
// A znode's metadata as snapshots store it (StatPersisted, 60 bytes, in this order).

#include <cstdint>

namespace drover::wire {

// Field meanings as in drover::Stat but for two: cversion counts creates only (clients see
// 2 * cversion - num_children), ephemeral_owner also encodes containers and TTLs
// (tree/node_stat.h).
struct StatPersisted {
  std::int64_t czxid = 0;
  std::int64_t mzxid = 0;
  std::int64_t ctime = 0;
  std::int64_t mtime = 0;
  std::int32_t version = 0;
  std::int32_t cversion = 0;
  std::int32_t aversion = 0;
  std::int64_t ephemeral_owner = 0;
  std::int64_t pzxid = 0;
  friend bool operator==(const StatPersisted&, const StatPersisted&) = default;
};

}  // namespace drover::wire
