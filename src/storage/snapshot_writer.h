#pragma once
// Writes one snapshot (docs/snapshot_format.md) while the tree lives on. The walk belongs to the
// caller: under its hold of the tree it calls node() for a slice of znodes, which only encodes into
// memory; between the holds it calls flush(), which checksums, compresses and writes.
//
//   auto writer = SnapshotWriter::begin(disk, options, zxid, sessions, acls);   (tree held)
//   for each slice: { hold: writer->node(...) while buffered() < slice; }  writer->flush();
//   auto file = writer->finish(digest, last_zxid);
//
// The file gets its name only in finish(), after an fsync; until then it is `tmp.snapshot.<hex>`,
// which no reader takes for a snapshot. An error leaves nothing but perhaps that. Threads: one at a
// time.

#include <drover/acl.h>
#include <drover/result.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "storage/compression.h"
#include "storage/disk.h"
#include "storage/restore.h"
#include "wire/stat_persisted.h"
#include "wire/txn_records.h"

namespace drover::storage {

struct SnapshotWriterOptions {
  std::string dir;  // <dataDir>/version-2
  Compression compression = Compression::kNone;
  // Ends under a name that restore() does not load until install_snapshot (storage/history.h).
  bool staged = false;
};

struct SnapshotSession {
  wire::SessionId id;
  std::int32_t timeout_ms = 0;
};

struct SnapshotFile {
  std::string path;
  wire::Zxid zxid;
  std::uint64_t bytes = 0;  // on disk
  std::int64_t nodes = 0;
};

class SnapshotWriter {
 public:
  // `zxid`: the last txn applied when the walk begins; the name of the file. `acls` as
  // tree::Tree::acl_table. `disk` must outlive the writer. Does no I/O: that begins with the first
  // flush().
  SnapshotWriter(Disk& disk, SnapshotWriterOptions options, wire::Zxid zxid,
                 std::span<const SnapshotSession> sessions,
                 std::span<const std::pair<std::int64_t, std::shared_ptr<const AclList>>> acls);
  ~SnapshotWriter();  // removes the temporary file when finish() was not reached
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;

  // Parents before children; the root is "/" or "". Copies; no I/O.
  void node(std::string_view path, wire::NullableBytes data, std::int64_t acl_key,
            const wire::StatPersisted& stat);
  [[nodiscard]] std::size_t buffered() const;  // bytes not yet flushed
  Result<void> flush();
  // `digest`: of the last txn applied when the walk ended (nullopt: digests are off), `last`: its
  // zxid.
  Result<SnapshotFile> finish(std::optional<RestoreSink::SnapshotDigest> digest, wire::Zxid last);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::storage
