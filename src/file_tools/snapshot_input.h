#pragma once
// A snapshot by its path, whatever its name.

#include <drover/result.h>

#include <string>

#include "storage/disk.h"
#include "storage/file_names.h"

namespace drover::file_tools {

struct SnapshotInput {
  std::string path{};
  std::string dir{};
  storage::SnapshotName name{};  // zxid 0 when the file's name tells none
  bool named = false;            // strictly, as a server wants it
};

// Of a data directory: its newest. Compression by the name's ending, of other names by the first
// bytes. Errors: nothing there, not readable, no snapshot in it.
Result<SnapshotInput> find_snapshot(storage::Disk& disk, const std::string& path);
// Of a data directory: all, oldest first.
Result<std::vector<SnapshotInput>> find_snapshots(storage::Disk& disk, const std::string& path);

}  // namespace drover::file_tools
