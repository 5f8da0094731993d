#pragma once
// One snapshot, examined: seals, and whether its znodes make a tree. Memory: 8 bytes and some for
// each znode, whatever its data.

#include "file_tools/finding.h"
#include "file_tools/snapshot_input.h"
#include "storage/snapshot_reader.h"

namespace drover::file_tools {

struct SnapshotFacts {
  SnapshotInput input{};
  bool whole = false;  // every seal is right: a server loads it, if it also makes a tree
  bool loads = false;  // a server would load it
  storage::SnapshotContent content{};  // when whole
  storage::SnapshotEnd end{};
  std::int64_t data_bytes = 0;
  std::int64_t ephemerals = 0;
  Findings findings{};
};

// Reads the whole file. Errors: it cannot be opened.
Result<SnapshotFacts> check_snapshot(storage::Disk& disk, const SnapshotInput& input,
                                     std::int32_t length_max);
[[nodiscard]] boost::json::object snapshot_facts_json(const SnapshotFacts& facts);
[[nodiscard]] std::string snapshot_facts_line(const SnapshotFacts& facts);

}  // namespace drover::file_tools
