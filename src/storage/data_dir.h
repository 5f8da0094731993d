#pragma once
// The data directory: its version-2 folders, its lock, and the small files that give a server its
// identity.

#include <drover/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "storage/disk.h"

namespace drover::storage {

struct DataDirOptions {
  std::string data_dir;
  std::string data_log_dir;  // empty: same as data_dir
  bool autocreate = true;    // zookeeper.datadir.autocreate
};

// An opened, checked and locked directory. The lock (`version-2/drover.lock`, flock) keeps a second
// Drover out; Apache does not look at it. Released by the destructor and by the death of the
// process.
class DataDir {
 public:
  // Errors are the ones that Apache exits with code 3 for: not there and autocreate off, log files
  // in the snapshot folder or the reverse (when the two differ); and "in use by another server".
  static Result<DataDir> open(Disk& disk, const DataDirOptions& options);

  [[nodiscard]] const std::string& snapshot_dir() const {
    return snapshot_dir_;
  }  // <dataDir>/version-2
  [[nodiscard]] const std::string& log_dir() const { return log_dir_; }  // <dataLogDir>/version-2

 private:
  DataDir() = default;
  std::string snapshot_dir_;
  std::string log_dir_;
  std::unique_ptr<FileLock> snapshot_lock_;
  std::unique_ptr<FileLock> log_lock_;  // null when the folders are one
};

// myid, currentEpoch, acceptedEpoch: one decimal number on the first line. nullopt: no such file.
Result<std::optional<std::int64_t>> read_number_file(Disk& disk, const std::string& path);
// Atomic and durable when it returns. No newline, as Apache writes it.
Result<void> write_number_file(Disk& disk, const std::string& path, std::int64_t value);

}  // namespace drover::storage
