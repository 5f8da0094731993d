#include "load/process_usage.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace drover::load {

Result<ProcessUsage> process_usage(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (!std::getline(file, line)) return failure(fmt::format("cannot read /proc/{}/stat", pid));
  // The second field is the name in parentheses and may itself hold blanks and parentheses
  // (proc(5)).
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return failure(fmt::format("odd /proc/{}/stat", pid));
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  std::int64_t user_ticks = 0, system_ticks = 0;
  fields >> user_ticks >> system_ticks;
  for (int field = 16; field < 24; ++field) fields >> skipped;
  std::uint64_t resident_pages = 0;
  fields >> resident_pages;
  if (!fields) return failure(fmt::format("odd /proc/{}/stat", pid));

  const std::int64_t tick_ns = 1'000'000'000 / sysconf(_SC_CLK_TCK);
  return ProcessUsage{
      .cpu = std::chrono::nanoseconds((user_ticks + system_ticks) * tick_ns),
      .resident_bytes = resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)),
  };
}

std::chrono::nanoseconds own_cpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto span = [](const timeval& t) {
    return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  };
  return span(usage.ru_utime) + span(usage.ru_stime);
}

}  // namespace drover::load
