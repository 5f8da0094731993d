#include "file_tools/log_sequence.h"

#include <fmt/format.h>

#include "file_tools/input.h"
#include "storage/file_names.h"

namespace drover::file_tools {

Result<std::vector<std::string>> find_logs(storage::Disk& disk, const std::string& path) {
  if (!is_directory(path)) {
    if (auto file = disk.open_read(path); !file) return std::unexpected(file.error());
    return std::vector<std::string>{path};
  }
  const std::string folder = version_folder(path);
  const auto listing = disk.list(folder);
  if (!listing) return std::unexpected(listing.error());
  std::vector<std::string> paths;
  for (const auto& log : storage::sort_names(*listing).logs) {
    paths.push_back(folder + "/" + log.name);
  }
  if (paths.empty()) return failure(fmt::format("{}: no file named log.<zxid> here", folder));
  return paths;
}

Result<std::optional<std::variant<storage::LogEntry, LogDamage>>> LogSequence::next() {
  for (;;) {
    if (!scan_) {
      if (next_path_ == paths_.size()) return std::nullopt;
      auto scan = LogScan::open(disk_, paths_[next_path_++], length_max_);
      if (!scan) return std::unexpected(scan.error());
      scan_.emplace(std::move(*scan));
    }
    auto step = scan_->next();
    if (!step || *step) return step;
    if (scan_->shape().not_a_log) {
      return failure(fmt::format("{}: {}", scan_->path(), scan_->shape().reason));
    }
    if (next_path_ == paths_.size()) return std::nullopt;
    scan_.reset();
  }
}

}  // namespace drover::file_tools
