#include "admin/monitor.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <iterator>

#include "admin/four_letter.h"
#include "admin/metrics.h"

namespace drover::admin {

namespace {
// To four places, half up, as Apache's averages.
double rounded(double value) {
  return std::floor(value * 10000 + 0.5) / 10000;
}
}  // namespace

std::vector<MetricLine> state_gauges(const StatusView& view) {
  std::vector<MetricLine> lines;
  const auto line = [&lines](std::string_view name, MetricValue value) {
    lines.push_back({std::string(name), std::move(value)});
  };
  line("avg_latency", rounded(view.latency_ms.average()));
  line("min_latency", view.latency_ms.min);
  line("max_latency", view.latency_ms.max);
  line("packets_received", view.packets_received);
  line("packets_sent", view.packets_sent);
  line("num_alive_connections", view.connections_count);
  line("outstanding_requests", view.outstanding);
  line("uptime", view.uptime_ms);
  line("znode_count", shown_node_count(view));
  line("watch_count", view.watch_count);
  line("ephemerals_count", view.ephemerals_count);
  line("approximate_data_size", view.approximate_data_size);
  line("global_sessions", view.sessions_count);
  line("local_sessions", std::int64_t{0});
  line("open_file_descriptor_count", view.open_file_descriptors);
  line("max_file_descriptor_count", view.file_descriptors_max);
  line("connection_drop_probability", 0.0);
  line("auth_failed_count", view.auth_failed);
  // What only TLS could fill.
  for (const auto* name :
       {"outstanding_tls_handshake", "non_mtls_local_conn_count", "non_mtls_remote_conn_count"}) {
    line(name, std::int64_t{0});
  }
  line("last_client_response_size", view.response_bytes_last);
  line("max_client_response_size", view.response_bytes_max);
  line("min_client_response_size", view.response_bytes_min);
  if (view.ensemble) {
    line("quorum_size", view.ensemble->quorum_size);
    if (const auto& leader = view.ensemble->leader) {
      line("learners", leader->learners);
      line("synced_followers", leader->synced_followers);
      line("synced_non_voting_followers", leader->synced_non_voting_followers);
      line("synced_observers", leader->synced_observers);
      line("pending_syncs", leader->pending_syncs);
      line("leader_uptime", leader->uptime_ms);
      line("last_proposal_size", leader->proposal_bytes_last);
      line("min_proposal_size", leader->proposal_bytes_min);
      line("max_proposal_size", leader->proposal_bytes_max);
    }
  }
  return lines;
}

namespace {

struct Part {
  std::string_view prefix;
  double quantile;
};
// What an advanced summary adds in `mntr`.
constexpr std::array kPercentiles{Part{"p50_", 0.5}, Part{"p95_", 0.95}, Part{"p99_", 0.99},
                                  Part{"p999_", 0.999}};

bool is_set(MetricKind kind) {
  return kind == MetricKind::kBasicSet || kind == MetricKind::kAdvancedSet ||
         kind == MetricKind::kCounterSet || kind == MetricKind::kGaugeSet;
}
bool is_advanced(MetricKind kind) {
  return kind == MetricKind::kAdvanced || kind == MetricKind::kAdvancedSet;
}
bool is_summary(MetricKind kind) {
  return is_advanced(kind) || kind == MetricKind::kBasic || kind == MetricKind::kBasicSet;
}
bool is_gauge(MetricKind kind) {
  return kind == MetricKind::kGauge || kind == MetricKind::kGaugeSet;
}

// Calls visit(key, value) for each member of a set, or once with an empty key; what was never
// measured is `none`.
template <typename Values, typename Visit>
void for_each_value(const Values& values, const MetricInfo& info,
                    const typename Values::mapped_type& none, Visit visit) {
  auto at = values.lower_bound(MetricName(info.name, ""));
  bool any = false;
  for (; at != values.end() && at->first.first == info.name; ++at, any = true) {
    visit(at->first.second, at->second);
  }
  if (!any && !is_set(info.kind)) visit(std::string(), none);
}

void add_summary(const std::string& name, const base::Distribution& values, bool advanced,
                 std::vector<MetricLine>& lines) {
  lines.push_back({"avg_" + name, rounded(values.average())});
  lines.push_back({"min_" + name, values.min()});
  lines.push_back({"max_" + name, values.max()});
  lines.push_back({"cnt_" + name, values.count()});
  lines.push_back({"sum_" + name, values.sum()});
  if (!advanced) return;
  for (const Part& part : kPercentiles) {
    lines.push_back({std::string(part.prefix) + name, values.quantile(part.quantile)});
  }
}

std::string keyed(const std::string& key, std::string_view name) {
  return key.empty() ? std::string(name) : fmt::format("{}_{}", key, name);
}

}  // namespace

std::vector<MetricLine> monitor_lines(const StatusView& view) {
  std::vector<MetricLine> lines;
  lines.push_back({"version", view.version});
  lines.push_back({"server_state", view.mode});
  if (view.ensemble) {
    lines.push_back({"peer_state", view.ensemble->peer_state});
    // Whom an observer follows.
    if (view.mode == "observer") lines.push_back({"observer_master_id", view.ensemble->leader_sid});
  }
  for (MetricLine& line : state_gauges(view)) lines.push_back(std::move(line));
  const base::Distribution none;
  for (const MetricInfo& info : metric_catalog()) {
    if (is_summary(info.kind)) {
      for_each_value(view.metrics.distributions(), info, none,
                     [&](const std::string& key, const base::Distribution& values) {
                       add_summary(keyed(key, info.name), values, is_advanced(info.kind), lines);
                     });
      continue;
    }
    for_each_value(is_gauge(info.kind) ? view.metrics.gauges() : view.metrics.counters(), info,
                   std::int64_t{0}, [&](const std::string& key, std::int64_t value) {
                     lines.push_back({keyed(key, info.name), value});
                   });
  }
  return lines;
}

std::string monitor(const StatusView& view) {
  std::string text;
  for (const MetricLine& line : monitor_lines(view)) {
    fmt::format_to(std::back_inserter(text), "zk_{}\t", line.name);
    if (const auto* number = std::get_if<double>(&line.value)) {
      text += java_double(*number);
    } else if (const auto* integer = std::get_if<std::int64_t>(&line.value)) {
      text += std::to_string(*integer);
    } else {
      text += *std::get_if<std::string>(&line.value);
    }
    text += '\n';
  }
  return text;
}

namespace {

using Text = std::back_insert_iterator<std::string>;

void head(Text out, std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(out, "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

std::string help_of(const MetricInfo& info) {
  return info.constant ? fmt::format("Never moves here: {}", info.help) : std::string(info.help);
}

// `{key="1",quantile="0.5"}`, or less of it.
std::string labels(const std::string& key, std::string_view quantile = {}) {
  std::string text;
  if (!key.empty()) text = fmt::format("key=\"{}\"", key);
  if (!quantile.empty())
    text += fmt::format("{}quantile=\"{}\"", text.empty() ? "" : ",", quantile);
  return text.empty() ? text : "{" + text + "}";
}

void summary(Text out, std::string_view name, const std::string& key,
             const base::Distribution& values, bool advanced) {
  const auto quantile = [&](std::string_view shown, double q) {
    if (values.count() == 0) {
      fmt::format_to(out, "{}{} NaN\n", name, labels(key, shown));
    } else {
      fmt::format_to(out, "{}{} {}\n", name, labels(key, shown), values.quantile(q));
    }
  };
  quantile("0.5", 0.5);
  if (advanced) {
    quantile("0.9", 0.9);
    quantile("0.95", 0.95);
    quantile("0.99", 0.99);
  }
  fmt::format_to(out, "{}_count{} {}\n{}_sum{} {}\n", name, labels(key), values.count(), name,
                 labels(key), values.sum());
}

void counter(Text out, const MetricInfo& info, std::string_view name,
             const std::map<MetricName, std::int64_t>& counters) {
  head(out, name, "counter", help_of(info));
  for_each_value(counters, info, std::int64_t{0}, [&](const std::string& key, std::int64_t value) {
    fmt::format_to(out, "{}{} {}\n", name, labels(key), value);
  });
}

}  // namespace

std::string prometheus_text(const StatusView& view) {
  std::string text;
  const Text out(text);
  std::vector<MetricLine> gauges = state_gauges(view);
  // Of an observer master: `mntr` hides it, as Apache's does.
  if (view.mode == "follower") gauges.push_back({"synced_observers", std::int64_t{0}});
  for (const MetricLine& line : gauges) {
    head(out, line.name, "gauge", line.name);
    std::visit([&](const auto& value) { fmt::format_to(out, "{} {}\n", line.name, value); },
               line.value);
  }
  const base::Distribution none;
  for (const MetricInfo& info : metric_catalog()) {
    if (is_summary(info.kind)) {
      head(out, info.name, "summary", help_of(info));
      for_each_value(view.metrics.distributions(), info, none,
                     [&](const std::string& key, const base::Distribution& values) {
                       summary(out, info.name, key, values, is_advanced(info.kind));
                     });
    } else if (is_gauge(info.kind)) {
      head(out, info.name, "gauge", help_of(info));
      for_each_value(view.metrics.gauges(), info, std::int64_t{0},
                     [&](const std::string& key, std::int64_t value) {
                       fmt::format_to(out, "{}{} {}\n", info.name, labels(key), value);
                     });
    } else {
      counter(out, info, info.name, view.metrics.counters());
      if (!info.name.ends_with("_total"))
        counter(out, info, fmt::format("{}_total", info.name), view.metrics.counters());
    }
  }
  for (const auto& [name, type, value] : view.process_metrics) {
    head(out, name, type, name);
    fmt::format_to(out, "{} {}\n", name, value);
  }
  return text;
}

}  // namespace drover::admin
