#pragma once
// The doctor's look at the machine: open files, clock, swapping. Huge pages are not looked at: this
// server neither forks nor compacts a heap, so they make no difference worth a line.

#include "doctor/disk.h"
#include "file_tools/finding.h"
#include "server/config.h"

namespace drover::doctor {

[[nodiscard]] file_tools::Findings check_host(const server::Config& config,
                                              const RunningServer& running);

}  // namespace drover::doctor
