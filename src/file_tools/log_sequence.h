#pragma once
// The logs of a data directory read as one.

#include <drover/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "file_tools/log_scan.h"
#include "storage/disk.h"

namespace drover::file_tools {

// The logs that `path` means, oldest first. Errors: nothing there, not readable, no log in it.
Result<std::vector<std::string>> find_logs(storage::Disk& disk, const std::string& path);

// Several log files as one sequence of entries and damage, in file order. `disk` must outlive it.
class LogSequence {
 public:
  LogSequence(storage::Disk& disk, std::vector<std::string> paths, std::int32_t length_max)
      : disk_(disk), paths_(std::move(paths)), length_max_(length_max) {}
  // As LogScan::next. A file that is no log is an error.
  Result<std::optional<std::variant<storage::LogEntry, LogDamage>>> next();
  [[nodiscard]] const std::string& path() const { return scan_->path(); }  // after next() answered

 private:
  storage::Disk& disk_;
  std::vector<std::string> paths_;
  std::int32_t length_max_;
  std::size_t next_path_ = 0;
  std::optional<LogScan> scan_;
};

}  // namespace drover::file_tools
