#pragma once
// Where the bytes of a snapshot come from: plain, through gunzip, or through snappy. Never trusts a
// length.

#include <drover/result.h>

#include <memory>
#include <span>
#include <string>

#include "storage/compression.h"
#include "storage/disk.h"

namespace drover::storage {

class SnapshotSource {
 public:
  virtual ~SnapshotSource() = default;
  // Some of the next bytes; 0 at the end. An error when the container is damaged or cut.
  virtual Result<std::size_t> read(std::span<char> into) = 0;

  // `path` is used in messages.
  static Result<std::unique_ptr<SnapshotSource>> open(Disk& disk, const std::string& path,
                                                      Compression compression);
};

}  // namespace drover::storage
