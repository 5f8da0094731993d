#pragma once
// Reads one log file from end to end, damage included: what recovery would stop at is diagnosed
// and stepped over, so that a tool can tell what is lost and what is still there behind it.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "storage/log_reader.h"

namespace drover::file_tools {

// What exactly is wrong with bytes that are no entry.
enum class DamageKind {
  kTorn,       // an unfinished write: nothing in it or behind it was acknowledged
  kChecksum,   // the checksum field itself: frame and record are right
  kRecord,     // frame right, bytes of the record wrong
  kLength,     // only the length field: with the right one the checksum agrees
  kEndByte,    // only the end byte
  kTooLong,    // whole, but longer than jute.maxbuffer allows
  kZeros,      // zeros where an entry should begin, and entries behind them
  kUnreadable  // none of these
};
[[nodiscard]] std::string_view damage_code(DamageKind kind);  // "log.checksum"

struct LogDamage {
  DamageKind kind = DamageKind::kUnreadable;
  std::uint64_t offset = 0;  // of the first wrong entry
  std::uint64_t bytes = 0;   // that cannot be read: up to the next good entry, or the last content
  std::string reason{};      // as the server says it
  std::string detail{};      // what the diagnosis adds; may be empty
  std::optional<wire::Zxid> before{};  // last good one in this file
  std::optional<wire::Zxid> after{};   // first good one behind
  // The txn itself, when its record can be trusted all the same: a repaired frame keeps it.
  std::optional<wire::Zxid> intact{};
  std::uint64_t record_offset = 0;  // of the payload of `intact`
  std::uint32_t record_length = 0;
};

struct LogShape {
  std::uint64_t size = 0;
  std::uint64_t content_end = 0;  // behind the last good entry
  std::uint64_t dbid = 0;
  std::int32_t version = 0;
  std::optional<std::uint64_t> synced_mark{};  // nullopt: written by Apache
  bool empty = false;                          // not even a header: being created when it crashed
  bool not_a_log = false;
  std::string reason{};  // when not_a_log
};

class LogScan {
 public:
  // `disk` must outlive the scan. `length_max`: of one entry, bytes.
  static Result<LogScan> open(storage::Disk& disk, const std::string& path,
                              std::int32_t length_max);

  // Entries and damage in file order; nullopt at the end. An entry's views live until the next
  // call. Errors: of the disk only.
  Result<std::optional<std::variant<storage::LogEntry, LogDamage>>> next();

  [[nodiscard]] const LogShape& shape() const { return shape_; }  // complete at the end
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  LogScan(storage::LogFileReader reader, std::unique_ptr<storage::File> file, std::string path,
          std::int32_t length_max);
  Result<LogDamage> diagnose(const storage::LogEnd& end);

  storage::LogFileReader reader_;
  std::unique_ptr<storage::File> file_;
  std::string path_;
  std::int32_t length_max_;
  LogShape shape_;
  std::optional<wire::Zxid> last_;
  bool done_ = false;
};

}  // namespace drover::file_tools
