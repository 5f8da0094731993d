#include "storage/memory_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace drover::storage {
namespace {

constexpr std::uint64_t kSectorSize = 512;

std::unexpected<Error> failed(std::string_view call, std::string_view path, std::string_view why) {
  return failure(fmt::format("{} {}: {}", call, path, why));
}

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

struct MemoryDisk::Inode {
  std::string now;      // as seen
  std::string durable;  // as after the last sync
  // Since the last sync: what each touched sector has been, and how long the file.
  std::map<std::uint64_t, std::vector<std::string>> sectors;
  std::vector<std::uint64_t> sizes;

  void write(std::uint64_t offset, std::string_view bytes) {
    if (bytes.empty()) return;
    if (now.size() < offset + bytes.size()) resize(offset + bytes.size());
    std::memcpy(now.data() + offset, bytes.data(), bytes.size());
    for (auto at = offset / kSectorSize; at * kSectorSize < offset + bytes.size(); ++at) {
      sectors[at].push_back(now.substr(at * kSectorSize, kSectorSize));
    }
  }
  void resize(std::uint64_t size) {
    now.resize(size, '\0');
    sizes.push_back(size);
  }
  void sync() {
    durable = now;
    sectors.clear();
    sizes.clear();
  }
  // How often a crash keeps what was not synced: nothing, everything, or a coin for each piece.
  void crash(base::Prng& prng) {
    const std::uint64_t mood = prng.below(4);
    const auto keeps = [&] { return mood == 0 ? false : mood == 1 ? true : prng.chance(1, 2); };
    if (!sizes.empty() && keeps())
      durable.resize(mood == 1 ? now.size() : sizes[prng.below(sizes.size())], '\0');
    for (const auto& [at, versions] : sectors) {
      if (!keeps()) continue;
      const auto& bytes = mood == 1 ? versions.back() : versions[prng.below(versions.size())];
      const std::uint64_t offset = at * kSectorSize;
      if (offset >= durable.size()) continue;
      std::memcpy(durable.data() + offset, bytes.data(),
                  std::min<std::uint64_t>(bytes.size(), durable.size() - offset));
    }
    now = durable;
    sync();
  }
};

class MemoryDisk::OpenFile final : public File {
 public:
  OpenFile(MemoryDisk& disk, std::shared_ptr<Inode> inode, std::string path, bool writable)
      : disk_(disk),
        inode_(std::move(inode)),
        path_(std::move(path)),
        writable_(writable),
        generation_(disk.generation_) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    if (dead()) return failed("read", path_, "the disk went away");
    if (offset >= inode_->now.size()) return 0;
    const auto n = std::min<std::uint64_t>(into.size(), inode_->now.size() - offset);
    std::memcpy(into.data(), inode_->now.data() + offset, n);
    return n;
  }
  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    if (dead() || !writable_) return failed("write", path_, "the disk went away");
    if (disk_.fate_strikes()) {
      inode_->write(offset, bytes.substr(0, bytes.size() / 2));
      return failed("write", path_, "Input/output error");
    }
    if (auto done = disk_.grow(*inode_, path_, offset + bytes.size()); !done) return done;
    inode_->write(offset, bytes);
    return {};
  }
  Result<void> sync_data() override {
    if (dead()) return failed("fdatasync", path_, "the disk went away");
    if (disk_.fate_strikes()) return failed("fdatasync", path_, "Input/output error");
    inode_->sync();
    return {};
  }
  Result<void> allocate(std::uint64_t size) override {
    if (dead() || !writable_) return failed("fallocate", path_, "the disk went away");
    if (disk_.fate_strikes()) return failed("fallocate", path_, "Input/output error");
    return disk_.grow(*inode_, path_, size);
  }
  Result<std::uint64_t> size() override {
    if (dead()) return failed("stat", path_, "the disk went away");
    return inode_->now.size();
  }

 private:
  [[nodiscard]] bool dead() const { return generation_ != disk_.generation_; }

  MemoryDisk& disk_;
  std::shared_ptr<Inode> inode_;
  std::string path_;
  bool writable_;
  std::uint64_t generation_;
};

class MemoryDisk::OpenLock final : public FileLock {
 public:
  OpenLock(MemoryDisk& disk, std::string path)
      : disk_(disk), path_(std::move(path)), generation_(disk.generation_) {}
  ~OpenLock() override {
    if (generation_ == disk_.generation_) disk_.locks_.erase(path_);
  }

 private:
  MemoryDisk& disk_;
  std::string path_;
  std::uint64_t generation_;
};

MemoryDisk::MemoryDisk() = default;
MemoryDisk::~MemoryDisk() = default;

bool MemoryDisk::fate_strikes() {
  ++changes_;
  if (changes_left_ == kNever) return false;
  if (changes_left_ > 0) --changes_left_;
  return changes_left_ == 0;
}

Result<void> MemoryDisk::grow(Inode& inode, const std::string& path, std::uint64_t size) {
  if (size <= inode.now.size()) return {};
  const std::uint64_t more = size - inode.now.size();
  if (more > free_bytes_) return failed("write", path, "No space left on device");
  if (free_bytes_ != UINT64_MAX) free_bytes_ -= more;
  inode.resize(size);
  return {};
}

Result<MemoryDisk::Folder*> MemoryDisk::folder_of(std::string_view call, const std::string& path) {
  const auto folder = folders_.find(parent_dir(path));
  if (folder == folders_.end()) return failed(call, path, "No such file or directory");
  return &folder->second;
}

Result<std::shared_ptr<MemoryDisk::Inode>> MemoryDisk::inode_of(std::string_view call,
                                                                const std::string& path) {
  const auto folder = folder_of(call, path);
  if (!folder) return std::unexpected(folder.error());
  const auto inode = (*folder)->names.find(base_name(path));
  if (inode == (*folder)->names.end()) return failed(call, path, "No such file or directory");
  return inode->second;
}

Result<std::vector<std::string>> MemoryDisk::list(const std::string& dir) {
  const auto folder = folders_.find(dir);
  if (folder == folders_.end()) return failed("list", dir, "No such file or directory");
  std::vector<std::string> names;
  for (const auto& [name, inode] : folder->second.names) names.push_back(name);
  return names;
}

Result<bool> MemoryDisk::exists(const std::string& path) {
  return folders_.contains(path) || inode_of("stat", path).has_value();
}

Result<void> MemoryDisk::create_dirs(const std::string& dir) {
  if (folders_.contains(dir)) return {};
  if (fate_strikes()) return failed("mkdir", dir, "Input/output error");
  for (std::string at = dir; !folders_.contains(at); at = parent_dir(at)) folders_[at];
  return {};
}

Result<std::unique_ptr<File>> MemoryDisk::create(const std::string& path) {
  const auto folder = folder_of("create", path);
  if (!folder) return std::unexpected(folder.error());
  if (fate_strikes()) return failed("create", path, "Input/output error");
  // A new inode even over an old name: until the folder is synced, a crash may bring the old file
  // back.
  auto inode = std::make_shared<Inode>();
  (*folder)->names[base_name(path)] = inode;
  (*folder)->unsynced.push_back((*folder)->names);
  return std::make_unique<OpenFile>(*this, std::move(inode), path, true);
}

Result<std::unique_ptr<File>> MemoryDisk::open_read(const std::string& path) {
  auto inode = inode_of("open", path);
  if (!inode) return std::unexpected(inode.error());
  return std::make_unique<OpenFile>(*this, std::move(*inode), path, false);
}

Result<void> MemoryDisk::truncate(const std::string& path, std::uint64_t size) {
  const auto inode = inode_of("open", path);
  if (!inode) return std::unexpected(inode.error());
  if (fate_strikes()) return failed("truncate", path, "Input/output error");
  (*inode)->resize(size);
  if (fate_strikes()) return failed("fsync", path, "Input/output error");
  (*inode)->sync();
  return {};
}

Result<void> MemoryDisk::rename(const std::string& from, const std::string& to) {
  const auto inode = inode_of("rename", from);
  if (!inode) return std::unexpected(inode.error());
  const auto target = folder_of("rename", to);
  if (!target) return std::unexpected(target.error());
  if (fate_strikes()) return failed("rename", from, "Input/output error");
  Folder& source = folders_[parent_dir(from)];
  source.names.erase(base_name(from));
  (*target)->names[base_name(to)] = *inode;
  source.unsynced.push_back(source.names);
  // Between two folders each half survives a power cut on its own.
  if (*target != &source) (*target)->unsynced.push_back((*target)->names);
  return {};
}

Result<void> MemoryDisk::remove(const std::string& path) {
  const auto folder = folder_of("remove", path);
  if (!folder) return std::unexpected(folder.error());
  if (fate_strikes()) return failed("remove", path, "Input/output error");
  (*folder)->names.erase(base_name(path));
  (*folder)->unsynced.push_back((*folder)->names);
  return {};
}

Result<void> MemoryDisk::sync_dir(const std::string& dir) {
  const auto folder = folders_.find(dir);
  if (folder == folders_.end()) return failed("open", dir, "No such file or directory");
  if (fate_strikes()) return failed("fsync", dir, "Input/output error");
  folder->second.durable = folder->second.names;
  folder->second.unsynced.clear();
  return {};
}

Result<void> MemoryDisk::sync_file(const std::string& path) {
  const auto inode = inode_of("open", path);
  if (!inode) return std::unexpected(inode.error());
  if (fate_strikes()) return failed("fsync", path, "Input/output error");
  (*inode)->sync();
  return {};
}

Result<std::unique_ptr<FileLock>> MemoryDisk::lock(const std::string& path) {
  if (!locks_.insert(path).second) return failed("lock", path, "in use by another server");
  return std::make_unique<OpenLock>(*this, path);
}

void MemoryDisk::kill() {
  ++generation_;
  locks_.clear();
  heal();
}

void MemoryDisk::crash(base::Prng& prng) {
  kill();
  for (auto& [dir, folder] : folders_) {
    const std::uint64_t survived = prng.below(folder.unsynced.size() + 1);
    if (survived > 0) folder.durable = std::move(folder.unsynced[survived - 1]);
    folder.unsynced.clear();
    folder.names = folder.durable;
    for (auto& [name, inode] : folder.names) inode->crash(prng);
  }
}

std::string MemoryDisk::content(const std::string& path) const {
  const auto folder = folders_.find(parent_dir(path));
  if (folder == folders_.end()) return {};
  const auto inode = folder->second.names.find(base_name(path));
  return inode == folder->second.names.end() ? std::string() : inode->second->now;
}

void MemoryDisk::put(const std::string& path, std::string content) {
  for (std::string at = parent_dir(path); !folders_.contains(at); at = parent_dir(at)) folders_[at];
  Folder& folder = folders_[parent_dir(path)];
  auto inode = std::make_shared<Inode>();
  inode->now = std::move(content);
  inode->sync();
  folder.names[base_name(path)] = inode;
  folder.durable[base_name(path)] = inode;
}

}  // namespace drover::storage
