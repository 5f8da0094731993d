// Goal: jute as Java reads and writes it, null told from empty, and no input that makes the reader
// misbehave.

#include <gtest/gtest.h>

#include <string>

#include "base/prng.h"
#include "wire/jute_reader.h"
#include "wire/jute_writer.h"

namespace drover::wire {
namespace {

using namespace std::string_view_literals;

TEST(JuteWriterTest, IsBigEndian) {
  base::ByteBuffer bytes;
  JuteWriter out(bytes);
  out.write_bool(true);
  out.write_bool(false);
  out.write_int(0x01020304);
  out.write_int(-2);
  out.write_long(0x0102030405060708);
  out.write_bytes("ab");
  out.write_bytes("");
  out.write_bytes(std::nullopt);
  EXPECT_EQ(bytes.view(),
            "\x01\x00"
            "\x01\x02\x03\x04"
            "\xff\xff\xff\xfe"
            "\x01\x02\x03\x04\x05\x06\x07\x08"
            "\x00\x00\x00\x02"
            "ab"
            "\x00\x00\x00\x00"
            "\xff\xff\xff\xff"sv);
}

TEST(JuteWriterTest, PatchesWhatIsThere) {
  base::ByteBuffer bytes;
  JuteWriter out(bytes);
  out.write_int(0);
  out.write_bytes("x");
  store_big_endian(out.at(0), std::uint32_t{0xdeadbeef});
  EXPECT_EQ(bytes.view(), "\xde\xad\xbe\xef\x00\x00\x00\x01x"sv);
}

TEST(JuteReaderTest, ReadsWhatTheWriterWrote) {
  base::ByteBuffer bytes;
  JuteWriter out(bytes);
  for (const std::int32_t value : {0, 1, -1, INT32_MAX, INT32_MIN}) out.write_int(value);
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    out.write_long(value);
  }
  JuteReader in(bytes.view());
  for (const std::int32_t value : {0, 1, -1, INT32_MAX, INT32_MIN}) EXPECT_EQ(in.read_int(), value);
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    EXPECT_EQ(in.read_long(), value);
  }
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.remaining(), 0u);
}

TEST(JuteReaderTest, AnyNonZeroByteIsTrue) {
  JuteReader in("\x00\x01\x02\xff"sv);
  EXPECT_FALSE(in.read_bool());
  EXPECT_TRUE(in.read_bool());
  EXPECT_TRUE(in.read_bool());
  EXPECT_TRUE(in.read_bool());
  EXPECT_TRUE(in.ok());
}

TEST(JuteReaderTest, NullIsNotEmpty) {
  JuteReader in("\xff\xff\xff\xff\x00\x00\x00\x00"sv);
  EXPECT_EQ(in.read_bytes(), std::nullopt);
  EXPECT_EQ(in.read_bytes(), ""sv);
  EXPECT_TRUE(in.ok());
}

TEST(JuteReaderTest, BadLengthsFail) {
  for (const auto bytes : {"\xff\xff\xff\xfe"sv, "\x80\x00\x00\x00"sv, "\x00\x00\x00\x01"sv,
                           "\x7f\xff\xff\xff"
                           "abc"sv,
                           "\x00\x00"sv, ""sv}) {
    JuteReader in(bytes);
    EXPECT_EQ(in.read_bytes(), std::nullopt);
    EXPECT_FALSE(in.ok());
  }
}

TEST(JuteReaderTest, TheLengthLimitIsInclusive) {
  JuteReader fits(
      "\x00\x00\x00\x03"
      "abc"sv,
      3);
  EXPECT_EQ(fits.read_bytes(), "abc"sv);
  JuteReader exceeds(
      "\x00\x00\x00\x03"
      "abc"sv,
      2);
  EXPECT_EQ(exceeds.read_bytes(), std::nullopt);
  EXPECT_FALSE(exceeds.ok());
}

TEST(JuteReaderTest, NegativeCountsButMinusOneReadAsEmpty) {
  JuteReader in("\xff\xff\xff\xff\xff\xff\xff\xfe\x80\x00\x00\x00\x00\x00\x00\x02"sv);
  EXPECT_EQ(in.read_count(), std::nullopt);
  EXPECT_EQ(in.read_count(), 0);
  EXPECT_EQ(in.read_count(), 0);
  EXPECT_EQ(in.read_count(), 2);
  EXPECT_TRUE(in.ok());
}

TEST(JuteReaderTest, OnceFailedItStaysFailedAndAnswersZero) {
  JuteReader in(
      "\x00\x00\x00\x09"
      "abcdefgh"sv);
  in.read_bytes();
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.read_int(), 0);
  EXPECT_EQ(in.read_long(), 0);
  EXPECT_FALSE(in.read_bool());
  EXPECT_EQ(in.read_count(), std::nullopt);
  EXPECT_EQ(in.remaining(), 0u);
}

}  // namespace
}  // namespace drover::wire
