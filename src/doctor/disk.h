#pragma once
// The doctor's look at the folders: who may write there, how much room is left, on what they lie,
// who else is at work in them, and how long an fdatasync takes.

#include <chrono>
#include <string>

#include "file_tools/finding.h"
#include "server/config.h"

namespace drover::doctor {

struct DiskOptions {
  bool measure = true;                          // fdatasync, in a file that is removed
  std::chrono::milliseconds measure_max{2000};  // the measurement ends then at the latest
  std::uint64_t deep_bytes_max = 256ULL << 20;  // files up to so much are all read
  bool deep = false;                            // whatever they are
};

// Process id of the server that uses the data directory; 0: none seen. `what` says how it was
// found.
struct RunningServer {
  int pid = 0;
  std::string what{};
};
[[nodiscard]] RunningServer find_running(const server::Config& config);

[[nodiscard]] file_tools::Findings check_disk(const server::Config& config,
                                              const RunningServer& running,
                                              const DiskOptions& options);

}  // namespace drover::doctor
