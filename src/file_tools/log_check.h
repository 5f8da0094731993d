#pragma once
// One log file, examined: what it holds and what is wrong with it.

#include <map>
#include <string>

#include "file_tools/finding.h"
#include "file_tools/log_scan.h"
#include "file_tools/progress.h"

namespace drover::file_tools {

struct LogFacts {
  std::string path{};
  LogShape shape{};
  std::int64_t txns = 0;       // readable, in front of an unfinished write
  std::int64_t txns_torn = 0;  // readable behind one: a start cuts them off with it
  bool torn_mendable = false;  // what the unfinished write begins with is whole all the same
  std::optional<wire::Zxid> first{};
  std::optional<wire::Zxid> last{};
  std::int64_t first_time_ms = 0;
  std::int64_t last_time_ms = 0;
  bool damaged = false;  // something in front of the end cannot be read
  Findings findings{};
};

// Reads the whole file. Errors: of the disk only.
Result<LogFacts> check_log(storage::Disk& disk, const std::string& path, std::int32_t length_max);

[[nodiscard]] boost::json::object log_facts_json(const LogFacts& facts);
// One line: what a healthy file holds.
[[nodiscard]] std::string log_facts_line(const LogFacts& facts);

// What to do about a log whose durable part is damaged.
[[nodiscard]] std::string damaged_log_step(const std::string& path, bool mendable);

}  // namespace drover::file_tools
