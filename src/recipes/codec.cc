#include <drover/recipes/codec.h>

#include <type_traits>

namespace drover {
namespace {

template <typename Int>
Bytes encode_big_endian(Int value) {
  Bytes bytes(sizeof(Int));
  auto left = static_cast<std::make_unsigned_t<Int>>(value);
  for (auto at = bytes.rbegin(); at != bytes.rend(); ++at) {
    *at = static_cast<std::byte>(left & 0xFFU);
    left >>= 8U;
  }
  return bytes;
}

template <typename Int>
Result<Int> decode_big_endian(BytesView bytes) {
  if (bytes.size() < sizeof(Int)) {
    return failure("a number of " + std::to_string(sizeof(Int)) +
                       " bytes was expected, there are " + std::to_string(bytes.size()),
                   ErrorCode::kCorruptPayload);
  }
  std::make_unsigned_t<Int> value = 0;
  for (const auto byte : bytes.first(sizeof(Int))) {
    value =
        static_cast<std::make_unsigned_t<Int>>(value << 8U) | std::to_integer<unsigned char>(byte);
  }
  return static_cast<Int>(value);
}

}  // namespace

Bytes BigEndianInt32::encode(Value value) {
  return encode_big_endian(value);
}
Result<std::int32_t> BigEndianInt32::decode(BytesView bytes) {
  return decode_big_endian<Value>(bytes);
}
Bytes BigEndianInt64::encode(Value value) {
  return encode_big_endian(value);
}
Result<std::int64_t> BigEndianInt64::decode(BytesView bytes) {
  return decode_big_endian<Value>(bytes);
}

}  // namespace drover
