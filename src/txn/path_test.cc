// Goal: a path is refused exactly when PathUtils.validatePath refuses it.

#include "txn/path.h"

#include <gtest/gtest.h>

#include <string>

namespace drover::txn {
namespace {

using namespace std::string_view_literals;

TEST(PathTest, Valid) {
  for (const auto path : {"/"sv, "/a"sv, "/a/b"sv, "/a.b"sv, "/..a"sv, "/a.."sv, "/.a/b."sv,
                          "/..."sv, "/a b"sv, "/~"sv, "/a/.../b"sv, "/zookeeper/quota"sv}) {
    EXPECT_TRUE(is_valid_path(path)) << path;
  }
}

TEST(PathTest, StructureThatIsRefused) {
  for (const auto path :
       {""sv, "a"sv, "a/b"sv, "//"sv, "/a/"sv, "//a"sv, "/a//b"sv, "/."sv, "/.."sv, "/a/."sv,
        "/a/.."sv, "/./a"sv, "/../a"sv, "/a/./b"sv, "/a/../b"sv, "///"sv}) {
    EXPECT_FALSE(is_valid_path(path)) << path;
  }
}

TEST(PathTest, ControlCharactersAreRefused) {
  for (int c = 0; c < 0x80; ++c) {
    const std::string path = std::string("/a") + static_cast<char>(c) + "b";
    EXPECT_EQ(is_valid_path(path), c >= 0x20 && c != 0x7f) << c;
  }
}

std::string utf8(std::uint32_t code) {
  const auto byte = [](std::uint32_t b) { return static_cast<char>(b); };
  if (code < 0x800) return {byte(0xc0 | code >> 6), byte(0x80 | (code & 0x3f))};
  if (code < 0x10000) {
    return {byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f))};
  }
  return {byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 0x3f)),
          byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f))};
}

TEST(PathTest, UnicodeRangesOfJavasCheck) {
  for (std::uint32_t code = 0x80; code < 0x11000; ++code) {
    const bool refused = code <= 0x9f || (code >= 0xd800 && code <= 0xf8ff) || code >= 0xfff0;
    ASSERT_EQ(is_valid_path("/x" + utf8(code)), !refused) << std::hex << code;
  }
}

TEST(PathTest, MalformedUtf8IsRefused) {
  for (const auto path :
       {"/\x80"sv, "/\xc3"sv, "/\xc3/a"sv, "/\xc0\x80"sv, "/\xc1\xbf"sv, "/\xe2\x82"sv,
        "/\xe0\x80\x80"sv, "/\xe2\x28\xa1"sv, "/\xff"sv, "/\xf0\x9f\x98\x80"sv}) {
    EXPECT_FALSE(is_valid_path(path)) << path;
  }
}

TEST(PathTest, ShapeAsksForASlashAndNoNul) {
  EXPECT_TRUE(has_path_shape("a/b"));
  EXPECT_TRUE(has_path_shape("//"));
  EXPECT_FALSE(has_path_shape(""));
  EXPECT_FALSE(has_path_shape("ab"));
  EXPECT_FALSE(has_path_shape("/a\0b"sv));
}

TEST(PathTest, SystemPaths) {
  for (const auto path : {"/"sv, "/zookeeper"sv, "/zookeeper/quota"sv, "/zookeeper/config"sv}) {
    EXPECT_TRUE(is_system_path(path)) << path;
  }
  for (const auto path : {""sv, "/zookeeper/"sv, "/zookeeper/quota/a"sv, "/zookeeperx"sv}) {
    EXPECT_FALSE(is_system_path(path)) << path;
  }
}

TEST(PathTest, ParentIsTheTextBeforeTheLastSlash) {
  EXPECT_EQ(parent_path("/a"), "");
  EXPECT_EQ(parent_path("/a/b"), "/a");
  EXPECT_EQ(parent_path("/a/"), "/a");
  EXPECT_EQ(parent_path("x/y"), "x");
}

}  // namespace
}  // namespace drover::txn
