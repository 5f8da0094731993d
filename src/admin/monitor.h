#pragma once
// `mntr`, the admin port's `monitor` and /metrics: every gauge, counter and summary by the name
// that ZooKeeper gives it. This room alone knows these names.

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

// The gauges that the state of the server gives, in the order of `mntr`.
[[nodiscard]] std::vector<MetricLine> state_gauges(const StatusView& view);

[[nodiscard]] std::vector<MetricLine> monitor_lines(const StatusView& view);

// Lines `zk_<name>\t<value>\n`.
[[nodiscard]] std::string monitor(const StatusView& view);

// The text that a Prometheus server scrapes (format 0.0.4), with Apache's names: counters as 3.9
// calls them and as 3.10 does (`_total`), summaries with the quantiles of both.
[[nodiscard]] std::string prometheus_text(const StatusView& view);

}  // namespace drover::admin
