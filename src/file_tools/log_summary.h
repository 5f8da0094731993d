#pragma once
// What logs hold, in figures; and where two of them differ.

#include <string>
#include <vector>

#include "file_tools/finding.h"
#include "file_tools/log_scan.h"

namespace drover::file_tools {

// Text or JSON to standard output. Errors: of the disk, a file that is no log. True: something in
// front of the end could not be read.
Result<bool> print_log_summary(storage::Disk& disk, const std::vector<std::string>& logs,
                               std::int32_t length_max, bool json);

struct LogComparison {
  std::int64_t same = 0;       // txns under one zxid, byte for byte
  std::int64_t different = 0;  // under one zxid, not the same bytes
  std::int64_t only_left = 0;
  std::int64_t only_right = 0;
  std::optional<wire::Zxid> first_difference;
  std::string first_left;  // the txn there, as text; empty: none
  std::string first_right;
  [[nodiscard]] bool equal() const { return different + only_left + only_right == 0; }
};

Result<LogComparison> compare_logs(storage::Disk& disk, const std::vector<std::string>& left,
                                   const std::vector<std::string>& right, std::int32_t length_max);

}  // namespace drover::file_tools
