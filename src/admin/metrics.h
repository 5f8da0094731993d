#pragma once
// What a server has measured, under the names that ZooKeeper gives it, and the list of all names.
// The server room fills a MetricSet; `mntr`, `monitor` and /metrics print it (monitor.h,
// prometheus.h).

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/distribution.h"

namespace drover::admin {

// A name, and for a member of a set its key (a server's number); else the key is empty.
using MetricName = std::pair<std::string, std::string>;

class MetricSet {
 public:
  // Of the same name from several threads: the sum, or all values together.
  void count(std::string_view name, std::int64_t value, std::string_view key = {}) {
    counters_[name_of(name, key)] += value;
  }
  void distribution(std::string_view name, const base::Distribution& values,
                    std::string_view key = {}) {
    distributions_[name_of(name, key)].merge(values);
  }
  // Of Drover's own: a number that goes up and down; from several threads the sum.
  void gauge(std::string_view name, std::int64_t value, std::string_view key = {}) {
    gauges_[name_of(name, key)] += value;
  }

  [[nodiscard]] const std::map<MetricName, std::int64_t>& counters() const { return counters_; }
  [[nodiscard]] const std::map<MetricName, std::int64_t>& gauges() const { return gauges_; }
  [[nodiscard]] const std::map<MetricName, base::Distribution>& distributions() const {
    return distributions_;
  }

 private:
  static MetricName name_of(std::string_view name, std::string_view key) {
    return {std::string(name), std::string(key)};
  }
  std::map<MetricName, std::int64_t> counters_, gauges_;
  std::map<MetricName, base::Distribution> distributions_;
};

enum class MetricKind : std::uint8_t {
  kCounter,
  kBasic,        // summary: avg, min, max, cnt, sum
  kAdvanced,     // and p50, p95, p99, p999
  kBasicSet,     // a summary per key
  kAdvancedSet,  // likewise
  kCounterSet,
  kGauge,     // Drover's own
  kGaugeSet,  // likewise
};

struct MetricInfo {
  std::string_view name;
  MetricKind kind = MetricKind::kCounter;
  // For people, one line. Of what never moves here: why.
  std::string_view help;
  bool constant = false;
};

// Every counter, summary and set: Apache's first, then Drover's own (`drover_...`). The gauges that
// come from the state of the server are in monitor.h.
[[nodiscard]] const std::vector<MetricInfo>& metric_catalog();

}  // namespace drover::admin
