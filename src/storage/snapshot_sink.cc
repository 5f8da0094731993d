#include "storage/snapshot_sink.h"

#include <snappy.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/assert.h"
#include "base/byte_buffer.h"
#include "storage/snapshot_format.h"
#include "wire/jute_writer.h"

namespace drover::storage {
namespace {

class Appender {
 public:
  explicit Appender(File& file) : file_(file) {}
  Result<void> append(std::string_view bytes) {
    if (auto done = file_.write_at(end_, bytes); !done) return done;
    end_ += bytes.size();
    return {};
  }
  [[nodiscard]] std::uint64_t end() const { return end_; }

 private:
  File& file_;
  std::uint64_t end_ = 0;
};

class PlainSink final : public SnapshotSink {
 public:
  explicit PlainSink(File& file) : out_(file) {}
  Result<void> write(std::string_view bytes) override { return out_.append(bytes); }
  Result<void> finish() override { return {}; }
  [[nodiscard]] std::uint64_t file_bytes() const override { return out_.end(); }

 private:
  Appender out_;
};

class GzipSink final : public SnapshotSink {
 public:
  explicit GzipSink(File& file) : out_(file), buffer_(256 * 1024) {
    constexpr int kGzipWindow = 15 + 16;
    const int result = ::deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8,
                                      Z_DEFAULT_STRATEGY);
    DROVER_ASSERT(result == Z_OK, "zlib could not start");
  }
  ~GzipSink() override { ::deflateEnd(&stream_); }

  Result<void> write(std::string_view bytes) override {
    // zlib counts in uInt.
    constexpr std::size_t kStep = 1 << 30;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(kStep, bytes.size()))) {
      if (auto done = pump(bytes.substr(0, kStep), Z_NO_FLUSH); !done) return done;
    }
    return {};
  }
  Result<void> finish() override { return pump({}, Z_FINISH); }
  [[nodiscard]] std::uint64_t file_bytes() const override { return out_.end(); }

 private:
  Result<void> pump(std::string_view bytes, int flush) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      const int result = ::deflate(&stream_, flush);
      DROVER_ASSERT(result != Z_STREAM_ERROR, "zlib lost its state");
      const std::size_t made = buffer_.size() - stream_.avail_out;
      if (auto done = out_.append({buffer_.data(), made}); !done) return done;
    } while (stream_.avail_out == 0);
    return {};
  }

  Appender out_;
  std::vector<char> buffer_;
  z_stream stream_{};
};

class SnappySink final : public SnapshotSink {
 public:
  explicit SnappySink(File& file) : out_(file) { made_.append(snapshot_format::kSnappyHeader); }

  Result<void> write(std::string_view bytes) override {
    constexpr std::size_t kBlock = snapshot_format::kSnappyBlockSize;
    while (!bytes.empty()) {
      const std::size_t n = std::min(kBlock - block_.size(), bytes.size());
      block_.append(bytes.substr(0, n));
      bytes.remove_prefix(n);
      if (block_.size() == kBlock) compress_block();
    }
    return write_out();
  }
  Result<void> finish() override {
    if (!block_.empty()) compress_block();
    return write_out();
  }
  [[nodiscard]] std::uint64_t file_bytes() const override { return out_.end(); }

 private:
  void compress_block() {
    std::size_t length = 0;
    char* at = made_.extend(4 + snappy::MaxCompressedLength(block_.size()));
    const std::size_t begin = static_cast<std::size_t>(at - made_.data());
    snappy::RawCompress(block_.data(), block_.size(), at + 4, &length);
    wire::store_big_endian(at, static_cast<std::uint32_t>(length));
    made_.truncate(begin + 4 + length);
    block_.clear();
  }
  Result<void> write_out() {
    if (auto done = out_.append(made_.view()); !done) return done;
    made_.clear();
    return {};
  }

  Appender out_;
  base::ByteBuffer block_;  // input of the next block
  base::ByteBuffer made_;   // ready for the file
};

}  // namespace

std::unique_ptr<SnapshotSink> SnapshotSink::make(Compression compression, File& file) {
  switch (compression) {
    case Compression::kNone:
      return std::make_unique<PlainSink>(file);
    case Compression::kGzip:
      return std::make_unique<GzipSink>(file);
    case Compression::kSnappy:
      return std::make_unique<SnappySink>(file);
  }
  return nullptr;
}

}  // namespace drover::storage
