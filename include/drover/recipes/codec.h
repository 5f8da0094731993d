#pragma once
// How typed recipes turn values into a znode's bytes and back.
//
// A codec is a type with a `Value`, `static Bytes encode(const Value&)` and
// `static Result<Value> decode(BytesView)`; decode answers kCorruptPayload for bytes that it does
// not understand. Numbers are Curator's: big-endian two's complement; what follows the number is
// ignored, as Curator ignores it.

#include <drover/bytes.h>
#include <drover/result.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <utility>

namespace drover {

template <typename C>
concept Codec = requires(const typename C::Value& value, BytesView bytes) {
  { C::encode(value) } -> std::same_as<Bytes>;
  { C::decode(bytes) } -> std::same_as<Result<typename C::Value>>;
};

// 4 bytes: SharedCount, AtomicInteger.
struct BigEndianInt32 {
  using Value = std::int32_t;
  [[nodiscard]] static Bytes encode(Value value);
  [[nodiscard]] static Result<Value> decode(BytesView bytes);
};

// 8 bytes: AtomicLong.
struct BigEndianInt64 {
  using Value = std::int64_t;
  [[nodiscard]] static Bytes encode(Value value);
  [[nodiscard]] static Result<Value> decode(BytesView bytes);
};

// As they are.
struct RawBytes {
  using Value = Bytes;
  [[nodiscard]] static Bytes encode(const Value& value) { return value; }
  [[nodiscard]] static Result<Value> decode(BytesView bytes) {
    return Value(bytes.begin(), bytes.end());
  }
};

// Text, UTF-8 by convention; nothing is checked.
struct Text {
  using Value = std::string;
  [[nodiscard]] static Bytes encode(const Value& value) { return to_bytes(value); }
  [[nodiscard]] static Result<Value> decode(BytesView bytes) { return Value(as_text(bytes)); }
};

static_assert(Codec<BigEndianInt32> && Codec<BigEndianInt64> && Codec<RawBytes> && Codec<Text>);

}  // namespace drover
