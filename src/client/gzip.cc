#include "client/gzip.h"

#include <zlib.h>

#include <algorithm>

#include "base/assert.h"

namespace drover::client {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for gzip's header and trailer

Bytef* bytes_of(BytesView data) {
  // zlib's interface is older than const.
  return reinterpret_cast<Bytef*>(const_cast<std::byte*>(data.data()));
}

}  // namespace

std::string gzip(BytesView data) {
  z_stream stream{};
  const int started = ::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8,
                                     Z_DEFAULT_STRATEGY);
  DROVER_ASSERT(started == Z_OK, "zlib could not start");
  std::string packed(::deflateBound(&stream, data.size()), '\0');
  stream.next_in = bytes_of(data);
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int ended = ::deflate(&stream, Z_FINISH);
  DROVER_ASSERT(ended == Z_STREAM_END, "zlib's own bound was too small");
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

std::optional<Bytes> gunzip(BytesView packed, std::size_t bytes_max) {
  z_stream stream{};
  const int started = ::inflateInit2(&stream, kGzipWindow);
  DROVER_ASSERT(started == Z_OK, "zlib could not start");
  stream.next_in = bytes_of(packed);
  stream.avail_in = static_cast<uInt>(packed.size());
  Bytes data;
  int result = Z_OK;
  while (result == Z_OK && data.size() < bytes_max) {
    const std::size_t room =
        std::min(bytes_max - data.size(), std::max<std::size_t>(4096, data.size()));
    const std::size_t before = data.size();
    data.resize(before + room);
    stream.next_out = reinterpret_cast<Bytef*>(data.data() + before);
    stream.avail_out = static_cast<uInt>(room);
    result = ::inflate(&stream, Z_NO_FLUSH);
    data.resize(data.size() - stream.avail_out);
  }
  const bool is_whole = result == Z_STREAM_END && stream.avail_in == 0;
  ::inflateEnd(&stream);
  if (!is_whole) return std::nullopt;
  return data;
}

}  // namespace drover::client
