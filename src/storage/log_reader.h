#pragma once
// Reads the txn log: one file entry by entry, and the chain of files from a zxid on. Says in code what a
// bad place means: the end, a torn tail (a write that no sync covered), or damage to data that was durable.

#include <drover/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_buffer.h"
#include "storage/disk.h"
#include "storage/file_names.h"
#include "wire/txn_records.h"

namespace drover::storage {

struct LogEntry {
  wire::TxnHeader header;
  wire::TxnBytes txn;        // lives until the next call of next()
  std::uint64_t offset = 0;  // of its checksum
};

// What stands after the last good entry of a file.
struct LogEnd {
  enum class Kind {
    kClean,    // end of file or nothing but zeros
    kTorn,     // an unfinished write at the tail: cut it
    kDamaged,  // bytes that were durable are wrong or missing: refuse
    kEmpty,    // not even a header: the file was being created
    kNotALog,  // wrong magic
  };
  Kind kind = Kind::kClean;
  std::uint64_t offset = 0;  // just after the last good entry
  std::uint64_t bytes = 0;   // from there to the last byte that is not zero
  std::string reason;        // what was wrong there; empty when clean
  std::optional<std::uint64_t> next_valid;  // an entry that can be read again, further on
  wire::Zxid next_valid_zxid;
};

// One file. Memory: one entry plus a read buffer.
class LogFileReader {
 public:
  // `path` is used in messages. `length_max` bounds one entry, bytes.
  static Result<LogFileReader> open(Disk& disk, const std::string& path, std::int32_t length_max);
  LogFileReader(LogFileReader&&) noexcept;
  LogFileReader& operator=(LogFileReader&&) noexcept;
  ~LogFileReader();

  // The next entry; nullopt at the end, then end() tells which. Errors: of the disk only.
  Result<std::optional<LogEntry>> next();
  // Requires that next() answered nullopt.
  [[nodiscard]] const LogEnd& end() const;
  [[nodiscard]] const std::string& path() const;
  [[nodiscard]] std::int64_t dbid() const;  // second half of the header
  // Bytes that the writer had synced when it began its last write; nullopt in a log made by Apache.
  [[nodiscard]] std::optional<std::uint64_t> synced_mark() const;

 private:
  struct Impl;
  explicit LogFileReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Entries with zxid >= `from`, across files, for a learner's DIFF and for tools. Stops with an error at
// damage, a gap or a foreign file; a torn tail of the newest file is the end.
class LogChain {
 public:
  static Result<LogChain> open(Disk& disk, const std::string& dir, wire::Zxid from, std::int32_t length_max);
  Result<std::optional<LogEntry>> next();

 private:
  LogChain(Disk& disk, std::string dir, wire::Zxid from, std::int32_t length_max, std::vector<LogName> files);
  Disk* disk_;
  std::string dir_;
  wire::Zxid from_;
  std::int32_t length_max_;
  std::vector<LogName> files_;  // oldest first
  std::size_t at_ = 0;
  std::optional<LogFileReader> reader_;
};

}  // namespace drover::storage
