#pragma once
// The log as one sequence of txns across its files, from a zxid on: for recovery, for a learner's
// DIFF and for tools. Proves that nothing is missing in between, or stops with an error.

#include <drover/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/file_names.h"
#include "storage/log_reader.h"

namespace drover::storage {

struct LogChainOptions {
  std::string dir;
  wire::Zxid after;                   // entries up to here are skipped
  std::int32_t length_max = 2097150;  // bytes, of one entry
  bool first_may_skip = false;        // the first entry need not be the successor of `after`
};

class LogChain {
 public:
  // `disk` must outlive the chain. Reads from the newest file that may hold after + 1.
  static Result<LogChain> open(Disk& disk, LogChainOptions options);

  // The next txn; nullopt at the end of the newest file. Errors: of the disk; damage; a gap; a zxid
  // that goes back. Each names file and offset.
  Result<std::optional<LogEntry>> next();
  [[nodiscard]] wire::Zxid last() const { return last_; }  // answered by next(), or `after`
  // Of the entry that next() answered.
  [[nodiscard]] const std::string& path() const;

  // ---- after the end
  struct Tail {
    std::string path;  // of the newest file that is more than an empty shell
    LogEnd end;
    std::uint64_t file_size = 0;
    bool ours = false;  // carries our synced mark
  };
  [[nodiscard]] const std::optional<Tail>& tail() const { return tail_; }  // nullopt: no file read
  [[nodiscard]] const std::vector<std::string>& empty_files() const { return empty_files_; }
  [[nodiscard]] const std::vector<std::string>& files() const { return read_files_; }  // paths read
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  LogChain(Disk& disk, LogChainOptions options) : disk_(&disk), options_(std::move(options)) {}
  Result<bool> open_next_file();
  Result<void> finish_file();
  Result<void> check_step(const LogEntry& entry);

  Disk* disk_;
  LogChainOptions options_;
  std::vector<LogName> names_;  // to read, oldest first
  std::size_t next_name_ = 0;
  std::optional<LogFileReader> reader_;
  wire::Zxid last_;
  bool first_ = true;
  std::optional<Tail> tail_;
  std::vector<std::string> empty_files_;
  std::vector<std::string> read_files_;
  std::vector<std::string> warnings_;
};

}  // namespace drover::storage
