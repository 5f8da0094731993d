#include "storage/data_dir.h"

#include <fmt/format.h>

#include <charconv>

#include "storage/file_names.h"

namespace drover::storage {
namespace {

Result<void> ensure_dir(Disk& disk, const std::string& dir, bool autocreate) {
  const auto there = disk.exists(dir);
  if (!there) return std::unexpected(there.error());
  if (*there) return {};
  if (!autocreate) {
    return failure(fmt::format("{}: missing, and zookeeper.datadir.autocreate is false", dir));
  }
  return disk.create_dirs(dir);
}

// A data directory given as log directory, or the reverse, would hide half of the history.
Result<void> check_separate(Disk& disk, const std::string& snapshot_dir,
                            const std::string& log_dir) {
  const auto in_logs = disk.list(log_dir);
  if (!in_logs) return std::unexpected(in_logs.error());
  for (const auto& name : *in_logs) {
    if (!name.starts_with("snapshot.")) continue;
    return failure(
        fmt::format("{}: log directory has snapshot files ({}). Check if dataLogDir and dataDir "
                    "configuration is correct.",
                    log_dir, name));
  }
  const auto in_snapshots = disk.list(snapshot_dir);
  if (!in_snapshots) return std::unexpected(in_snapshots.error());
  for (const auto& name : *in_snapshots) {
    if (!name.starts_with("log.")) continue;
    return failure(
        fmt::format("{}: snapshot directory has log files ({}). Check if dataLogDir and dataDir "
                    "configuration is correct.",
                    snapshot_dir, name));
  }
  return {};
}

}  // namespace

Result<DataDir> DataDir::open(Disk& disk, const DataDirOptions& options) {
  DataDir dir;
  const std::string& log_parent =
      options.data_log_dir.empty() ? options.data_dir : options.data_log_dir;
  dir.snapshot_dir_ = options.data_dir + "/version-2";
  dir.log_dir_ = log_parent + "/version-2";
  const bool separate = dir.snapshot_dir_ != dir.log_dir_;

  if (auto done = ensure_dir(disk, dir.snapshot_dir_, options.autocreate); !done) {
    return std::unexpected(done.error());
  }
  if (auto done = ensure_dir(disk, dir.log_dir_, options.autocreate); !done) {
    return std::unexpected(done.error());
  }
  if (separate) {
    if (auto done = check_separate(disk, dir.snapshot_dir_, dir.log_dir_); !done) {
      return std::unexpected(done.error());
    }
  }
  auto lock = disk.lock(dir.snapshot_dir_ + "/drover.lock");
  if (!lock) return std::unexpected(lock.error());
  dir.snapshot_lock_ = std::move(*lock);
  if (separate) {
    auto second = disk.lock(dir.log_dir_ + "/drover.lock");
    if (!second) return std::unexpected(second.error());
    dir.log_lock_ = std::move(*second);
  }
  return dir;
}

Result<std::optional<std::int64_t>> read_number_file(Disk& disk, const std::string& path) {
  const auto there = disk.exists(path);
  if (!there) return std::unexpected(there.error());
  if (!*there) return std::nullopt;
  const auto content = read_small_file(disk, path);
  if (!content) return std::unexpected(content.error());
  std::string_view line = *content;
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(line.begin(), line.end(), value);
  if (line.empty() || error != std::errc() || end != line.end()) {
    return failure(fmt::format("{}: the first line must be one decimal number", path));
  }
  return value;
}

Result<void> write_number_file(Disk& disk, const std::string& path, std::int64_t value) {
  return write_small_file(disk, path, fmt::format("{}", value));
}

}  // namespace drover::storage
