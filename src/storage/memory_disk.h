#pragma once
// A disk in memory that can lose power: what was synced stays, the rest is gambled on, sector by sector and
// name by name, by a seeded generator. For tests and the simulator.
//
// The model: every file has a durable image and writes not yet synced; a sector (512 bytes) of a write is
// kept or lost as a whole, independent of its neighbours. Every folder has durable entries and changes not
// yet synced; a prefix of those changes, in order, survives (a journalling file system). A file whose name
// did not survive is gone with its content.

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/prng.h"
#include "storage/disk.h"

namespace drover::storage {

class MemoryDisk final : public Disk {
 public:
  MemoryDisk();
  ~MemoryDisk() override;

  Result<std::vector<std::string>> list(const std::string& dir) override;
  Result<bool> exists(const std::string& path) override;
  Result<void> create_dirs(const std::string& dir) override;
  Result<std::unique_ptr<File>> create(const std::string& path) override;
  Result<std::unique_ptr<File>> open_read(const std::string& path) override;
  Result<void> truncate(const std::string& path, std::uint64_t size) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_dir(const std::string& dir) override;
  Result<void> sync_file(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;

  // ---- the hand of fate
  // The power goes: what was not synced is gambled on. Open files and locks are dead (their calls fail).
  void crash(base::Prng& prng);
  // The call number `n` from now that changes anything (1: the next) fails, and so does every later one,
  // until the next crash() or heal(). A failing write may have been done in part.
  void fail_after(std::int64_t n) { changes_left_ = n; }
  void heal() { changes_left_ = -1; }
  [[nodiscard]] std::int64_t changes() const { return changes_; }  // calls that changed something, so far
  // Bytes that may still be written before "No space left on device"; negative: no limit.
  void set_free_bytes(std::int64_t bytes) { free_bytes_ = bytes; }

  // ---- looking and meddling from outside, at once durable
  [[nodiscard]] std::string content(const std::string& path) const;
  void put(const std::string& path, std::string content);

 private:
  struct Inode;
  class OpenFile;
  class OpenLock;
  struct Change {
    std::string name;
    std::shared_ptr<Inode> inode;  // null: removed
  };
  struct Folder {
    std::map<std::string, std::shared_ptr<Inode>> entries;  // as seen now
    std::map<std::string, std::shared_ptr<Inode>> durable;
    std::vector<std::vector<Change>> unsynced;  // each element is atomic (a rename is two changes)
  };
  Result<Folder*> folder_of(const std::string& path, std::string* name);
  Result<void> count_change(const char* call, const std::string& path);
  void change(Folder& folder, std::vector<Change> changes);

  std::map<std::string, Folder> folders_;
  std::set<std::string> locks_;
  std::int64_t changes_ = 0;
  std::int64_t changes_left_ = -1;
  std::int64_t free_bytes_ = -1;
  std::uint64_t generation_ = 0;  // crashes so far: handles of an earlier one are dead
};

}  // namespace drover::storage
