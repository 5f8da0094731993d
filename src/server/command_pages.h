#pragma once
// /commands/...: Apache's AdminServer commands. What they show is in admin/commands; here is how
// they are asked for, and the four that do something: set_trace_mask, snapshot, restore,
// shed_connections.

#include <cstdint>
#include <string>
#include <vector>

#include "server/admin_pages.h"
#include "server/live_restore.h"
#include "server/snapshot_thread.h"

namespace drover::server {

struct CommandOptions {
  std::string url = "/commands";
  std::int64_t rate_limit_ms = 300'000;  // between two snapshots, and between two restores
  bool snapshot_enabled = true;
  bool restore_enabled = true;
  std::string upload_prefix;  // what the path of an uploaded snapshot begins with
};

// `live_restore`: null on a member of an ensemble.
void add_commands(net::HttpRouter& routes, const PageSources& sources,
                  const CommandOptions& options, SnapshotThread& snapshots,
                  LiveRestore* live_restore, std::vector<Reactor*> reactors);

}  // namespace drover::server
