#pragma once
// The file system as storage sees it: the few calls that a log and a snapshot need, each with the
// promise that recovery leans on. posix_disk.cc is the one door to the real one; MemoryDisk is a
// disk that can crash.
//
// Threads: a Disk may be shared; a File belongs to one thread at a time.
// Errors: every message names the call, the path and the reason of the system. After a failed
// write_at or sync_data nothing is known about what the file holds after a crash: the caller must
// not retry the sync and trust it (the kernel may have dropped the dirty pages and forgotten).

#include <drover/result.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drover::storage {

// An open file; closed by its destructor.
class File {
 public:
  virtual ~File() = default;
  // Fills `into` from `offset`; answers how many bytes there were. Fewer than asked only at the end
  // of file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) = 0;
  // Writes all of `bytes` at `offset`, growing the file when needed. Visible to readers at once;
  // durable only after sync_data. A crash before that may keep any subset of the sectors (512
  // bytes) written.
  virtual Result<void> write_at(std::uint64_t offset, std::string_view bytes) = 0;
  // Returns when every byte written so far, and the size needed to read it back, survives a power
  // cut. Does not make the file's name survive: that is Disk::sync_dir.
  virtual Result<void> sync_data() = 0;
  // Makes the file at least `size` bytes long; what is new reads as zeros and has room reserved for
  // it where the file system can do that, so that a full disk is met here and not in the middle of
  // a batch. A failure leaves the content as it was.
  virtual Result<void> allocate(std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size() = 0;
};

// Held until destroyed. Dies with the process.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class Disk {
 public:
  virtual ~Disk() = default;

  // Names of all entries of a folder, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> list(const std::string& dir) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  // With parents; fine when it is there already. Durable when it returns.
  virtual Result<void> create_dirs(const std::string& dir) = 0;

  // A new empty file for writing and reading; one that was there is emptied. Its name is durable
  // after sync_dir of the folder.
  virtual Result<std::unique_ptr<File>> create(const std::string& path) = 0;
  // Fails when it is not there. Only read_at and size may be called.
  virtual Result<std::unique_ptr<File>> open_read(const std::string& path) = 0;

  // Cuts the file to `size` bytes. When it returns, the size and all that is in the file are
  // durable.
  virtual Result<void> truncate(const std::string& path, std::uint64_t size) = 0;
  // Atomic: after a crash `to` is the old or the new file. Durable after sync_dir of the folder, or
  // of both: to another folder of the same file system is fine, but until both are synced a crash
  // may leave both names, or neither.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  // Durable after sync_dir of the folder. Fine when it is not there.
  virtual Result<void> remove(const std::string& path) = 0;
  // Returns when the creations, renames and removals in this folder survive a power cut.
  virtual Result<void> sync_dir(const std::string& dir) = 0;
  // Makes the data of a file that an earlier run wrote durable: what a reader saw may still be only
  // in the page cache.
  virtual Result<void> sync_file(const std::string& path) = 0;

  // Exclusive, without waiting: fails when another process holds it. Creates the file.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
};

// Reads a whole small file; fails when it is larger than `size_max` bytes.
Result<std::string> read_small_file(Disk& disk, const std::string& path,
                                    std::size_t size_max = 65536);
// Replaces a small file atomically and durably: temporary name, sync, rename, folder sync.
Result<void> write_small_file(Disk& disk, const std::string& path, std::string_view content);
// The folder a path is in; "." when it names none.
std::string parent_dir(std::string_view path);

}  // namespace drover::storage
