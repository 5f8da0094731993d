#pragma once
// Snapshots as text and JSON: every znode, figures of subtrees, and what differs between two.

#include <string>

#include "file_tools/finding.h"
#include "file_tools/snapshot_input.h"
#include "file_tools/snapshot_tree.h"

namespace drover::file_tools {

struct SnapshotDumpOptions {
  std::string znode{};     // only this one and what is below it; empty: all
  std::int64_t depth = 0;  // levels below it; 0: all
  std::int64_t limit = 0;  // lines; 0: no limit
  bool all_data = false;
  bool json = false;
  std::int32_t length_max = 0;
};

// A line for each session and znode, in file order, as they are read. Errors as read_snapshot,
// after what could be read was printed.
Result<void> print_snapshot(storage::Disk& disk, const SnapshotInput& input,
                            const SnapshotDumpOptions& options);

// Znodes and bytes at and below each znode down to `depth` levels below `znode` (0: all levels).
// Only znodes with children, as Apache's SnapshotRecursiveSummary. Error: no such znode.
Result<std::string> snapshot_summary(const SnapshotTree& snapshot, const std::string& znode,
                                     std::int64_t depth, bool json);

struct SnapshotComparison {
  std::int64_t same = 0;
  std::int64_t only_left = 0;
  std::int64_t only_right = 0;
  std::int64_t changed = 0;
  std::string text{};                // a line for each difference
  boost::json::array differences{};  // the same
  bool cut = false;                  // more than `limit` differences: not all are told
  [[nodiscard]] bool equal() const { return only_left + only_right + changed == 0; }
};

// Data, ACL and stat of every znode. `limit` bounds text and differences.
SnapshotComparison compare_snapshots(const SnapshotTree& left, const SnapshotTree& right,
                                     std::int64_t limit);

}  // namespace drover::file_tools
