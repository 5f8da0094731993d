#include "storage/snapshot_writer.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "storage/adler32.h"
#include "storage/file_names.h"
#include "storage/snapshot_format.h"
#include "storage/snapshot_sink.h"
#include "storage/snapshot_stream.h"
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
  begin_snapshot_stream(sessions, acls, impl_->buffer);
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
  append_snapshot_node(path, data, acl_key, stat, impl_->buffer);
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

  SnapshotFile made{
      .path = fmt::format("{}/{}{}", impl_->options.dir, impl_->options.staged ? kStagedPrefix : "",
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
