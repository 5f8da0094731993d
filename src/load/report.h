#pragma once
// The figures of one run of `drover bench`, for people and for programs.

#include <cstdint>
#include <optional>
#include <string>

#include "load/options.h"
#include "load/process_usage.h"
#include "load/workload.h"

namespace drover::load {

struct BenchResult {
  double seconds = 0;  // of the measured window
  Meter meter;
  std::uint64_t connections_lost = 0;
  std::chrono::nanoseconds generator_cpu{0};           // of this process, in the window
  std::optional<std::chrono::nanoseconds> server_cpu;  // of --server-pid, in the window
  std::optional<std::uint64_t> server_resident_bytes;  // at its end
};

[[nodiscard]] std::string report_table(const BenchOptions& options, const BenchResult& result);
[[nodiscard]] std::string report_json(const BenchOptions& options, const BenchResult& result);

}  // namespace drover::load
