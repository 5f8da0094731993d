// The client's own check of paths, word for word as Java clients report it.
#include "client/path.h"

#include <gtest/gtest.h>

namespace drover::client {
namespace {

TEST(PathTest, GoodPaths) {
  for (const char* path : {"/", "/a", "/a/b", "/a.b/..c", "/a/.../b", "/\xc3\xa9", "/a b"}) {
    EXPECT_EQ(path_problem(path), std::nullopt) << path;
  }
}

TEST(PathTest, BadPathsByReason) {
  EXPECT_EQ(path_problem(""), "Path length must be > 0");
  EXPECT_EQ(path_problem("a"), "Path must start with / character");
  EXPECT_EQ(path_problem("/a/"), "Path must not end with / character");
  EXPECT_EQ(path_problem("/a//b"),
            "Invalid path string \"/a//b\" caused by empty node name specified @3");
  EXPECT_EQ(path_problem("/a/./b"),
            "Invalid path string \"/a/./b\" caused by relative paths not allowed @3");
  EXPECT_EQ(path_problem("/a/.."),
            "Invalid path string \"/a/..\" caused by relative paths not allowed @4");
  EXPECT_EQ(
      path_problem(std::string_view("/a\0b", 4)),
      std::string("Invalid path string \"/a\0b\" caused by null character not allowed @2", 66));
  EXPECT_EQ(path_problem("/\x01"), "Invalid path string \"/\x01\" caused by invalid character @1");
  EXPECT_EQ(path_problem("/\xc2\x85"),
            "Invalid path string \"/\xc2\x85\" caused by invalid character @1");
}

TEST(PathTest, SequentialMayEndInASlash) {
  EXPECT_EQ(path_problem("/a/", true), std::nullopt);
  EXPECT_EQ(path_problem("/a/.", true), std::nullopt);
  EXPECT_NE(path_problem("/a//", true), std::nullopt);
}

TEST(PathTest, ChrootGoesOnAndComesOff) {
  EXPECT_EQ(with_chroot("", "/a"), "/a");
  EXPECT_EQ(with_chroot("/app", "/"), "/app");
  EXPECT_EQ(with_chroot("/app", "/a"), "/app/a");
  EXPECT_EQ(without_chroot("/app", "/app"), "/");
  EXPECT_EQ(without_chroot("/app", "/app/a"), "/a");
  EXPECT_EQ(without_chroot("/app", "/apple"), "/apple");
  EXPECT_EQ(without_chroot("", "/a"), "/a");
}

}  // namespace
}  // namespace drover::client
