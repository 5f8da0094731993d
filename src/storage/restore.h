#pragma once
// Restore: newest good snapshot, then the log from there on, fed to whoever rebuilds the state.
//
// The one place that decides what a damaged directory means (docs/recovery.md): a torn tail is cut and
// reported, damage before the tail is refused with file and offset, a gap between files is refused.

#include <drover/acl.h>
#include <drover/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "wire/stat_persisted.h"
#include "wire/txn_records.h"

namespace drover::storage {

class Disk;

// Receives the state in file order. Any call that answers an error ends this attempt: for a snapshot the
// next older one is tried (begin_snapshot is called again and drops everything), for a txn restore fails.
class RestoreSink {
 public:
  virtual ~RestoreSink() = default;
  virtual void begin_snapshot(wire::Zxid zxid) = 0;
  virtual void session(wire::SessionId id, std::int32_t timeout_ms) = 0;
  virtual void acl(std::int64_t key, AclList list) = 0;
  virtual Result<void> node(std::string_view path, wire::NullableBytes data, std::int64_t acl_key,
                            const wire::StatPersisted& stat) = 0;
  struct SnapshotDigest {
    wire::Zxid zxid;
    wire::TxnDigest digest;
  };
  virtual Result<void> end_snapshot(std::optional<SnapshotDigest> digest) = 0;
  virtual Result<void> txn(const wire::TxnBytes& txn) = 0;
};

struct RestoreOptions {
  std::string snapshot_dir;           // <dataDir>/version-2
  std::string log_dir;                // <dataLogDir>/version-2
  bool trust_empty_snapshot = false;  // snapshot.trust.empty
  bool db_autocreate = true;
  std::int32_t length_max = 2097150;  // jute.maxbuffer + extrasize, bytes
};

struct RestoreReport {
  std::string snapshot_file;  // empty: none there
  wire::Zxid snapshot_zxid;
  std::int64_t txns_replayed = 0;
  wire::Zxid last_zxid;
  std::int64_t bytes_dropped = 0;     // of a torn tail
  std::vector<std::string> warnings;  // one sentence each: what was skipped and why
};

Result<RestoreReport> restore(Disk& disk, const RestoreOptions& options, RestoreSink& sink,
                              base::Log& log);

}  // namespace drover::storage
