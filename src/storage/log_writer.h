#pragma once
// Appends txns to the log, in Apache's format (docs/log_format.md), one write per batch.
//
// Threads: one, the disk thread. Lifetime: disk must outlive the writer.
// The caller's duty: a txn is durable, and may be acknowledged, only when sync() after its append()
// answered success. The first failure of any call is final: the writer answers that same error for
// ever, because what the file holds is no longer known; stop, and recover on restart.

#include <drover/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/byte_buffer.h"
#include "storage/disk.h"
#include "wire/txn_records.h"

namespace drover::storage {

struct LogWriterOptions {
  std::string dir;                                // <dataLogDir>/version-2
  std::uint64_t preallocate_bytes = 64ULL << 20;  // preAllocSize, 0: never
  std::uint64_t file_bytes_max = 0;               // txnLogSizeLimitInKb, 0: no limit
  bool force_sync = true;  // forceSync; false: sync() only claims (tests, benchmarks)
};

struct LogWriterProbe {
  std::int64_t txns = 0;   // appended
  std::int64_t bytes = 0;  // appended, framing included, padding not
  std::int64_t syncs = 0;
  std::int64_t files = 0;  // created
};

class LogWriter {
 public:
  // Touches nothing: the first append creates log.<its zxid>. An earlier run's file is never
  // appended to.
  LogWriter(Disk& disk, LogWriterOptions options);
  ~LogWriter();  // without syncing
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // Frames the batch and writes it. Requires zxids that never decrease. A batch may be empty.
  Result<void> append(std::span<const wire::TxnBytes> batch);
  // Makes everything appended so far durable.
  Result<void> sync();
  // Syncs and closes the file; the next append starts a new one. Nothing to do when none is open.
  // Call it at a clean stop too: a file closed like this has no tail to guess about.
  Result<void> roll();

  // The history was cut or replaced since roll(): it goes on behind `last`, perhaps lower than
  // before.
  void continue_behind(wire::Zxid last) { last_appended_ = last; }

  [[nodiscard]] bool failed() const { return failure_.has_value(); }
  // Since the last roll() (not counting rolls by file_bytes_max): what RollPolicy asks for. Bytes
  // are what was written, not preallocated sizes as in Apache.
  [[nodiscard]] std::int64_t txns_since_roll() const { return txns_since_roll_; }
  [[nodiscard]] std::int64_t bytes_since_roll() const { return bytes_since_roll_; }
  [[nodiscard]] wire::Zxid last_appended() const { return last_appended_; }
  [[nodiscard]] const std::string& path() const { return path_; }  // of the open file; empty: none
  [[nodiscard]] std::uint64_t file_bytes() const {
    return end_;
  }  // of the open file, padding not counted
  [[nodiscard]] const LogWriterProbe& probe() const { return probe_; }

 private:
  Result<void> open(wire::Zxid first);
  void make_room(std::uint64_t end);
  void zero_ahead();
  Result<void> write_mark(std::uint64_t offset);
  Result<void> close();
  Result<void> fail(Error error);

  Disk& disk_;
  const LogWriterOptions options_;
  std::unique_ptr<File> file_;
  std::string path_;
  base::ByteBuffer frame_;  // one batch, framed; kept for its memory
  std::uint64_t end_ = 0;   // where the next entry goes
  std::uint64_t allocated_ =
      0;                  // file size, padding included. Invariant: end_ < allocated_ when padding_
  bool padding_ = false;  // false: off, or the disk could not
  std::uint64_t zeroed_ = 0;  // zeros were written up to here. Invariant: zeroed_ <= allocated_
  std::uint64_t synced_ = 0;  // Invariant: synced_ <= end_
  std::uint64_t mark_ = 0;    // what the header says is synced. Invariant: mark_ <= synced_
  std::int64_t txns_since_roll_ = 0;
  std::int64_t bytes_since_roll_ = 0;
  wire::Zxid last_appended_;
  std::optional<Error> failure_;
  LogWriterProbe probe_;
};

}  // namespace drover::storage
