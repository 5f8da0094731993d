#pragma once
// From the probes of the rooms to the metrics that operators see.

#include <optional>

#include "admin/metrics.h"
#include "server/disk_thread.h"
#include "server/peer_runner.h"
#include "server/reactor.h"
#include "server/runner_probe.h"
#include "server/snapshot_thread.h"
#include "zab/leader.h"

namespace drover::server {

void fill_metrics_of_reactor(Reactor& reactor, admin::MetricSet& metrics);  // on its thread
void fill_metrics_of_runner(const RunnerProbe& probe, admin::MetricSet& metrics);
void fill_metrics_of_peer(const PeerProbe& probe, const std::optional<zab::LeaderProbe>& leader,
                          admin::MetricSet& metrics);
void fill_metrics_of_files(const DiskProbe& disk, const SnapshotProbe& snapshot,
                           admin::MetricSet& metrics);

}  // namespace drover::server
