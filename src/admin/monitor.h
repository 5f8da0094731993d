#pragma once
// `mntr` and the admin port's `monitor`: every gauge, counter and summary by the name that
// ZooKeeper gives it. This room alone knows these names.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "admin/status_view.h"

namespace drover::admin {

using MetricValue = std::variant<std::int64_t, double, std::string>;

struct MetricLine {
  std::string name;  // without `zk_`
  MetricValue value;
};

// ZooKeeper counts the root twice; every dashboard is used to it.
[[nodiscard]] inline std::int64_t shown_node_count(const StatusView& view) {
  return view.node_count + 1;
}

[[nodiscard]] std::vector<MetricLine> monitor_lines(const StatusView& view);

// Lines `zk_<name>\t<value>\n`.
[[nodiscard]] std::string monitor(const StatusView& view);

}  // namespace drover::admin
