#include "storage/dry_run_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace drover::storage {
namespace {

class ImaginedFile final : public File {
 public:
  explicit ImaginedFile(std::shared_ptr<std::string> content) : content_(std::move(content)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    if (offset >= content_->size()) return 0;
    return content_->copy(into.data(), into.size(), static_cast<std::size_t>(offset));
  }
  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    const std::size_t end = static_cast<std::size_t>(offset) + bytes.size();
    if (end > content_->size()) content_->resize(end);
    content_->replace(static_cast<std::size_t>(offset), bytes.size(), bytes);
    return {};
  }
  Result<void> sync_data() override { return {}; }
  Result<void> allocate(std::uint64_t size) override {
    if (size > content_->size()) content_->resize(static_cast<std::size_t>(size));
    return {};
  }
  Result<std::uint64_t> size() override { return content_->size(); }

 private:
  std::shared_ptr<std::string> content_;
};

// The beginning of a file below.
class CutFile final : public File {
 public:
  CutFile(std::unique_ptr<File> below, std::uint64_t size_max)
      : below_(std::move(below)), size_max_(size_max) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    if (offset >= size_max_) return 0;
    const auto left = std::min<std::uint64_t>(into.size(), size_max_ - offset);
    return below_->read_at(offset, into.first(static_cast<std::size_t>(left)));
  }
  Result<void> write_at(std::uint64_t, std::string_view) override { return refused(); }
  Result<void> sync_data() override { return {}; }
  Result<void> allocate(std::uint64_t) override { return refused(); }
  Result<std::uint64_t> size() override {
    const auto size = below_->size();
    if (!size) return size;
    return std::min(*size, size_max_);
  }

 private:
  static std::unexpected<Error> refused() { return failure("opened for reading"); }
  std::unique_ptr<File> below_;
  std::uint64_t size_max_;
};

class NoLock final : public FileLock {};

}  // namespace

DryRunDisk::Imagined DryRunDisk::state_of(const std::string& path) const {
  const auto found = imagined_.find(path);
  if (found != imagined_.end()) return found->second;
  return Imagined{.origin = path, .content = nullptr};
}

Result<std::vector<std::string>> DryRunDisk::list(const std::string& dir) {
  const auto below = below_.list(dir);
  if (!below) return below;
  std::set<std::string> names(below->begin(), below->end());
  for (const auto& [path, state] : imagined_) {
    if (parent_dir(path) != dir) continue;
    const std::string name = path.substr(dir.size() + 1);
    if (state.removed) {
      names.erase(name);
    } else {
      names.insert(name);
    }
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<bool> DryRunDisk::exists(const std::string& path) {
  const Imagined state = state_of(path);
  if (state.removed) return false;
  if (state.content) return true;
  return below_.exists(state.origin);
}

Result<void> DryRunDisk::create_dirs(const std::string& dir) {
  const auto there = below_.exists(dir);
  if (there && *there) return {};
  return failure(fmt::format("{}: would be created", dir));
}

Result<std::unique_ptr<File>> DryRunDisk::create(const std::string& path) {
  Imagined& state = imagined_[path];
  state = Imagined{.origin = {}, .content = std::make_shared<std::string>()};
  changes_.push_back(fmt::format("{}: written", path));
  return std::make_unique<ImaginedFile>(state.content);
}

Result<std::unique_ptr<File>> DryRunDisk::open_read(const std::string& path) {
  const Imagined state = state_of(path);
  if (state.removed) return failure(fmt::format("open {}: No such file or directory", path));
  if (state.content) return std::make_unique<ImaginedFile>(state.content);
  auto below = below_.open_read(state.origin);
  if (!below || state.size_max == UINT64_MAX) return below;
  return std::make_unique<CutFile>(std::move(*below), state.size_max);
}

Result<void> DryRunDisk::truncate(const std::string& path, std::uint64_t size) {
  Imagined state = state_of(path);
  if (state.content) state.content->resize(static_cast<std::size_t>(size));
  state.size_max = std::min(state.size_max, size);
  imagined_[path] = std::move(state);
  changes_.push_back(fmt::format("{}: cut at offset {}", path, size));
  return {};
}

Result<void> DryRunDisk::rename(const std::string& from, const std::string& to) {
  imagined_[to] = state_of(from);
  imagined_[from] = Imagined{.removed = true, .origin = {}, .content = nullptr};
  changes_.push_back(fmt::format("{}: renamed to {}", from, to));
  return {};
}

Result<void> DryRunDisk::remove(const std::string& path) {
  const auto there = exists(path);
  if (!there) return std::unexpected(there.error());
  if (!*there) return {};
  imagined_[path] = Imagined{.removed = true, .origin = {}, .content = nullptr};
  changes_.push_back(fmt::format("{}: removed", path));
  return {};
}

Result<std::unique_ptr<FileLock>> DryRunDisk::lock(const std::string&) {
  return std::make_unique<NoLock>();
}

}  // namespace drover::storage
