#pragma once
// Where the bytes of a snapshot go: plain, through gzip, or through snappy, into a file from offset
// 0.

#include <drover/result.h>

#include <memory>
#include <string_view>

#include "storage/compression.h"
#include "storage/disk.h"

namespace drover::storage {

class SnapshotSink {
 public:
  virtual ~SnapshotSink() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
  // Ends the container. Nothing may be written after it.
  virtual Result<void> finish() = 0;
  [[nodiscard]] virtual std::uint64_t file_bytes() const = 0;

  // `file` must outlive the sink.
  static std::unique_ptr<SnapshotSink> make(Compression compression, File& file);
};

}  // namespace drover::storage
