#include "file_tools/snapshot_input.h"

#include <fmt/format.h>

#include "file_tools/input.h"

namespace drover::file_tools {

namespace {

Result<storage::Compression> compression_of(storage::Disk& disk, const std::string& path) {
  if (path.ends_with(".gz")) return storage::Compression::kGzip;
  if (path.ends_with(".snappy")) return storage::Compression::kSnappy;
  auto file = disk.open_read(path);
  if (!file) return std::unexpected(file.error());
  char head[8];
  const auto got = (*file)->read_at(0, head);
  if (!got) return std::unexpected(got.error());
  const std::string_view bytes(head, *got);
  if (bytes.starts_with("\x1f\x8b")) return storage::Compression::kGzip;
  if (bytes.starts_with("\x82SNAPPY")) return storage::Compression::kSnappy;
  return storage::Compression::kNone;
}

Result<SnapshotInput> one_file(storage::Disk& disk, const std::string& path) {
  if (auto file = disk.open_read(path); !file) return std::unexpected(file.error());
  const auto compression = compression_of(disk, path);
  if (!compression) return std::unexpected(compression.error());
  SnapshotInput input{.path = path,
                      .dir = storage::parent_dir(path),
                      .name = {.zxid = {}, .compression = *compression, .name = base_name(path)}};
  if (const auto name = storage::parse_snapshot_name(input.name.name)) {
    input.name = *name;
    input.named = true;
  }
  return input;
}

}  // namespace

Result<std::vector<SnapshotInput>> find_snapshots(storage::Disk& disk, const std::string& path) {
  std::vector<SnapshotInput> inputs;
  if (!is_directory(path)) {
    auto input = one_file(disk, path);
    if (!input) return std::unexpected(input.error());
    inputs.push_back(std::move(*input));
    return inputs;
  }
  const std::string folder = version_folder(path);
  const auto listing = disk.list(folder);
  if (!listing) return std::unexpected(listing.error());
  for (const auto& name : storage::sort_names(*listing).snapshots) {
    inputs.push_back(
        {.path = folder + "/" + name.name, .dir = folder, .name = name, .named = true});
  }
  if (inputs.empty()) return failure(fmt::format("{}: no file named snapshot.<zxid> here", folder));
  return inputs;
}

Result<SnapshotInput> find_snapshot(storage::Disk& disk, const std::string& path) {
  auto inputs = find_snapshots(disk, path);
  if (!inputs) return std::unexpected(inputs.error());
  return std::move(inputs->back());
}

}  // namespace drover::file_tools
