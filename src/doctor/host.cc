#include "doctor/host.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/timex.h>

#include <fstream>
#include <optional>
#include <sstream>

namespace drover::doctor {

namespace {

constexpr std::int64_t kFilesWanted = 4096;  // connections, mostly
constexpr std::int64_t kFilesLeast = 256;

void add(file_tools::Findings& findings, file_tools::Severity severity, const char* code,
         std::string what, std::string step = {}) {
  findings.push_back(
      {.severity = severity, .code = code, .what = std::move(what), .next_step = std::move(step)});
}

// Of the running server, else of this shell, from which one would be started.
std::optional<std::int64_t> files_limit(const RunningServer& running) {
  if (running.pid == 0) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
    return limit.rlim_cur == RLIM_INFINITY ? INT64_MAX : static_cast<std::int64_t>(limit.rlim_cur);
  }
  std::ifstream limits(fmt::format("/proc/{}/limits", running.pid));
  constexpr std::string_view kName = "Max open files";
  for (std::string line; std::getline(limits, line);) {
    if (!line.starts_with(kName)) continue;
    std::istringstream words(line.substr(kName.size()));
    std::int64_t soft = 0;
    return words >> soft ? soft : INT64_MAX;
  }
  return std::nullopt;
}

void check_files(file_tools::Findings& findings, const server::Config& config,
                 const RunningServer& running) {
  const auto limit = files_limit(running);
  if (!limit) return;
  const std::int64_t wanted = std::max(kFilesWanted, config.connections_max + 100);
  const std::string who = running.pid == 0 ? "this shell" : fmt::format("process {}", running.pid);
  const std::string what =
      fmt::format("{} may open {} files; each connection takes one", who, *limit);
  const std::string step = "LimitNOFILE=65536 in the systemd unit, or: ulimit -n 65536";
  if (*limit < kFilesLeast) {
    add(findings, file_tools::Severity::kProblem, "host.files", what, step);
  } else if (*limit < wanted) {
    add(findings, file_tools::Severity::kWarning, "host.files", what, step);
  } else {
    add(findings, file_tools::Severity::kOk, "host.files",
        fmt::format("{} may open enough files", who));
  }
}

// Sessions are timed by a monotonic clock; but ctime and mtime, TTLs and logs tell the wall's.
void check_clock(file_tools::Findings& findings) {
  timex state{};
  if (::adjtimex(&state) < 0) return;
  if (state.status & STA_UNSYNC) {
    add(findings, file_tools::Severity::kWarning, "host.clock",
        "nothing keeps this clock right: times of znodes and logs will differ between members",
        "timedatectl set-ntp true, or apt-get install chrony");
  } else {
    add(findings, file_tools::Severity::kOk, "host.clock", "the clock is kept right");
  }
}

// Matters only where something can be swapped out.
void check_swap(file_tools::Findings& findings) {
  std::ifstream swaps("/proc/swaps");
  std::string line;
  std::getline(swaps, line);  // the heading
  if (!std::getline(swaps, line)) return;
  std::ifstream file("/proc/sys/vm/swappiness");
  int swappiness = 0;
  constexpr int kEager = 10;
  if (!(file >> swappiness) || swappiness <= kEager) return;
  add(findings, file_tools::Severity::kWarning, "host.swap",
      fmt::format("there is swap, and vm.swappiness is {}: a tree that was swapped out answers "
                  "slowly, sessions expire",
                  swappiness),
      "sysctl vm.swappiness=1, or swapoff -a");
}

}  // namespace

file_tools::Findings check_host(const server::Config& config, const RunningServer& running) {
  file_tools::Findings findings;
  check_files(findings, config, running);
  check_clock(findings);
  check_swap(findings);
  return findings;
}

}  // namespace drover::doctor
