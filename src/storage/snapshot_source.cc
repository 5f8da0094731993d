#include "storage/snapshot_source.h"

#include <fmt/format.h>
#include <snappy.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/assert.h"
#include "storage/snapshot_format.h"
#include "wire/jute_reader.h"

namespace drover::storage {
namespace {

// The file from its beginning.
class FileBytes {
 public:
  FileBytes(std::unique_ptr<File> file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}
  Result<std::size_t> read(std::span<char> into) {
    const auto got = file_->read_at(offset_, into);
    if (got) offset_ += *got;
    return got;
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::unique_ptr<File> file_;
  std::string path_;
  std::uint64_t offset_ = 0;
};

class PlainSource final : public SnapshotSource {
 public:
  explicit PlainSource(FileBytes bytes) : bytes_(std::move(bytes)) {}
  Result<std::size_t> read(std::span<char> into) override { return bytes_.read(into); }

 private:
  FileBytes bytes_;
};

class GzipSource final : public SnapshotSource {
 public:
  explicit GzipSource(FileBytes bytes) : bytes_(std::move(bytes)), buffer_(64 * 1024) {
    constexpr int kGzipWindow = 15 + 16;
    const int result = ::inflateInit2(&stream_, kGzipWindow);
    DROVER_ASSERT(result == Z_OK, "zlib could not start");
  }
  ~GzipSource() override { ::inflateEnd(&stream_); }

  Result<std::size_t> read(std::span<char> into) override {
    if (ended_) return 0;
    stream_.next_out = reinterpret_cast<Bytef*>(into.data());
    stream_.avail_out = static_cast<uInt>(into.size());
    while (stream_.avail_out == into.size()) {
      if (stream_.avail_in == 0) {
        const auto got = bytes_.read(buffer_);
        if (!got) return got;
        if (*got == 0) return failure(bytes_.path() + ": the gzip stream ends too early");
        stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
        stream_.avail_in = static_cast<uInt>(*got);
      }
      const int result = ::inflate(&stream_, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {
        ended_ = true;
        if (auto done = check_nothing_follows(); !done) return std::unexpected(done.error());
        break;
      }
      if (result != Z_OK) {
        return failure(fmt::format("{}: damaged gzip stream near its byte {}", bytes_.path(),
                                   stream_.total_in));
      }
    }
    return into.size() - stream_.avail_out;
  }

 private:
  Result<void> check_nothing_follows() {
    char more = 0;
    const auto got = bytes_.read({&more, 1});
    if (!got) return std::unexpected(got.error());
    if (stream_.avail_in == 0 && *got == 0) return {};
    return failure(bytes_.path() + ": bytes follow the end of the gzip stream");
  }

  FileBytes bytes_;
  std::vector<char> buffer_;
  z_stream stream_{};
  bool ended_ = false;
};

class SnappySource final : public SnapshotSource {
 public:
  explicit SnappySource(FileBytes bytes) : bytes_(std::move(bytes)) {}

  Result<std::size_t> read(std::span<char> into) override {
    while (at_ == block_.size()) {
      const auto more = next_block();
      if (!more) return std::unexpected(more.error());
      if (!*more) return 0;
    }
    const std::size_t n = std::min(into.size(), block_.size() - at_);
    std::memcpy(into.data(), block_.data() + at_, n);
    at_ += n;
    return n;
  }

 private:
  // False at the end of the stream.
  Result<bool> next_block() {
    if (!started_) {
      compressed_.resize(snapshot_format::kSnappyHeader.size());
      const auto got = bytes_.read(compressed_);
      if (!got) return std::unexpected(got.error());
      // The version numbers behind the magic are not checked: there has only ever been 1.
      constexpr std::size_t kMagicSize = 8;
      if (*got < compressed_.size() ||
          std::memcmp(compressed_.data(), snapshot_format::kSnappyHeader.data(), kMagicSize) != 0) {
        return failure(bytes_.path() + ": not a snappy-java stream");
      }
      started_ = true;
    }
    char prefix[4];
    const auto got = bytes_.read(prefix);
    if (!got) return std::unexpected(got.error());
    if (*got == 0) return false;
    wire::JuteReader in(std::string_view(prefix, *got));
    const std::int32_t length = in.read_int();
    if (!in.ok() || length <= 0 ||
        length > static_cast<std::int32_t>(snapshot_format::kSnappyBlockMax)) {
      return damaged();
    }
    compressed_.resize(static_cast<std::size_t>(length));
    const auto filled = bytes_.read(compressed_);
    if (!filled) return std::unexpected(filled.error());
    std::size_t size = 0;
    if (*filled < compressed_.size() ||
        !snappy::GetUncompressedLength(compressed_.data(), compressed_.size(), &size) ||
        size > snapshot_format::kSnappyBlockMax) {
      return damaged();
    }
    block_.resize(size);
    at_ = 0;
    if (!snappy::RawUncompress(compressed_.data(), compressed_.size(), block_.data()))
      return damaged();
    return true;
  }
  std::unexpected<Error> damaged() const {
    return failure(bytes_.path() + ": damaged snappy stream");
  }

  FileBytes bytes_;
  std::vector<char> compressed_;
  std::vector<char> block_;
  std::size_t at_ = 0;  // of the next byte in block_
  bool started_ = false;
};

}  // namespace

Result<std::unique_ptr<SnapshotSource>> SnapshotSource::open(Disk& disk, const std::string& path,
                                                             Compression compression) {
  auto file = disk.open_read(path);
  if (!file) return std::unexpected(file.error());
  FileBytes bytes(std::move(*file), path);
  switch (compression) {
    case Compression::kNone:
      return std::make_unique<PlainSource>(std::move(bytes));
    case Compression::kGzip:
      return std::make_unique<GzipSource>(std::move(bytes));
    case Compression::kSnappy:
      return std::make_unique<SnappySource>(std::move(bytes));
  }
  return failure(path + ": unknown compression");
}

}  // namespace drover::storage
