#pragma once
// From Config to the options of each room.

#include "admin/status_view.h"
#include "replica/replica.h"
#include "server/config.h"
#include "server/disk_thread.h"
#include "server/reactor.h"
#include "server/snapshot_thread.h"
#include "storage/data_dir.h"
#include "txn/auth.h"

namespace drover::server {

[[nodiscard]] txn::AuthOptions auth_options(const Config& config);
[[nodiscard]] ReactorOptions reactor_options(const Config& config, std::uint32_t index);
[[nodiscard]] replica::ReplicaOptions replica_options(const Config& config);
[[nodiscard]] DiskThreadOptions disk_options(const Config& config, const storage::DataDir& dir);
[[nodiscard]] SnapshotThreadOptions snapshot_options(const Config& config,
                                                     const storage::DataDir& dir);
[[nodiscard]] admin::ConfView conf_view(const Config& config, const storage::DataDir& dir,
                                        std::uint16_t port);

}  // namespace drover::server
