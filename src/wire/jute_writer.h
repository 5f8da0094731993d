#pragma once
// Encodes jute at the end of a ByteBuffer.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/byte_buffer.h"
#include "wire/jute_reader.h"

namespace drover::wire {

// Big-endian store at a place that is already there (lengths and counts known only afterwards).
// GCC 12 leaves a loop over the bytes as it is, hence the byteswap: this runs for every field of
// every reply.
template <typename T>
inline void store_big_endian(char* at, T value) {
  if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
  std::memcpy(at, &value, sizeof(T));
}

class JuteWriter {
 public:
  // `out` must outlive the writer.
  explicit JuteWriter(base::ByteBuffer& out) : out_(out) {}

  void write_bool(bool value) { *out_.extend(1) = value ? 1 : 0; }
  void write_int(std::int32_t value) {
    store_big_endian(out_.extend(4), static_cast<std::uint32_t>(value));
  }
  void write_long(std::int64_t value) {
    store_big_endian(out_.extend(8), static_cast<std::uint64_t>(value));
  }
  // Requires value shorter than 2 GiB, which every frame and file limit ensures.
  void write_bytes(NullableBytes value) {
    if (!value) return write_int(-1);
    write_int(static_cast<std::int32_t>(value->size()));
    out_.append(*value);
  }
  void write_string(std::string_view value) { write_bytes(value); }

  // Position of the next byte, for patching with at().
  [[nodiscard]] std::size_t position() const { return out_.size(); }
  [[nodiscard]] char* at(std::size_t position) { return out_.data() + position; }
  [[nodiscard]] base::ByteBuffer& buffer() { return out_; }

 private:
  base::ByteBuffer& out_;
};

}  // namespace drover::wire
