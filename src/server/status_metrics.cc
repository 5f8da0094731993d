#include "server/status_metrics.h"

#include <array>
#include <string>
#include <utility>

namespace drover::server {

namespace {

using wire::OpCode;

// As Apache 3.10 groups them.
constexpr auto kOpCounts = std::to_array<std::pair<OpCode, const char*>>({
    {OpCode::kAddWatch, "op_count_add_watch"},
    {OpCode::kCheck, "op_count_check"},
    {OpCode::kCheckWatches, "op_count_check_watches"},
    {OpCode::kCloseSession, "op_count_close_session"},
    {OpCode::kCreate, "op_count_create"},
    {OpCode::kCreate2, "op_count_create"},
    {OpCode::kCreateContainer, "op_count_create"},
    {OpCode::kCreateTtl, "op_count_create"},
    {OpCode::kCreateSession, "op_count_create_session"},
    {OpCode::kDelete, "op_count_delete"},
    {OpCode::kDeleteContainer, "op_count_delete"},
    {OpCode::kExists, "op_count_exists"},
    {OpCode::kGetAcl, "op_count_get_acl"},
    {OpCode::kGetAllChildrenNumber, "op_count_get_all_children_number"},
    {OpCode::kGetChildren, "op_count_get_children"},
    {OpCode::kGetChildren2, "op_count_get_children"},
    {OpCode::kGetData, "op_count_get_data"},
    {OpCode::kGetEphemerals, "op_count_get_ephemerals"},
    {OpCode::kMulti, "op_count_multi"},
    {OpCode::kMultiRead, "op_count_multi_read"},
    {OpCode::kPing, "op_count_ping"},
    {OpCode::kReconfig, "op_count_reconfig"},
    {OpCode::kRemoveWatches, "op_count_remove_watches"},
    {OpCode::kSetAcl, "op_count_set_acl"},
    {OpCode::kSetData, "op_count_set_data"},
    {OpCode::kSetWatches, "op_count_set_watches"},
    {OpCode::kSetWatches2, "op_count_set_watches"},
    {OpCode::kSync, "op_count_sync"},
    {OpCode::kWhoAmI, "op_count_who_am_i"},
});

}  // namespace

void fill_metrics_of_reactor(Reactor& reactor, admin::MetricSet& metrics) {
  const lane::LaneProbe& lane = reactor.lane().probe();
  const ReactorProbe& probe = reactor.probe();
  metrics.count("bytes_received_count", probe.bytes_received);
  metrics.count("connection_request_count", lane.handshakes);
  metrics.count("drover_connections_accepted_total", probe.connections_accepted);
  metrics.count("connection_drop_count", probe.connections_dropped);
  metrics.count("connection_revalidate_count", lane.revalidations);
  metrics.count("sessionless_connections_expired", lane.sessionless_expired);
  metrics.count("cnxn_closed_without_zk_server_running", lane.refused_not_serving);
  metrics.count("stale_replies", lane.stale_replies);
  metrics.count("ensemble_auth_success", lane.ensemble_auth_ok);
  metrics.count("ensemble_auth_fail", lane.ensemble_auth_failed);
  metrics.count("ensemble_auth_skip", lane.ensemble_auth_skipped);
  metrics.count("response_bytes", lane.response_bytes);
  metrics.count("watch_bytes", lane.watch_bytes);
  metrics.distribution("readlatency", lane.read_ms);
  metrics.distribution("updatelatency", lane.update_ms);
  metrics.distribution("node_created_watch_count", lane.created_watches);
  metrics.distribution("node_deleted_watch_count", lane.deleted_watches);
  metrics.distribution("node_changed_watch_count", lane.changed_watches);
  metrics.distribution("node_children_watch_count", lane.children_watches);
  base::Distribution deficit;
  deficit.add(0, lane.handshakes);
  metrics.distribution("connection_token_deficit", deficit);
  for (const auto& [op, name] : kOpCounts)
    metrics.count(name, lane.ops[lane::LaneProbe::op_index(op)]);
  metrics.count("op_count_total", lane.latency_count);

  const std::string key = std::to_string(reactor.index());
  metrics.gauge("drover_lane_outstanding_requests", lane.outstanding, key);
  metrics.gauge("drover_lane_connections", static_cast<std::int64_t>(reactor.clients_count()), key);
  std::int64_t output = 0;
  reactor.for_each_client([&output](const Client& client) {
    output += static_cast<std::int64_t>(client.lane->output.size());
  });
  metrics.gauge("drover_memory_bytes", output, "output");
}

void fill_metrics_of_runner(const RunnerProbe& probe, admin::MetricSet& metrics) {
  metrics.count("prep_processor_request_queued", probe.requests);
  metrics.count("outstanding_changes_queued", probe.txns_came);
  metrics.count("outstanding_changes_removed", probe.txns_applied);
  metrics.distribution("prep_processor_queue_size", probe.queue_requests);
  metrics.distribution("prep_processor_queue_time_ms", probe.queue_ms);
  metrics.distribution("prep_process_time", probe.process_ms);
  metrics.distribution("propagation_latency", probe.propagation_ms);
  metrics.distribution("drover_apply_microseconds", probe.apply_us);
  metrics.distribution("drover_apply_txns", probe.apply_txns);
}

void fill_metrics_of_peer(const PeerProbe& probe, const std::optional<zab::LeaderProbe>& leader,
                          admin::MetricSet& metrics) {
  metrics.count("looking_count", probe.looking);
  metrics.count("proposal_count", probe.proposals);
  metrics.count("commit_count", probe.commits);
  metrics.count("learner_proposal_received_count", probe.learner_proposals);
  metrics.count("learner_commit_received_count", probe.learner_commits);
  metrics.distribution("election_time", probe.election_ms);
  metrics.distribution("follower_sync_time", probe.follower_sync_ms);
  metrics.distribution("observer_sync_time", probe.observer_sync_ms);
  metrics.distribution("unavailable_time", probe.unavailable_ms);
  metrics.distribution("leader_unavailable_time", probe.leader_unavailable_ms);
  metrics.distribution("proposal_latency", probe.proposal_ms);
  metrics.distribution("proposal_ack_creation_latency", probe.ack_creation_ms);
  if (!leader) return;
  metrics.count("diff_count", leader->diffs);
  metrics.count("snap_count", leader->snapshots);
  metrics.distribution("inflight_diff_count", leader->inflight_diffs);
  metrics.distribution("inflight_snap_count", leader->inflight_snapshots);
  metrics.distribution("quorum_ack_latency", leader->quorum_ack_ms);
  for (const auto& [sid, values] : leader->ack_ms)
    metrics.distribution("ack_latency", values, std::to_string(sid.value));
}

void fill_metrics_of_files(const DiskProbe& disk, const SnapshotProbe& snapshot,
                           admin::MetricSet& metrics) {
  metrics.count("snapshot_error_count", snapshot.errors);
  metrics.count("sync_processor_request_queued", disk.txns);
  metrics.count("drover_log_bytes_total", disk.bytes);
  metrics.distribution("snapshottime", snapshot.snapshot_ms);
  metrics.distribution("fsynctime", disk.sync_ms);
  metrics.distribution("sync_processor_queue_size", disk.queue_size);
  metrics.distribution("sync_processor_batch_size", disk.batch_size);
  metrics.distribution("sync_process_time", disk.process_ms);
  metrics.distribution("sync_processor_queue_time_ms", disk.queue_ms);
  metrics.distribution("sync_processor_queue_flush_time_ms", disk.sync_ms);
  metrics.distribution("sync_processor_queue_and_flush_time_ms", disk.queue_and_sync_ms);
  metrics.distribution("drover_fsync_microseconds", disk.sync_us);
  metrics.distribution("drover_log_append_microseconds", disk.append_us);
  metrics.distribution("drover_snapshot_hold_microseconds", snapshot.hold_us);
  metrics.gauge("drover_log_queue_txns", disk.waiting);
}

}  // namespace drover::server
