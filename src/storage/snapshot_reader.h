#pragma once
// Reads one snapshot as a stream: bounded memory (one node at a time), every seal verified, every
// byte from outside distrusted.

#include <drover/result.h>

#include <cstdint>
#include <optional>
#include <string>

#include "storage/file_names.h"
#include "storage/restore.h"

namespace drover::storage {

struct SnapshotContent {
  std::optional<RestoreSink::SnapshotDigest>
      digest;  // nullopt: none in the file, or its "none" (version 2, all zero)
  std::optional<wire::Zxid> last_zxid;  // of the 3.9 trailer part
  std::int64_t sessions = 0;
  std::int64_t nodes = 0;
};

// Feeds the file to `sink`, begin_snapshot to end_snapshot. end_snapshot is called only after all
// seals were right. Errors: of the disk, of the format (message names file and offset in the
// uncompressed stream), of the sink. `length_max` bounds one string or buffer, in bytes.
Result<SnapshotContent> read_snapshot(Disk& disk, const std::string& dir, const SnapshotName& name,
                                      std::int32_t length_max, RestoreSink& sink);

// Same without keeping anything: is this snapshot whole?
Result<SnapshotContent> verify_snapshot(Disk& disk, const std::string& dir,
                                        const SnapshotName& name, std::int32_t length_max);

}  // namespace drover::storage
