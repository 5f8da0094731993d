// The bytes of numbers, as Curator writes them (its ByteBuffer is big-endian).

#include <drover/recipes/codec.h>
#include <gtest/gtest.h>

#include <limits>

namespace drover {
namespace {

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

TEST(CodecTest, NumbersAreBigEndianTwosComplement) {
  EXPECT_EQ(BigEndianInt32::encode(3), bytes_of({0, 0, 0, 3}));
  EXPECT_EQ(BigEndianInt32::encode(-2), bytes_of({0xFF, 0xFF, 0xFF, 0xFE}));
  EXPECT_EQ(BigEndianInt64::encode(0x0102030405060708), bytes_of({1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(BigEndianInt64::encode(std::numeric_limits<std::int64_t>::min()),
            bytes_of({0x80, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(CodecTest, NumbersComeBack) {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::max(),
        std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_EQ(BigEndianInt64::decode(BigEndianInt64::encode(value)), value);
    const auto small = static_cast<std::int32_t>(value);
    EXPECT_EQ(BigEndianInt32::decode(BigEndianInt32::encode(small)), small);
  }
}

TEST(CodecTest, TooShortIsCorruptAndTooLongIsCutOff) {
  EXPECT_EQ(BigEndianInt32::decode(bytes_of({0, 0, 1})).error().code, ErrorCode::kCorruptPayload);
  EXPECT_EQ(BigEndianInt64::decode({}).error().code, ErrorCode::kCorruptPayload);
  EXPECT_EQ(BigEndianInt32::decode(bytes_of({0, 0, 0, 7, 9, 9})), 7);
}

TEST(CodecTest, TextAndBytesAreTakenAsTheyAre) {
  EXPECT_EQ(Text::decode(Text::encode("ünï")), "ünï");
  EXPECT_EQ(RawBytes::decode(RawBytes::encode(bytes_of({0, 255}))), bytes_of({0, 255}));
}

}  // namespace
}  // namespace drover
