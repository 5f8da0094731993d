#include "admin/monitor.h"

#include <fmt/format.h>

#include <iterator>

#include "admin/four_letter.h"

namespace drover::admin {

std::string monitor(const StatusView& view) {
  std::string text;
  const auto line = [&text](std::string_view name, const auto& value) {
    fmt::format_to(std::back_inserter(text), "zk_{}\t{}\n", name, value);
  };
  line("version", view.version);
  line("server_state", view.mode);
  if (view.ensemble) line("peer_state", view.ensemble->peer_state);
  line("avg_latency", java_double(view.latency_ms.average()));
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
  line("local_sessions", 0);
  line("open_file_descriptor_count", view.open_file_descriptors);
  line("max_file_descriptor_count", view.file_descriptors_max);
  line("connection_drop_probability", java_double(0));
  // What only TLS, authentication statistics or the response sizes of a JVM could fill.
  for (const auto* name : {"auth_failed_count", "outstanding_tls_handshake",
                           "non_mtls_local_conn_count", "non_mtls_remote_conn_count"}) {
    line(name, 0);
  }
  for (const auto* name :
       {"last_client_response_size", "max_client_response_size", "min_client_response_size"}) {
    line(name, -1);
  }
  if (view.ensemble) {
    line("quorum_size", view.ensemble->quorum_size);
    if (const auto& leader = view.ensemble->leader) {
      line("learners", leader->learners);
      line("synced_followers", leader->synced_followers);
      line("synced_non_voting_followers", leader->synced_non_voting_followers);
      line("synced_observers", leader->synced_observers);
      line("pending_syncs", 0);  // a sync is answered in the order of txns, none is kept aside
      line("leader_uptime", leader->uptime_ms);
      line("last_proposal_size", leader->proposal_bytes_last);
      line("min_proposal_size", leader->proposal_bytes_min);
      line("max_proposal_size", leader->proposal_bytes_max);
    }
  }
  for (const auto& [name, value] : view.counters) line(name, value);
  for (const auto& [name, summary] : view.summaries) {
    line("avg_" + name, java_double(summary.average()));
    line("min_" + name, summary.min);
    line("max_" + name, summary.max);
    line("cnt_" + name, summary.count);
    line("sum_" + name, summary.sum);
  }
  return text;
}

}  // namespace drover::admin
