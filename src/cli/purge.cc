#include "cli/purge.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <charconv>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/log.h"
#include "storage/posix_disk.h"
#include "storage/purge.h"

namespace drover::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::int32_t kRetainMin = 3;

constexpr const char* kFooter =
    R"(Keeps the newest snapshots that are whole, and every txn log that is needed to go on from the oldest of them.
With fewer than that many good snapshots nothing is removed. A running server does the same on its own, every
hour unless autopurge.purgeInterval says otherwise. zkCleanup.sh -n 3 takes the folders from zoo.cfg.

Exit codes: 0 done, 1 refused, or a file that could not be removed, 2 bad arguments.

Examples:
  drover purge /var/lib/zookeeper -n 5
  drover purge /log/zookeeper /var/lib/zookeeper -n 3)";

constexpr const char* kUsage =
    "Usage:\n"
    "drover purge dataLogDir [snapDir] -n count\n"
    "\tdataLogDir -- path to the txn log directory\n"
    "\tsnapDir -- path to the snapshot directory\n"
    "\tcount -- the number of old snaps/logs you want to keep, value should be greater than or "
    "equal "
    "to 3\n";

struct PurgeRequest {
  std::string log_dir;
  std::string snapshot_dir;  // empty: log_dir
  std::string count;
};

// As Java writes a moment for people in the United States: "Nov 21, 2026, 7:46:47 PM".
std::string moment_text(std::time_t seconds) {
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return fmt::format("{:%b} {}, {:%Y}, {}:{:%M:%S %p}", local, local.tm_mday, local,
                     (local.tm_hour + 11) % 12 + 1, local);
}

// When files were changed last, told before they are gone.
std::map<std::string, std::time_t> change_times(const std::string& dir) {
  std::map<std::string, std::time_t> times;
  std::error_code error;
  for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    struct stat status{};
    if (::stat(it->path().c_str(), &status) == 0) times[it->path()] = status.st_mtim.tv_sec;
  }
  return times;
}

int refuse(const std::string& why) {
  fmt::print(stderr, "{}\n", why);
  fmt::print("{}", kUsage);
  return 1;
}

int purge(const PurgeRequest& request) {
  const std::string& snapshot_dir =
      request.snapshot_dir.empty() ? request.log_dir : request.snapshot_dir;
  for (const auto* dir : {&request.log_dir, &snapshot_dir}) {
    std::error_code error;
    if (!fs::exists(*dir, error)) {
      return refuse(fmt::format("Path '{}' does not exist. ", fs::absolute(*dir, error).string()));
    }
  }
  std::int32_t count = 0;
  const char* end = request.count.data() + request.count.size();
  const auto [rest, error] = std::from_chars(request.count.data(), end, count);
  if (error != std::errc() || rest != end) {
    return refuse(fmt::format("'{}' can not be parsed to integer.", request.count));
  }
  if (count < kRetainMin) return refuse("count should be greater than or equal to 3");

  const storage::PurgeOptions options{.snapshot_dir = snapshot_dir + "/version-2",
                                      .log_dir = request.log_dir + "/version-2",
                                      .retain = count};
  auto times = change_times(options.snapshot_dir);
  times.merge(change_times(options.log_dir));
  const auto log = server::make_log(base::LogLevel::kWarn);
  storage::PosixDisk disk;
  const auto removed = storage::purge(disk, options, *log);
  if (!removed) {
    fmt::print(stderr, "{}\n", removed.error().message);
    return 1;
  }
  for (const std::string& path : *removed) {
    fmt::print("Removing file: {}\t{}\n", moment_text(times[path]), path);
  }
  return 0;
}

}  // namespace

void add_purge(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("purge", "Remove snapshots and txn logs that are not needed any more");
  command->footer(kFooter);
  auto request = std::make_shared<PurgeRequest>();
  command->add_option("dataLogDir", request->log_dir, "Folder of the txn log, above version-2")
      ->required();
  command->add_option("snapDir", request->snapshot_dir,
                      "Folder of the snapshots, when it is another");
  command->add_option("-n", request->count, "How many snapshots to keep, at least 3")
      ->type_name("COUNT")
      ->required();
  command->callback([request, &exit_code] { exit_code = purge(*request); });
}

}  // namespace drover::cli
