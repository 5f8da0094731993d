#pragma once
// A snapshot in memory, as a tree, as much of it as can be read. For what needs the whole of it:
// summaries, comparisons, salvage, and Apache's formats.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "file_tools/snapshot_input.h"
#include "storage/snapshot_reader.h"
#include "tree/tree.h"

namespace drover::file_tools {

struct SnapshotTree {
  SnapshotInput input;
  tree::Tree tree;
  std::vector<std::pair<wire::SessionId, std::int32_t>> sessions;  // in file order; timeout in ms
  storage::SnapshotContent content;                                // when whole
  storage::SnapshotEnd end;
  std::optional<std::string> failure;  // why the file is not whole; the tree has what was before it
  // Znodes that could not be placed (no parent, there already, no path); the first few by path.
  std::int64_t dropped = 0;
  std::vector<std::string> dropped_paths;
  std::vector<std::string> without_acl;  // whose ACL the file does not hold
};

// Errors: the file cannot be opened, or is no snapshot at all.
Result<SnapshotTree> load_snapshot_tree(storage::Disk& disk, const SnapshotInput& input,
                                        std::int32_t length_max);

}  // namespace drover::file_tools
