#pragma once
// Apache's SnapshotFormatter, SnapshotRecursiveSummary and SnapshotComparer, word for word: what
// bin/zkSnapShotToolkit.sh, zkSnapshotRecursiveSummaryToolkit.sh and zkSnapshotComparer.sh run.

#include <string>
#include <vector>

#include "file_tools/snapshot_tree.h"

namespace drover::file_tools {

// Each answers the exit code.
int snapshot_formatter(const std::vector<std::string>& words);
int snapshot_recursive_summary(const std::vector<std::string>& words);
int snapshot_comparer(const std::vector<std::string>& words);

// Children in the order in which Apache's tools print them: that of their HashSet.
[[nodiscard]] std::vector<tree::NodeId> java_children(const tree::Tree& tree, tree::NodeId node);
// As FileSnap.deserialize: nothing behind the nodes is looked at. Otherwise prints what is wrong.
std::optional<SnapshotTree> load_as_apache(const std::string& path);

}  // namespace drover::file_tools
