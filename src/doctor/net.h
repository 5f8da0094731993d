#pragma once
// The doctor's look at the network: names of members, their ports, this server's own ports, and
// what clocks can be seen.

#include <chrono>

#include "doctor/disk.h"
#include "file_tools/finding.h"
#include "server/config.h"

namespace drover::doctor {

struct NetOptions {
  std::chrono::milliseconds timeout{1000};  // for each name and for each port
};

[[nodiscard]] file_tools::Findings check_net(const server::Config& config,
                                             const RunningServer& running,
                                             const NetOptions& options);

}  // namespace drover::doctor
