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
  // Znodes whose ACL is not in the file's table: a server lets everybody do everything with them.
  std::int64_t nodes_without_acl = 0;
};

// Where reading a snapshot ended, for tools that tell what is left of a damaged one.
struct SnapshotEnd {
  std::uint64_t offset = 0;     // in the uncompressed stream
  std::string reason;           // empty: nothing was wrong
  bool nodes_complete = false;  // the end marker was reached: only the seals are in question
  bool closed = false;          // the last seal ends as it should; Apache skips the file otherwise
  std::int64_t sessions = 0;
  std::int64_t nodes = 0;  // that the sink took
};

// Feeds the file to `sink`, begin_snapshot to end_snapshot. end_snapshot is called only after all
// seals were right. Errors: of the disk, of the format (message names file and offset in the
// uncompressed stream), of the sink. `length_max` bounds one string or buffer, in bytes. `end` is
// filled in either case.
Result<SnapshotContent> read_snapshot(Disk& disk, const std::string& dir, const SnapshotName& name,
                                      std::int32_t length_max, RestoreSink& sink,
                                      SnapshotEnd* end = nullptr);

// Same without keeping anything: is this snapshot whole?
Result<SnapshotContent> verify_snapshot(Disk& disk, const std::string& dir,
                                        const SnapshotName& name, std::int32_t length_max);

}  // namespace drover::storage
