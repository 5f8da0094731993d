#pragma once
// /console/api/...: what the web console asks. docs/console_api.md is the contract.

#include <cstdint>
#include <vector>

#include "server/admin_pages.h"
#include "server/console_lane.h"
#include "server/disk_thread.h"
#include "server/peer_runner.h"
#include "session/session_table.h"

namespace drover::server {

struct ConsoleSources {
  PageSources pages;
  ConsoleLane& lane;
  std::vector<Reactor*> reactors;         // [0] is the replica's
  const session::SessionTable& sessions;  // reactor 0's thread only
  DiskThread& disk;
  storage::Disk& files;  // its folders are read, nothing else
  std::string log_dir;
  PeerRunner* peer = nullptr;  // of an ensemble's member; reactor 0's thread only
  std::vector<std::string> enforced_auth_schemes{};  // empty: enforce.auth.enabled=false
  std::int32_t length_max = 0;                       // of one string or buffer, bytes
  std::int32_t frame_size_max = 0;  // of a client's request (jute.maxbuffer), bytes
};

void add_console_api(net::HttpRouter& routes, const ConsoleSources& sources);

}  // namespace drover::server
