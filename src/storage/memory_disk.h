#pragma once
// A disk in memory that can lose power: what was synced stays, the rest is gambled on, sector by
// sector and name by name, by a seeded generator. For tests and the simulator.
//
// The model. A sector (512 bytes) that was written and not synced ends as any of the contents it
// had since the last sync, independent of its neighbours; a file's length as any it had. Changes of
// names in a folder survive in order, up to a point (a journalling file system); an unnamed file is
// gone with its content.

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
  Result<void> rename(const std::string& from,
                      const std::string& to) override;  // within one folder
  Result<void> remove(const std::string& path) override;
  Result<void> sync_dir(const std::string& dir) override;
  Result<void> sync_file(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;

  // ---- the hand of fate
  // The power goes. Open files and locks are dead: their calls fail.
  void crash(base::Prng& prng);
  // The process dies and the power stays: open files and locks are dead, nothing is lost yet.
  void kill();
  // The `n`th changing call from now (1: the next) fails, half done if it is a write, and so does
  // every later one until crash() or heal().
  void fail_at(std::int64_t n) { changes_left_ = n; }
  void heal() { changes_left_ = kNever; }
  [[nodiscard]] std::int64_t changes() const { return changes_; }  // changing calls so far
  // Bytes by which files may still grow before "No space left on device".
  void set_free_bytes(std::uint64_t bytes) { free_bytes_ = bytes; }

  // ---- looking and meddling from outside; durable at once
  [[nodiscard]] std::string content(const std::string& path) const;  // empty when it is not there
  void put(const std::string& path, std::string content);

 private:
  struct Inode;
  class OpenFile;
  class OpenLock;
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  struct Folder {
    Names names;  // as seen now
    Names durable;
    std::vector<Names> unsynced{};  // as seen after each change since the last sync_dir
  };
  static constexpr std::int64_t kNever = -1;

  Result<Folder*> folder_of(std::string_view call, const std::string& path);
  Result<std::shared_ptr<Inode>> inode_of(std::string_view call, const std::string& path);
  [[nodiscard]] bool fate_strikes();
  Result<void> grow(Inode& inode, const std::string& path, std::uint64_t size);

  std::map<std::string, Folder> folders_;
  std::set<std::string> locks_;
  std::int64_t changes_ = 0;
  std::int64_t changes_left_ = kNever;
  std::uint64_t free_bytes_ = UINT64_MAX;
  std::uint64_t generation_ = 0;  // crashes so far; handles of an earlier one are dead
};

}  // namespace drover::storage
