#pragma once
// What `drover bench` was asked for.

#include <sys/types.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/connect_string.h"

namespace drover::load {

enum class WorkloadKind { kGet, kSet, kCreate, kMixed, kWatch, kConnect };

[[nodiscard]] std::string_view workload_name(WorkloadKind kind);

struct BenchOptions {
  std::string server = "127.0.0.1:2181";
  std::vector<client::HostPort> servers;  // `server`, parsed
  WorkloadKind workload = WorkloadKind::kGet;
  std::size_t sessions = 50;
  std::size_t outstanding = 1;
  std::uint32_t value_size = 100;  // bytes
  double duration_s = 10;
  double warmup_s = 2;
  std::optional<std::uint32_t>
      nodes;  // default 10,000; the create workload has no limit without it
  std::uint32_t read_percent = 90;
  std::string root = "/drover-bench";
  bool keep = false;
  bool json = false;
  std::int32_t session_timeout_ms = 30'000;
  std::optional<pid_t> server_pid;
  std::uint64_t seed = 1;
};

void declare_bench_options(CLI::App& command, BenchOptions& options);

// Checks what spans options and fills in `servers`. Throws CLI::ValidationError with one sentence.
void check_bench_options(BenchOptions& options);

}  // namespace drover::load
