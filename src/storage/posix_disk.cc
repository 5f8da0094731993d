#include "storage/posix_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace drover::storage {
namespace {

std::unexpected<Error> system_failure(std::string_view call, std::string_view path, int error) {
  return failure(fmt::format("{} {}: {}", call, path, std::generic_category().message(error)));
}

// Closes on destruction; the one place where a descriptor is owned.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

Result<Descriptor> open_descriptor(std::string_view call, const std::string& path, int flags) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return system_failure(call, path, errno);
  return Descriptor(fd);
}

// Retries only for EINTR, which says that the call did nothing.
template <typename Call>
Result<void> checked(std::string_view name, std::string_view path, Call call) {
  while (call() != 0) {
    if (errno != EINTR) return system_failure(name, path, errno);
  }
  return {};
}

class PosixFile final : public File {
 public:
  PosixFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const ssize_t n = ::pread(descriptor_.get(), into.data() + done, into.size() - done,
                                static_cast<off_t>(offset + done));
      if (n == 0) break;
      if (n > 0) {
        done += static_cast<std::size_t>(n);
      } else if (errno != EINTR) {
        return system_failure("read", path_, errno);
      }
    }
    return done;
  }

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n =
          ::pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
      } else if (n == 0) {
        return system_failure("write", path_, ENOSPC);
      } else if (errno != EINTR) {
        return system_failure("write", path_, errno);
      }
    }
    return {};
  }

  Result<void> sync_data() override {
    return checked("fdatasync", path_, [&] { return ::fdatasync(descriptor_.get()); });
  }

  // fallocate keeps the blocks of a log in few extents and finds a full disk early. Where it is
  // missing (some network file systems) the file only grows.
  Result<void> allocate(std::uint64_t size) override {
    const auto now = this->size();
    if (!now) return std::unexpected(now.error());
    if (*now >= size) return {};
    int result = 0;
    do {
      result = ::fallocate(descriptor_.get(), 0, 0, static_cast<off_t>(size));
    } while (result != 0 && errno == EINTR);
    if (result == 0) return {};
    if (errno != EOPNOTSUPP && errno != ENOSYS) return system_failure("fallocate", path_, errno);
    return checked("ftruncate", path_,
                   [&] { return ::ftruncate(descriptor_.get(), static_cast<off_t>(size)); });
  }

  Result<std::uint64_t> size() override {
    struct stat info{};
    if (::fstat(descriptor_.get(), &info) != 0) return system_failure("stat", path_, errno);
    return static_cast<std::uint64_t>(info.st_size);
  }

 private:
  Descriptor descriptor_;
  std::string path_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  Descriptor descriptor_;
};

}  // namespace

Result<std::vector<std::string>> PosixDisk::list(const std::string& dir) {
  DIR* handle = ::opendir(dir.c_str());
  if (handle == nullptr) return system_failure("list", dir, errno);
  std::vector<std::string> names;
  errno = 0;
  for (const dirent* entry = ::readdir(handle); entry != nullptr; entry = ::readdir(handle)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int error = errno;
  ::closedir(handle);
  if (error != 0) return system_failure("list", dir, error);
  std::sort(names.begin(), names.end());
  return names;
}

Result<bool> PosixDisk::exists(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0) return true;
  if (errno == ENOENT) return false;
  return system_failure("stat", path, errno);
}

Result<void> PosixDisk::create_dirs(const std::string& dir) {
  if (::mkdir(dir.c_str(), 0755) == 0) return sync_dir(parent_dir(dir));
  if (errno == EEXIST) {
    struct stat info{};
    if (::stat(dir.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
    return system_failure("mkdir", dir, ENOTDIR);
  }
  if (errno != ENOENT || parent_dir(dir) == dir) return system_failure("mkdir", dir, errno);
  if (auto done = create_dirs(parent_dir(dir)); !done) return done;
  if (::mkdir(dir.c_str(), 0755) != 0 && errno != EEXIST)
    return system_failure("mkdir", dir, errno);
  return sync_dir(parent_dir(dir));
}

Result<std::unique_ptr<File>> PosixDisk::create(const std::string& path) {
  auto descriptor = open_descriptor("create", path, O_RDWR | O_CREAT | O_TRUNC);
  if (!descriptor) return std::unexpected(descriptor.error());
  return std::make_unique<PosixFile>(std::move(*descriptor), path);
}

Result<std::unique_ptr<File>> PosixDisk::open_read(const std::string& path) {
  auto descriptor = open_descriptor("open", path, O_RDONLY);
  if (!descriptor) return std::unexpected(descriptor.error());
  return std::make_unique<PosixFile>(std::move(*descriptor), path);
}

Result<void> PosixDisk::truncate(const std::string& path, std::uint64_t size) {
  const auto descriptor = open_descriptor("open", path, O_WRONLY);
  if (!descriptor) return std::unexpected(descriptor.error());
  const int fd = descriptor->get();
  if (auto done =
          checked("truncate", path, [&] { return ::ftruncate(fd, static_cast<off_t>(size)); });
      !done) {
    return done;
  }
  return checked("fsync", path, [&] { return ::fsync(fd); });
}

Result<void> PosixDisk::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return system_failure("rename", fmt::format("{} to {}", from, to), errno);
}

Result<void> PosixDisk::remove(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return system_failure("remove", path, errno);
}

Result<void> PosixDisk::sync_dir(const std::string& dir) {
  const auto descriptor = open_descriptor("open", dir, O_RDONLY | O_DIRECTORY);
  if (!descriptor) return std::unexpected(descriptor.error());
  return checked("fsync", dir, [&] { return ::fsync(descriptor->get()); });
}

Result<void> PosixDisk::sync_file(const std::string& path) {
  const auto descriptor = open_descriptor("open", path, O_RDONLY);
  if (!descriptor) return std::unexpected(descriptor.error());
  return checked("fsync", path, [&] { return ::fsync(descriptor->get()); });
}

Result<std::unique_ptr<FileLock>> PosixDisk::lock(const std::string& path) {
  auto descriptor = open_descriptor("open", path, O_RDWR | O_CREAT);
  if (!descriptor) return std::unexpected(descriptor.error());
  const int fd = descriptor->get();
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_failure("lock", path, errno);
    return failure(fmt::format("{}: in use by another server", path));
  }
  return std::make_unique<PosixLock>(std::move(*descriptor));
}

}  // namespace drover::storage
