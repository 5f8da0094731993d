#pragma once
// From Config to the options of each room.

#include <functional>
#include <string>

#include "admin/status_view.h"
#include "replica/peer.h"
#include "server/config.h"
#include "server/console_lane.h"
#include "server/disk_thread.h"
#include "server/live_restore.h"
#include "server/peer_disk.h"
#include "server/peer_links.h"
#include "server/reactor.h"
#include "server/snapshot_thread.h"
#include "storage/data_dir.h"
#include "txn/auth.h"

namespace drover::server {

[[nodiscard]] txn::AuthOptions auth_options(const Config& config);
[[nodiscard]] ReactorOptions reactor_options(const Config& config, std::uint32_t index);
[[nodiscard]] ConsoleLaneOptions console_lane_options(const Config& config);
[[nodiscard]] replica::ReplicaOptions replica_options(const Config& config);
[[nodiscard]] storage::RestoreOptions restore_options(const Config& config,
                                                      const storage::DataDir& dir);
// Of an ensemble's member. Require config.distributed().
[[nodiscard]] replica::PeerOptions peer_options(const Config& config);
[[nodiscard]] PeerLinksOptions peer_links_options(const Config& config);
[[nodiscard]] DiskThreadOptions disk_options(const Config& config, const storage::DataDir& dir);
[[nodiscard]] SnapshotThreadOptions snapshot_options(const Config& config,
                                                     const storage::DataDir& dir);
// Of a standalone server.
[[nodiscard]] LiveRestoreOptions live_restore_options(const Config& config,
                                                      const storage::DataDir& dir);
// Where uploads are put; what a crash leaves there goes at the next start.
[[nodiscard]] std::string upload_prefix(const storage::DataDir& dir);
// Whether a name in a Host header is this server's, for pages that a browser should not be led to
// by another: admin.allowedHosts, the machine's own name, and names that zoo.cfg has for it.
[[nodiscard]] std::function<bool(const std::string&)> own_hosts(const Config& config);
[[nodiscard]] admin::ConfView conf_view(const Config& config, const storage::DataDir& dir,
                                        std::uint16_t port);

}  // namespace drover::server
