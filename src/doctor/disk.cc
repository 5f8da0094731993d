#include "doctor/disk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "file_tools/data_dir.h"
#include "file_tools/input.h"
#include "storage/data_dir.h"
#include "storage/posix_disk.h"

namespace drover::doctor {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kMiB = 1 << 20;
constexpr double kSlowSyncMs = 10;  // median: a write waits for it on most of the voters

std::string reason() {
  return std::strerror(errno);
}

std::string mib(std::uint64_t bytes) {
  if (bytes >= 10240 * kMiB)
    return fmt::format("{:.0f} GiB", static_cast<double>(bytes) / (1 << 30));
  return fmt::format("{:.0f} MiB", static_cast<double>(bytes) / kMiB);
}

// The nearest folder at or above `path` that is there.
std::string existing_ancestor(std::string path) {
  while (path.size() > 1 && ::access(path.c_str(), F_OK) != 0) path = storage::parent_dir(path);
  return path;
}

class DiskCheck {
 public:
  DiskCheck(const server::Config& config, const RunningServer& running, const DiskOptions& options)
      : config_(config), running_(running), options_(options) {}

  file_tools::Findings run() {
    if (running_.pid != 0) {
      add(file_tools::Severity::kOk, "disk.running", config_.data_dir, running_.what, "");
    }
    folder("dataDir", config_.data_dir);
    const bool separate = !config_.data_log_dir.empty() && config_.data_log_dir != config_.data_dir;
    if (separate) folder("dataLogDir", config_.data_log_dir);
    if (options_.measure) measure(separate ? config_.data_log_dir : config_.data_dir);
    content();
    return std::move(findings_);
  }

 private:
  void add(file_tools::Severity severity, const char* code, const std::string& file,
           std::string what, std::string step) {
    findings_.push_back({.severity = severity,
                         .code = code,
                         .file = file,
                         .what = std::move(what),
                         .next_step = std::move(step)});
  }

  void folder(std::string_view key, const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
      const bool closed = errno == EACCES;
      const std::string above = existing_ancestor(path);
      if (closed || ::access(above.c_str(), W_OK | X_OK) != 0) {
        return add(file_tools::Severity::kProblem, "disk.missing", path,
                   fmt::format("{} is not there, and this user may not make it", key),
                   fmt::format("sudo install -d -o {} {}", user(), path));
      }
      if (!config_.data_dir_autocreate) {
        return add(file_tools::Severity::kProblem, "disk.missing", path,
                   fmt::format("{} is not there, and zookeeper.datadir.autocreate is false", key),
                   fmt::format("if that is right: mkdir -p {}/version-2", path));
      }
      add(file_tools::Severity::kOk, "disk.new", path,
          fmt::format("{} is not there yet: a start makes it", key), "");
      return room(key, path, above);
    }
    if (!S_ISDIR(status.st_mode)) {
      return add(file_tools::Severity::kProblem, "disk.no-folder", path,
                 fmt::format("{} is no folder", key), "give it another path in zoo.cfg");
    }
    permissions(key, path);
    room(key, path, path);
    file_system(key, path);
  }

  static std::string user() { return fmt::format("{}", ::geteuid()); }

  // Everything in it that this user could not write; a server that ran once as root leaves such.
  void permissions(std::string_view key, const std::string& path) {
    std::vector<std::string> closed;
    const auto look = [&](const std::string& at, int mode) {
      if (::access(at.c_str(), F_OK) == 0 && ::access(at.c_str(), mode) != 0) closed.push_back(at);
    };
    look(path, R_OK | W_OK | X_OK);
    look(path + "/myid", R_OK);
    const std::string version = path + "/version-2";
    look(version, R_OK | W_OK | X_OK);
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(version, error)) {
      look(entry.path().string(), R_OK | W_OK);
    }
    if (closed.empty()) {
      return add(file_tools::Severity::kOk, "disk.permissions", path,
                 fmt::format("{}: this user may read and write it", key), "");
    }
    add(file_tools::Severity::kProblem, "disk.permissions", closed.front(),
        closed.size() == 1
            ? std::string("this user may not read and write it")
            : fmt::format(
                  "this user may not read and write it, nor {}",
                  file_tools::counted(static_cast<std::int64_t>(closed.size()) - 1, "other file")),
        fmt::format("run this as the server's user; or: sudo chown -R {} {}", user(), path));
  }

  void room(std::string_view key, const std::string& path, const std::string& existing) {
    struct statvfs status{};
    if (::statvfs(existing.c_str(), &status) != 0) return;
    const std::uint64_t block = status.f_frsize;
    const std::uint64_t free = status.f_bavail * block;
    const std::uint64_t total = std::max<std::uint64_t>(status.f_blocks * block, 1);
    const auto preallocated =
        static_cast<std::uint64_t>(std::max<std::int64_t>(config_.preallocate_kb, 0)) * 1024;
    const std::uint64_t needed = 2 * largest_snapshot(path) + 2 * preallocated;
    const std::string has = fmt::format("{} of {} free", mib(free), mib(total));
    const std::string step = fmt::format(
        "zkCleanup.sh -n 3 removes old snapshots and logs; df -h {} shows the rest", existing);
    if (status.f_flag & ST_RDONLY) {
      add(file_tools::Severity::kProblem, "disk.read-only", path,
          fmt::format("{} is mounted read-only", key),
          "dmesg tells whether the disk failed; mount -o remount,rw");
    } else if (free < std::max(needed / 2, 16 * kMiB)) {
      add(file_tools::Severity::kProblem, "disk.full", path,
          fmt::format("{}: {}, and the next log and snapshot want {}", key, has, mib(needed)),
          step);
    } else if (free < needed || free < total / 20) {
      add(file_tools::Severity::kWarning, "disk.nearly-full", path, fmt::format("{}: {}", key, has),
          step);
    } else {
      add(file_tools::Severity::kOk, "disk.room", path, fmt::format("{}: {}", key, has), "");
    }
    if (status.f_files > 0 && status.f_favail < 1000) {
      add(file_tools::Severity::kWarning, "disk.inodes", path,
          fmt::format("{}: room for {} more files only", key, status.f_favail), step);
    }
  }

  static std::uint64_t largest_snapshot(const std::string& path) {
    std::uint64_t largest = 0;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(file_tools::version_folder(path), error)) {
      if (!entry.path().filename().string().starts_with("snapshot.")) continue;
      largest = std::max<std::uint64_t>(largest, entry.file_size(error));
    }
    return largest;
  }

  void file_system(std::string_view key, const std::string& path) {
    struct statfs status{};
    if (::statfs(path.c_str(), &status) != 0) return;
    constexpr std::uint32_t kTmpfs = 0x01021994;
    constexpr std::uint32_t kRamfs = 0x858458f6;
    constexpr std::uint32_t kNfs = 0x6969;
    constexpr std::uint32_t kFuse = 0x65735546;
    const auto type = static_cast<std::uint32_t>(status.f_type);
    if (type == kTmpfs || type == kRamfs) {
      add(file_tools::Severity::kWarning, "disk.memory", path,
          fmt::format("{} lies in memory: a reboot loses everything", key),
          "give it a folder on a disk");
    } else if (type == kNfs || type == kFuse) {
      add(file_tools::Severity::kWarning, "disk.network", path,
          fmt::format("{} lies on a network file system: its fsync and its locks are not sure",
                      key),
          "give it a folder on a local disk");
    }
  }

  // As the log writes: 4 KiB behind the last, each made durable.
  void measure(const std::string& path) {
    const std::string folder = existing_ancestor(file_tools::version_folder(path));
    const std::string file = fmt::format("{}/tmp.doctor.{}", folder, ::getpid());
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return;  // who may not write has been told so
    constexpr std::size_t kRounds = 200;
    constexpr std::size_t kBytes = 4096;
    const std::vector<char> bytes(kBytes, 'd');
    std::vector<double> took_ms;
    const auto end = Clock::now() + options_.measure_max;
    bool failed = ::posix_fallocate(fd, 0, kRounds * kBytes) != 0 && ::fsync(fd) != 0;
    for (std::size_t i = 0; i < kRounds && !failed && Clock::now() < end; ++i) {
      const auto began = Clock::now();
      failed = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(i * kBytes)) < 0 ||
               ::fdatasync(fd) != 0;
      took_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - began).count());
    }
    const std::string why = failed ? reason() : std::string();
    ::close(fd);
    ::unlink(file.c_str());
    if (failed) {
      return add(file_tools::Severity::kProblem, "disk.sync-failed", folder,
                 "writing and syncing 4 KiB fails: " + why, "dmesg tells whether the disk failed");
    }
    judge(folder, std::move(took_ms));
  }

  void judge(const std::string& folder, std::vector<double> took_ms) {
    std::sort(took_ms.begin(), took_ms.end());
    const double median = took_ms[took_ms.size() / 2];
    const double worst = took_ms.back();
    const std::string what =
        fmt::format("fdatasync of 4 KiB: median {:.2f} ms, slowest {:.1f} ms of {}", median, worst,
                    took_ms.size());
    const std::string step =
        "give dataLogDir a disk of its own, with a write cache that survives a power cut";
    if (median > static_cast<double>(config_.fsync_warning_ms)) {
      add(file_tools::Severity::kProblem, "disk.slow", folder,
          what + ": every write waits for that, sessions will expire", step);
    } else if (median > kSlowSyncMs || worst > static_cast<double>(config_.fsync_warning_ms)) {
      add(file_tools::Severity::kWarning, "disk.slow", folder,
          what + ": every write waits for that", step);
    } else {
      add(file_tools::Severity::kOk, "disk.sync", folder, what, "");
    }
  }

  // What is in the logs and snapshots, when that is not too much to read.
  void content() {
    const std::string folder = file_tools::version_folder(config_.data_dir);
    if (!file_tools::is_directory(folder)) return;
    const std::string log_folder = file_tools::version_folder(
        config_.data_log_dir.empty() ? config_.data_dir : config_.data_log_dir);
    const std::uint64_t bytes =
        used_bytes(folder) + (log_folder == folder ? 0 : used_bytes(log_folder));
    if (!options_.deep && bytes > options_.deep_bytes_max) {
      return add(file_tools::Severity::kOk, "data.unread", folder,
                 fmt::format("{} of logs and snapshots were not read", mib(bytes)),
                 "drover doctor --deep reads them all (a start's time and memory)");
    }
    storage::PosixDisk disk;
    const auto facts =
        file_tools::check_data_dir(disk, {.path = config_.data_dir,
                                          .log_path = config_.data_log_dir,
                                          .length_max = config_.length_max(),
                                          .trust_empty_snapshot = config_.trust_empty_snapshot,
                                          .db_autocreate = config_.db_autocreate});
    if (!facts) {
      return add(file_tools::Severity::kProblem, "data.unreadable", folder, facts.error().message,
                 "run this as the server's user");
    }
    if (facts->starts) {
      add(file_tools::Severity::kOk, "data.starts", folder,
          fmt::format("a start restores {} up to {}", file_tools::counted(facts->nodes, "znode"),
                      file_tools::zxid_text(facts->last_zxid)),
          "");
    }
    for (const file_tools::Finding& finding : facts->findings) {
      // A server at work has always just begun to write something.
      if (running_.pid != 0 && finding.code == "log.torn") continue;
      findings_.push_back(finding);
    }
  }

  // Room that files take, not how long padding makes them.
  static std::uint64_t used_bytes(const std::string& folder) {
    std::uint64_t bytes = 0;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      struct stat status{};
      if (::stat(entry.path().c_str(), &status) == 0) {
        bytes += static_cast<std::uint64_t>(status.st_blocks) * 512;
      }
    }
    return bytes;
  }

  const server::Config& config_;
  const RunningServer& running_;
  const DiskOptions& options_;
  file_tools::Findings findings_;
};

}  // namespace

RunningServer find_running(const server::Config& config) {
  if (const int pid = file_tools::lock_holder(file_tools::version_folder(config.data_dir));
      pid != 0) {
    return {pid, fmt::format("Drover runs on it, as process {}", pid)};
  }
  // zkServer.sh's, for Apache's server.
  std::ifstream file(config.data_dir + "/zookeeper_server.pid");
  int pid = 0;
  if (!(file >> pid) || pid <= 0) return {};
  std::ifstream command(fmt::format("/proc/{}/comm", pid));
  std::string name;
  if (!std::getline(command, name) || (name != "java" && name != "drover")) return {};
  return {pid, fmt::format("zookeeper_server.pid names process {}, a running {}", pid, name)};
}

file_tools::Findings check_disk(const server::Config& config, const RunningServer& running,
                                const DiskOptions& options) {
  return DiskCheck(config, running, options).run();
}

}  // namespace drover::doctor
