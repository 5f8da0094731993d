#pragma once
// A disk on which every change is only imagined: what would a restore, a repair or a change of
// history do to this folder, and what would it say? Reads go to the disk below; what was removed,
// renamed, cut or written is seen by later calls and by nobody else.
//
// Threads: one. `below` must outlive it. Memory: whatever is written.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "storage/disk.h"

namespace drover::storage {

class DryRunDisk final : public Disk {
 public:
  explicit DryRunDisk(Disk& below) : below_(below) {}

  Result<std::vector<std::string>> list(const std::string& dir) override;
  Result<bool> exists(const std::string& path) override;
  Result<void> create_dirs(const std::string& dir) override;
  Result<std::unique_ptr<File>> create(const std::string& path) override;
  Result<std::unique_ptr<File>> open_read(const std::string& path) override;
  Result<void> truncate(const std::string& path, std::uint64_t size) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_dir(const std::string&) override { return {}; }
  Result<void> sync_file(const std::string&) override { return {}; }
  // Never refuses: whoever holds the lock of the disk below is not disturbed.
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;

  // What would have been changed, one sentence each, in order.
  [[nodiscard]] const std::vector<std::string>& changes() const { return changes_; }

 private:
  struct Imagined {
    bool removed = false;
    std::string origin{};                    // path on the disk below; empty: written here
    std::uint64_t size_max = UINT64_MAX;     // of what the origin holds
    std::shared_ptr<std::string> content{};  // when written here
  };
  [[nodiscard]] Imagined state_of(const std::string& path) const;

  Disk& below_;
  std::map<std::string, Imagined> imagined_;  // by path; absent: as on the disk below
  std::vector<std::string> changes_;
};

}  // namespace drover::storage
