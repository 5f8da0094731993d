#pragma once
// The doctor's look at the machine: open files, clock, swapping. Huge pages are not looked at: this
// server neither forks nor compacts a heap, so they make no difference worth a line.

#include "cli/doctor_disk.h"
#include "cli/doctor_finding.h"
#include "server/config.h"

namespace drover::cli {

[[nodiscard]] Findings check_host(const server::Config& config, const RunningServer& running);

}  // namespace drover::cli
