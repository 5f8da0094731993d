#pragma once
// Which containers and TTL znodes are due to go (ContainerManager): looked for at intervals, handed
// out at a limited pace, checked again at that moment.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "tree/tree.h"

namespace drover::replica {

struct ReaperOptions {
  std::int64_t check_interval_ms = 60000;
  std::int64_t max_per_minute = 10000;
  std::int64_t max_never_used_ms = 0;  // 0: a container that never had a child stays
};

class Reaper {
 public:
  // Requires check_interval_ms and max_per_minute above 0.
  Reaper(const ReaperOptions& options, base::Instant now);

  [[nodiscard]] base::Instant next_deadline() const;
  // Paths to delete now.
  [[nodiscard]] std::vector<std::string> due(const tree::Tree& tree, base::Instant now,
                                             base::WallTime wall);

 private:
  [[nodiscard]] bool is_due(const tree::Tree& tree, tree::NodeId node, base::WallTime wall) const;
  void look(const tree::Tree& tree, base::WallTime wall);

  ReaperOptions options_;
  std::chrono::nanoseconds pace_;  // between two deletes
  base::Instant next_look_;
  base::Instant next_delete_;            // meaningful while there are candidates
  std::vector<std::string> candidates_;  // from the back; paths, since node ids may be reused
};

}  // namespace drover::replica
