#pragma once
// What a file tool was pointed at: one file, or a data directory (with version-2 inside or being
// it); and numbers as people type them.

#include <drover/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "file_tools/log_scan.h"
#include "storage/disk.h"
#include "storage/file_names.h"
#include "wire/zxid.h"

namespace drover::file_tools {

[[nodiscard]] bool is_directory(const std::string& path);
// `<path>/version-2` when there is one, else `path` itself.
[[nodiscard]] std::string version_folder(const std::string& path);
[[nodiscard]] std::string base_name(const std::string& path);
[[nodiscard]] std::uint64_t file_size(const std::string& path);  // 0 when it cannot be told

// The logs that `path` means, oldest first. Errors: nothing there, not readable, no log in it.
Result<std::vector<std::string>> find_logs(storage::Disk& disk, const std::string& path);

// Decimal or 0x-hex; nullopt for anything else.
[[nodiscard]] std::optional<wire::Zxid> parse_zxid(std::string_view text);
// Sixteen hex digits with or without 0x, as the server's log and `cons` print them.
[[nodiscard]] std::optional<std::int64_t> parse_session(std::string_view text);

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
