#include "storage/disk.h"

#include <fmt/format.h>

#include "storage/file_names.h"

namespace drover::storage {

std::string parent_dir(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

Result<std::string> read_small_file(Disk& disk, const std::string& path, std::size_t size_max) {
  auto file = disk.open_read(path);
  if (!file) return std::unexpected(file.error());
  const auto size = (*file)->size();
  if (!size) return std::unexpected(size.error());
  if (*size > size_max) {
    return failure(
        fmt::format("{}: {} bytes, more than {} are not expected here", path, *size, size_max));
  }
  std::string content(*size, '\0');
  const auto got = (*file)->read_at(0, content);
  if (!got) return std::unexpected(got.error());
  content.resize(*got);
  return content;
}

Result<void> write_small_file(Disk& disk, const std::string& path, std::string_view content) {
  const std::string dir = parent_dir(path);
  const auto slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  const std::string temporary = fmt::format("{}/{}{}", dir, kTemporaryPrefix, name);
  {
    auto file = disk.create(temporary);
    if (!file) return std::unexpected(file.error());
    if (auto done = (*file)->write_at(0, content); !done) return done;
    if (auto done = (*file)->sync_data(); !done) return done;
  }
  if (auto done = disk.rename(temporary, path); !done) return done;
  return disk.sync_dir(dir);
}

}  // namespace drover::storage
