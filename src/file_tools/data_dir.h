#pragma once
// A data directory as a whole: every log and snapshot, what lies between them, the epoch files, and
// what a start would make of it. The start is the server's own code on a disk that only imagines
// changes, so that what is said here is what the server would say.

#include <string>
#include <vector>

#include "file_tools/finding.h"
#include "file_tools/input.h"
#include "file_tools/log_check.h"
#include "file_tools/snapshot_check.h"

namespace drover::file_tools {

struct DataDirTarget {
  std::string path{};      // dataDir, or its version-2
  std::string log_path{};  // dataLogDir; empty: the same
  std::int32_t length_max = kLengthMax;
  bool trust_empty_snapshot = false;
  bool db_autocreate = true;
};

struct DataDirFacts {
  std::string snapshot_dir{};
  std::string log_dir{};
  std::vector<SnapshotFacts> snapshots{};  // findings moved to `findings`
  std::vector<LogFacts> logs{};            // the same
  bool starts = false;                     // a restore would succeed
  std::string snapshot_used{};             // path; empty: none
  std::int64_t txns_replayed = 0;
  std::int64_t nodes = 0;
  std::int64_t sessions = 0;
  wire::Zxid last_zxid{};
  std::vector<std::string> changes{};      // what the start would do to the files
  std::vector<std::string> server_says{};  // its warnings, or what it refuses with
  std::string running{};                   // which process holds the folder; empty: none seen
  Findings findings{};
};

// Reads everything. Memory: what a server needs for the same directory. Errors: not there, not
// readable.
Result<DataDirFacts> check_data_dir(storage::Disk& disk, const DataDirTarget& target);

// Prints it. For `log check` and `snapshot check` of a directory.
Verdict report_data_dir(storage::Disk& disk, const DataDirTarget& target, bool json);

[[nodiscard]] std::string data_dir_text(const DataDirFacts& facts);
[[nodiscard]] boost::json::object data_dir_json(const DataDirFacts& facts);

// Process id of whoever holds version-2/drover.lock; 0: nobody, or it cannot be told.
[[nodiscard]] int lock_holder(const std::string& version_folder);

}  // namespace drover::file_tools
