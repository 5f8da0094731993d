#pragma once
// StatusView -> `mntr`, the lines that monitoring systems read.

#include <string>

#include "admin/status_view.h"

namespace drover::admin {

// Lines `zk_<name>\t<value>`.
[[nodiscard]] std::string monitor(const StatusView& view);

// ZooKeeper counts the root twice; every dashboard is used to it.
[[nodiscard]] inline std::int64_t shown_node_count(const StatusView& view) {
  return view.node_count + 1;
}

}  // namespace drover::admin
