#pragma once
// Making a log readable again: what can be kept, what would be lost, and a new file with it. The
// old file is never touched, but for being renamed.

#include <string>
#include <vector>

#include "file_tools/finding.h"
#include "file_tools/input.h"
#include "file_tools/log_scan.h"

namespace drover::file_tools {

struct LogRepairOptions {
  std::string path{};
  std::int32_t length_max = kLengthMax;
  // Txns that cannot be read become `error` txns under the same zxid, which change nothing, so that
  // what is behind them stays. Otherwise the log ends in front of the first of them.
  bool fill_holes = false;
  bool ignore_header = false;  // the first 16 bytes are wrong, what follows may be right
};

// A run of bytes or txns that the new file will not have as they are.
struct LogLoss {
  enum class Kind {
    kMended,      // txns kept, the bytes around them were wrong: nothing is lost
    kFilled,      // became `error` txns
    kLost,        // unreadable, or behind the end of the new file
    kUnfinished,  // of a write nobody was told of
  };
  Kind kind = Kind::kLost;
  std::uint64_t begin = 0;  // offsets in the old file
  std::uint64_t end = 0;
  std::optional<wire::Zxid> first{};
  std::optional<wire::Zxid> last{};
  std::int64_t txns = 0;  // -1: nobody can tell
  std::string why{};
};

struct LogRepairPlan {
  LogRepairOptions options{};
  std::uint64_t bytes_before = 0;  // of content
  std::int64_t txns_kept = 0;
  std::optional<wire::Zxid> first{};
  std::optional<wire::Zxid> last{};
  bool had_mark = false;
  std::vector<LogLoss> losses{};
  // Logs in the same folder that go on behind what would be lost.
  std::vector<std::string> later_logs{};
  [[nodiscard]] bool loses() const;
  [[nodiscard]] bool changes() const { return !losses.empty() || header_wrong; }
  bool header_wrong = false;
};

Result<LogRepairPlan> plan_log_repair(storage::Disk& disk, const LogRepairOptions& options);
// Writes the new file durably and reads it back. Refuses a path that is there.
Result<void> write_repaired_log(storage::Disk& disk, const LogRepairPlan& plan,
                                const std::string& to);
// The old file becomes `damaged.<name>` beside it, the new one takes its name.
Result<std::string> repair_log_in_place(storage::Disk& disk, const LogRepairPlan& plan);

// Copies txns up to and including `zxid`. Answers how many there are. Refuses a path that is there.
Result<std::int64_t> chop_log(storage::Disk& disk, const LogRepairOptions& options, wire::Zxid zxid,
                              const std::string& to);

[[nodiscard]] std::string log_plan_text(const LogRepairPlan& plan);
[[nodiscard]] boost::json::object log_plan_json(const LogRepairPlan& plan);

}  // namespace drover::file_tools
