#include "storage/snapshot_writer.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "storage/adler32.h"
#include "storage/file_names.h"
#include "storage/snapshot_format.h"
#include "storage/snapshot_sink.h"
#include "wire/jute_writer.h"

namespace drover::storage {

struct SnapshotWriter::Impl {
  Disk& disk;
  SnapshotWriterOptions options;
  wire::Zxid zxid;
  std::string temporary;
  base::ByteBuffer buffer{};  // encoded, not yet checksummed
  std::unique_ptr<File> file{};
  std::unique_ptr<SnapshotSink> sink{};  // on *file: declared after it, so that it goes first
  std::uint32_t checksum = kAdlerStart;
  std::int64_t nodes = 0;

  Result<void> flush();
  Result<void> seal();
};

namespace {

void encode_acls(std::span<const std::pair<std::int64_t, std::shared_ptr<const AclList>>> acls,
                 wire::JuteWriter& out) {
  out.write_int(static_cast<std::int32_t>(acls.size()));
  for (const auto& [key, list] : acls) {
    out.write_long(key);
    wire::encode_acl(*list, out);
  }
}

}  // namespace

SnapshotWriter::SnapshotWriter(
    Disk& disk, SnapshotWriterOptions options, wire::Zxid zxid,
    std::span<const SnapshotSession> sessions,
    std::span<const std::pair<std::int64_t, std::shared_ptr<const AclList>>> acls) {
  const std::string name = snapshot_name(zxid, options.compression);
  const std::string temporary = fmt::format("{}/{}{}", options.dir, kTemporaryPrefix, name);
  impl_ = std::unique_ptr<Impl>(new Impl{disk, std::move(options), zxid, temporary});
  wire::JuteWriter out(impl_->buffer);
  out.write_int(static_cast<std::int32_t>(snapshot_format::kMagic));
  out.write_int(snapshot_format::kVersion);
  out.write_long(snapshot_format::kDbid);
  out.write_int(static_cast<std::int32_t>(sessions.size()));
  for (const auto& session : sessions) {
    out.write_long(session.id.value);
    out.write_int(session.timeout_ms);
  }
  encode_acls(acls, out);
}

SnapshotWriter::~SnapshotWriter() {
  if (!impl_ || !impl_->file) return;
  impl_->sink.reset();
  impl_->file.reset();
  // A destructor has nobody to tell; what stays behind is removed by the next restore.
  [[maybe_unused]] const auto removed = impl_->disk.remove(impl_->temporary);
}

void SnapshotWriter::node(std::string_view path, wire::NullableBytes data, std::int64_t acl_key,
                          const wire::StatPersisted& stat) {
  wire::JuteWriter out(impl_->buffer);
  out.write_string(path == "/" ? std::string_view() : path);
  out.write_bytes(data);
  out.write_long(acl_key);
  out.write_long(stat.czxid);
  out.write_long(stat.mzxid);
  out.write_long(stat.ctime);
  out.write_long(stat.mtime);
  out.write_int(stat.version);
  out.write_int(stat.cversion);
  out.write_int(stat.aversion);
  out.write_long(stat.ephemeral_owner);
  out.write_long(stat.pzxid);
  ++impl_->nodes;
}

std::size_t SnapshotWriter::buffered() const {
  return impl_->buffer.size();
}

Result<void> SnapshotWriter::flush() {
  return impl_->flush();
}

Result<SnapshotFile> SnapshotWriter::finish(std::optional<RestoreSink::SnapshotDigest> digest,
                                            wire::Zxid last) {
  wire::JuteWriter out(impl_->buffer);
  out.write_string(snapshot_format::kEndMarker);
  if (auto done = impl_->seal(); !done) return std::unexpected(done.error());

  // Both parts, always: a reader with other switches than its writer's finds what it expects or
  // ignores the rest; only one of the two is what Apache fails on. All zeros stand for "no digest".
  const auto part = digest.value_or(RestoreSink::SnapshotDigest{});
  out.write_long(part.zxid.value);
  part.digest.encode(out);
  if (auto done = impl_->seal(); !done) return std::unexpected(done.error());
  out.write_long(last.value);
  if (auto done = impl_->seal(); !done) return std::unexpected(done.error());

  if (auto done = impl_->flush(); !done) return std::unexpected(done.error());
  if (auto done = impl_->sink->finish(); !done) return std::unexpected(done.error());
  if (auto done = impl_->file->sync_data(); !done) return std::unexpected(done.error());

  SnapshotFile made{.path = fmt::format("{}/{}", impl_->options.dir,
                                        snapshot_name(impl_->zxid, impl_->options.compression)),
                    .zxid = impl_->zxid,
                    .bytes = impl_->sink->file_bytes(),
                    .nodes = impl_->nodes};
  if (auto done = impl_->disk.rename(impl_->temporary, made.path); !done) {
    return std::unexpected(done.error());
  }
  impl_->sink.reset();
  impl_->file.reset();
  if (auto done = impl_->disk.sync_dir(impl_->options.dir); !done)
    return std::unexpected(done.error());
  return made;
}

Result<void> SnapshotWriter::Impl::flush() {
  if (!file) {
    auto created = disk.create(temporary);
    if (!created) return std::unexpected(created.error());
    file = std::move(*created);
    sink = SnapshotSink::make(options.compression, *file);
  }
  checksum = adler32(checksum, buffer.view());
  if (auto done = sink->write(buffer.view()); !done) return done;
  buffer.clear();
  return {};
}

// The checksum covers all before it, earlier seals too; the "/" behind it belongs to the next one.
Result<void> SnapshotWriter::Impl::seal() {
  if (auto done = flush(); !done) return done;
  wire::JuteWriter out(buffer);
  out.write_long(static_cast<std::int64_t>(checksum));
  out.write_string(snapshot_format::kEndMarker);
  return {};
}

}  // namespace drover::storage
