#pragma once
// Restore: newest good snapshot, then the log from there on, fed to whoever rebuilds the state.
//
// The one place that decides what a damaged directory means (docs/recovery.md): a torn tail is cut
// and reported, damage before the tail is refused with file and offset, a gap between files is
// refused.

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

// Receives the state in file order. Any call that answers an error ends this attempt: for a
// snapshot the next older one is tried (begin_snapshot is called again and drops everything), for a
// txn restore fails.
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
  std::string snapshot_file;  // path; empty: none there
  wire::Zxid snapshot_zxid;
  std::int64_t txns_replayed = 0;
  // -1: an empty directory, and neither an `initialize` file nor db.autocreate says that this is
  // intended.
  wire::Zxid last_zxid;
  bool fresh = false;                  // nothing was there: the caller starts with a new tree
  std::int64_t bytes_dropped = 0;      // of a torn tail
  std::int64_t snapshots_skipped = 0;  // newer than the one used, and damaged
  std::vector<std::string> warnings;  // one sentence each, already logged: what was skipped and why
};

// Without a snapshot (a fresh directory, or trust_empty_snapshot) begin_snapshot is never called:
// the sink starts from a new tree. Changes the directory: a torn tail is cut durably, an empty
// newest log removed, an `initialize` file in the parent of either folder consumed. After success
// everything that was fed to the sink is durable. The caller then writes a snapshot of the restored
// state before the first new txn.
Result<RestoreReport> restore(Disk& disk, const RestoreOptions& options, RestoreSink& sink,
                              base::Log& log);

}  // namespace drover::storage
