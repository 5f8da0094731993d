#pragma once
// What a process has used, as the kernel tells in /proc. For the figures of a benchmark: the
// server's CPU time per operation is steadier than its throughput on a shared machine.

#include <drover/result.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>

namespace drover::load {

struct ProcessUsage {
  std::chrono::nanoseconds cpu{
      0};  // user and system time, all threads; the kernel counts in ticks of 10 ms
  std::uint64_t resident_bytes = 0;
};

// Error: no such process, or it may not be looked at.
[[nodiscard]] Result<ProcessUsage> process_usage(pid_t pid);

// CPU time of this process, to the microsecond.
[[nodiscard]] std::chrono::nanoseconds own_cpu();

}  // namespace drover::load
