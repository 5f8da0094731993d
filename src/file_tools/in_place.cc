#include "file_tools/in_place.h"

#include <fmt/format.h>

#include <memory>

#include "file_tools/data_dir.h"
#include "file_tools/input.h"

namespace drover::file_tools {

namespace {

// A running Drover must not lose a file under its feet. Apache takes no lock.
Result<std::unique_ptr<storage::FileLock>> lock_folder(storage::Disk& disk,
                                                       const std::string& dir) {
  const std::string path = dir + "/drover.lock";
  const auto there = disk.exists(path);
  if (!there) return std::unexpected(there.error());
  if (!*there) return nullptr;
  auto lock = disk.lock(path);
  if (lock) return lock;
  if (const int pid = lock_holder(dir); pid != 0) {
    return failure(fmt::format("{} is held by process {}: stop the server first", path, pid));
  }
  return lock;
}

}  // namespace

Result<std::string> replace_in_place(storage::Disk& disk, const std::string& path,
                                     const std::function<Result<void>(const std::string&)>& write) {
  const std::string dir = storage::parent_dir(path);
  const auto lock = lock_folder(disk, dir);
  if (!lock) return std::unexpected(lock.error());
  std::string backup = fmt::format("{}/damaged.{}", dir, base_name(path));
  const auto there = disk.exists(backup);
  if (!there) return std::unexpected(there.error());
  if (*there) return failure(fmt::format("{}: a backup of an earlier repair is there", backup));
  // Not `log.*` or `snapshot.*`: a server would read it as one.
  const std::string fresh = fmt::format("{}/tmp.repaired.{}", dir, base_name(path));
  auto done = disk.remove(fresh);
  if (done) done = write(fresh);
  if (done) done = disk.rename(path, backup);
  if (done) done = disk.rename(fresh, path);
  if (done) done = disk.sync_dir(dir);
  if (!done) return std::unexpected(done.error());
  return backup;
}

}  // namespace drover::file_tools
