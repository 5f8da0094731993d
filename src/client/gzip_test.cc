#include "client/gzip.h"

#include <gtest/gtest.h>

namespace drover::client {
namespace {

constexpr std::size_t kMax = 1 << 20;

std::optional<std::string> unpacked(std::string_view packed, std::size_t bytes_max = kMax) {
  const auto data = gunzip(as_bytes(packed), bytes_max);
  if (!data) return std::nullopt;
  return std::string(as_text(*data));
}

TEST(GzipTest, RoundTrips) {
  for (const auto& text : {std::string(), std::string("x"), std::string(100'000, 'y')}) {
    EXPECT_EQ(unpacked(gzip(as_bytes(text))), text);
  }
}

TEST(GzipTest, EmptyIsTwentyBytesOfCuratorsForm) {
  const auto packed = gzip({});
  ASSERT_EQ(packed.size(), 20u);
  EXPECT_EQ(packed.substr(0, 4), std::string("\x1f\x8b\x08\x00", 4));
  EXPECT_EQ(packed.substr(10), std::string("\x03\x00\0\0\0\0\0\0\0\0", 10));
}

TEST(GzipTest, WhatIsNotOneMemberIsRefused) {
  const auto packed = gzip(as_bytes("some text"));
  EXPECT_FALSE(unpacked(""));
  EXPECT_FALSE(unpacked("plain text"));
  EXPECT_FALSE(unpacked(packed.substr(0, packed.size() - 1)));
  EXPECT_FALSE(unpacked(packed + "x"));
  EXPECT_FALSE(unpacked(packed + packed));
  auto damaged = packed;
  damaged[damaged.size() - 6] ^= 1;  // the checksum
  EXPECT_FALSE(unpacked(damaged));
}

TEST(GzipTest, WhatUnpacksToTooMuchIsRefused) {
  const auto packed = gzip(as_bytes(std::string(10'000, 'x')));
  EXPECT_FALSE(unpacked(packed, 9'999));
  EXPECT_TRUE(unpacked(packed, 10'001));
}

}  // namespace
}  // namespace drover::client
