#include "server/environment.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "server/build_info.h"

namespace drover::server {

namespace fs = std::filesystem;

namespace {

constexpr const char* kNotHere = "<NA>";

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return value == nullptr ? kNotHere : value;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : kNotHere;
}

struct MemoryBytes {
  std::int64_t total = 0, resident = 0;
};

MemoryBytes memory_bytes() {
  std::ifstream file("/proc/self/statm");
  MemoryBytes pages;
  file >> pages.total >> pages.resident;
  const std::int64_t page = ::sysconf(_SC_PAGESIZE);
  return {.total = pages.total * page, .resident = pages.resident * page};
}

// Of the 22nd field of /proc/self/stat and the moment the machine started.
double start_time_s() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  // The second field is the name, in brackets, and may hold blanks.
  std::istringstream rest(line.substr(std::min(line.rfind(')') + 1, line.size())));
  std::string field;
  constexpr int kFieldsBefore = 19;
  for (int i = 0; i < kFieldsBefore; ++i) rest >> field;
  double ticks = 0;
  rest >> ticks;
  std::ifstream stat("/proc/stat");
  double booted = 0;
  while (stat >> field) {
    if (field == "btime") stat >> booted;
  }
  return booted + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> environment() {
  utsname system{};
  ::uname(&system);
  std::error_code ignored;
  const std::int64_t machine_mb =
      static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE) / (1 << 20);
  const std::int64_t used_mb = resident_bytes() / (1 << 20);
  return {
      {"zookeeper.version", zookeeper_version()},
      {"host.name", host_name()},
      {"java.version", kNotHere},
      {"java.vendor", kNotHere},
      {"java.home", kNotHere},
      {"java.class.path", kNotHere},
      {"java.library.path", kNotHere},
      {"java.io.tmpdir", fs::temp_directory_path(ignored).string()},
      {"java.compiler", kNotHere},
      {"os.name", system.sysname},
      {"os.arch", system.machine},
      {"os.version", system.release},
      {"user.name", from_environment("USER")},
      {"user.home", from_environment("HOME")},
      {"user.dir", fs::current_path(ignored).string()},
      {"jvm.memory.free", fmt::format("{}MB", machine_mb - used_mb)},
      {"jvm.memory.max", fmt::format("{}MB", machine_mb)},
      {"jvm.memory.total", fmt::format("{}MB", used_mb)},
  };
}

std::int64_t resident_bytes() {
  return memory_bytes().resident;
}

std::vector<admin::StatusView::ProcessMetric> process_metrics() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  static const double started = start_time_s();
  const MemoryBytes memory = memory_bytes();
  return {
      {"process_cpu_seconds_total", "counter", seconds(usage.ru_utime) + seconds(usage.ru_stime)},
      {"process_start_time_seconds", "gauge", started},
      {"process_open_fds", "gauge", static_cast<double>(open_file_descriptors())},
      {"process_max_fds", "gauge", static_cast<double>(file_descriptors_max())},
      {"process_virtual_memory_bytes", "gauge", static_cast<double>(memory.total)},
      {"process_resident_memory_bytes", "gauge", static_cast<double>(memory.resident)},
  };
}

std::int64_t open_file_descriptors() {
  std::error_code error;
  std::int64_t count = 0;
  for (fs::directory_iterator it("/proc/self/fd", error), end; !error && it != end;
       it.increment(error))
    ++count;
  return error ? -1 : count;
}

std::int64_t file_descriptors_max() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<std::int64_t>(limit.rlim_cur) : -1;
}

void raise_file_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::int64_t folder_bytes(const std::string& dir) {
  std::error_code error;
  std::int64_t bytes = 0;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;  // a file may be purged while we look
    const auto size = it->is_regular_file(gone) ? it->file_size(gone) : 0;
    if (!gone) bytes += static_cast<std::int64_t>(size);
  }
  return bytes;
}

std::int64_t modified_s(const std::string& path) {
  struct stat about{};
  return ::stat(path.c_str(), &about) == 0 ? static_cast<std::int64_t>(about.st_mtime) : 0;
}

std::string absolute_path(const std::string& path) {
  std::error_code error;
  const auto absolute = fs::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

}  // namespace drover::server
