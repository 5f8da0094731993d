#pragma once
// Reads one file of the txn log, entry by entry, and says in code what stands behind the last good
// entry: the end, a torn tail (a write that no sync covered), or damage to data that was durable.

#include <drover/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "storage/disk.h"
#include "wire/txn_records.h"

namespace drover::storage {

struct LogEntry {
  wire::TxnHeader header;
  wire::TxnBytes txn;        // lives until the next call of next()
  std::uint64_t offset = 0;  // of its checksum
};

// What stands behind the last good entry of a file.
struct LogEnd {
  enum class Kind {
    kClean,    // end of file, or nothing but zeros
    kTorn,     // an unfinished write: nothing in it was ever acknowledged
    kDamaged,  // bytes that were durable are wrong or missing
    kEmpty,    // not even a header: the file was just being created
    kNotALog,  // wrong magic
  };
  Kind kind = Kind::kClean;
  std::uint64_t offset = 0;  // just behind the last good entry
  std::uint64_t bytes = 0;   // from there up to the last byte that is not zero
  std::string reason;        // what was wrong there; empty when clean
  // The next entry that can be read again, when damage was proven by one.
  std::optional<std::uint64_t> next_valid;
  wire::Zxid next_valid_zxid;
};

// Memory: one entry plus a read buffer. Threads: one at a time; a LogWriter may be appending to the
// file.
class LogFileReader {
 public:
  // `length_max` bounds the payload of one entry, bytes; a longer one that is whole is reported as
  // damage that names the limit.
  static Result<LogFileReader> open(Disk& disk, const std::string& path, std::int32_t length_max);
  LogFileReader(LogFileReader&&) noexcept;
  LogFileReader& operator=(LogFileReader&&) noexcept;
  ~LogFileReader();

  // The next entry; nullopt at the end, for good. Errors: of the disk only.
  Result<std::optional<LogEntry>> next();
  // Classifies what stands behind the last entry. Reads the rest of the file. Requires that next()
  // answered nullopt. `look_behind`: fills next_valid behind an unfinished write too, which
  // recovery has no use for.
  Result<LogEnd> end(bool look_behind = false);
  // Goes on reading at `offset`, where end() found an entry that can be read again: for tools that
  // tell what is left behind damage. Recovery never does.
  void resume(std::uint64_t offset);

  [[nodiscard]] const std::string& path() const;
  [[nodiscard]] std::uint64_t size() const;  // of the file when it was opened
  // Bytes that were durable when the writer began its last write; nullopt in a log made by Apache.
  [[nodiscard]] std::optional<std::uint64_t> synced_mark() const;

 private:
  struct Impl;
  explicit LogFileReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::storage
