#pragma once
// Decodes jute, ZooKeeper's encoding: big-endian, no tags, no padding. The reader never fails
// half-way through a record in the caller's face: the first bad byte makes ok() false for good and
// every later read answers zero or null, so a record is decoded straight through and checked once.
// Strings and buffers are views into the input and live as long as it does.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace drover::wire {

// A jute string or buffer: null and empty are different values and must round-trip as such.
using NullableBytes = std::optional<std::string_view>;

class JuteReader {
 public:
  // `length_max` bounds one string or buffer, in bytes (jute.maxbuffer plus extrasize).
  explicit JuteReader(std::string_view bytes, std::int32_t length_max = INT32_MAX)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()), length_max_(length_max) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
  [[nodiscard]] std::string_view rest() const { return {at_, remaining()}; }
  void fail() {
    ok_ = false;
    at_ = end_;
  }

  bool read_bool() { return read_number<std::uint8_t>() != 0; }
  std::int32_t read_int() { return static_cast<std::int32_t>(read_number<std::uint32_t>()); }
  std::int64_t read_long() { return static_cast<std::int64_t>(read_number<std::uint64_t>()); }

  // Length -1 is null; other negative lengths, lengths past the limit or past the end fail.
  NullableBytes read_bytes() {
    const std::int32_t length = read_int();
    if (!ok_ || length == -1) return std::nullopt;
    if (length < -1 || length > length_max_ || static_cast<std::size_t>(length) > remaining()) {
      fail();
      return std::nullopt;
    }
    std::string_view bytes(at_, static_cast<std::size_t>(length));
    at_ += length;
    return bytes;
  }
  // For fields where null makes no sense to the caller: null reads as empty.
  std::string_view read_string() { return read_bytes().value_or(std::string_view()); }

  // Element count of a vector: -1 is null (nullopt); other negative counts read as empty, as Apache
  // does. The count is not to be trusted for reserving memory: elements may be missing.
  std::optional<std::int32_t> read_count() {
    const std::int32_t count = read_int();
    if (!ok_ || count == -1) return std::nullopt;
    return count < 0 ? 0 : count;
  }

 private:
  template <typename T>
  T read_number() {
    if (remaining() < sizeof(T)) {
      fail();
      return 0;
    }
    T value = 0;
    std::memcpy(&value, at_, sizeof(T));
    if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
    at_ += sizeof(T);
    return value;
  }

  const char* at_;
  const char* end_;
  std::int32_t length_max_;
  bool ok_ = true;
};

}  // namespace drover::wire
