#pragma once
// A tree on its way from a leader to a learner (the stream behind a SNAP packet): sessions, ACLs,
// nodes, "/", then the signature BenWasHere; a snapshot file without header and seals. No length
// tells its end, so that the receiver cuts it by understanding it.

#include <drover/acl.h>
#include <drover/result.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "base/byte_buffer.h"
#include "storage/restore.h"
#include "storage/snapshot_writer.h"
#include "wire/stat_persisted.h"

namespace drover::storage {

// ---- sending: begin, any number of nodes (parents first), end; each appends to `out`
void begin_snapshot_stream(
    std::span<const SnapshotSession> sessions,
    std::span<const std::pair<std::int64_t, std::shared_ptr<const AclList>>> acls,
    base::ByteBuffer& out);
void append_snapshot_node(std::string_view path, wire::NullableBytes data, std::int64_t acl_key,
                          const wire::StatPersisted& stat, base::ByteBuffer& out);
void end_snapshot_stream(base::ByteBuffer& out);

// ---- receiving
class SnapshotStreamParser {
 public:
  // `sink` must outlive the parser; it gets begin_snapshot(zxid) at once, and end_snapshot (without
  // a digest) before done(). `length_max` bounds one string or buffer, bytes.
  SnapshotStreamParser(wire::Zxid zxid, std::int32_t length_max, RestoreSink& sink);
  ~SnapshotStreamParser();

  // Takes what it can understand of `bytes`, which the caller keeps the rest of and offers again
  // with more behind it; answers how many bytes it took. Never takes bytes behind the end. Errors
  // name the record and what is wrong with it; the parser is useless then.
  Result<std::size_t> feed(std::string_view bytes);
  [[nodiscard]] bool done() const;
  [[nodiscard]] std::int64_t nodes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::storage
