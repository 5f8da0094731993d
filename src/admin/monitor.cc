#include "admin/monitor.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "admin/four_letter.h"

namespace drover::admin {

namespace {
// To four places, half up, as Apache's averages.
double rounded(double value) {
  return std::floor(value * 10000 + 0.5) / 10000;
}
}  // namespace

std::vector<MetricLine> monitor_lines(const StatusView& view) {
  std::vector<MetricLine> lines;
  const auto line = [&lines](std::string_view name, MetricValue value) {
    lines.push_back({std::string(name), std::move(value)});
  };
  line("version", view.version);
  line("server_state", view.mode);
  if (view.ensemble) line("peer_state", view.ensemble->peer_state);
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
  // What only TLS, authentication statistics could fill.
  for (const auto* name : {"auth_failed_count", "outstanding_tls_handshake",
                           "non_mtls_local_conn_count", "non_mtls_remote_conn_count"}) {
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
      line("pending_syncs",
           std::int64_t{0});  // a sync is answered in the order of txns, none is kept aside
      line("leader_uptime", leader->uptime_ms);
      line("last_proposal_size", leader->proposal_bytes_last);
      line("min_proposal_size", leader->proposal_bytes_min);
      line("max_proposal_size", leader->proposal_bytes_max);
    }
  }
  for (const auto& [name, value] : view.counters) line(name, value);
  for (const auto& [name, summary] : view.summaries) {
    line("avg_" + name, rounded(summary.average()));
    line("min_" + name, summary.min);
    line("max_" + name, summary.max);
    line("cnt_" + name, summary.count);
    line("sum_" + name, summary.sum);
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

}  // namespace drover::admin
