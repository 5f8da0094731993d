// Goal: which route a request finds, and what a target is made of.

#include "net/http_router.h"

#include <gtest/gtest.h>

namespace drover::net {
namespace {

HttpRouter some_router() {
  HttpRouter router;
  for (const auto& [method, path] :
       HttpRequest::Fields{{"GET", "/a"}, {"POST", "/a"}, {"GET", "/a/*"}, {"GET", "/a/b/*"}}) {
    router.add({.method = method, .path = path, .handle = {}});
  }
  return router;
}

std::string found(const std::string& method, const std::string& path) {
  const HttpRouter router = some_router();
  const auto hit = router.find(method, path);
  return hit.route == nullptr ? "none, " + hit.allowed : hit.route->method + " " + hit.route->path;
}

TEST(HttpRouterTest, ExactGoesBeforeTheLongestPrefix) {
  EXPECT_EQ(found("GET", "/a"), "GET /a");
  EXPECT_EQ(found("POST", "/a"), "POST /a");
  EXPECT_EQ(found("GET", "/a/"), "GET /a/*");
  EXPECT_EQ(found("GET", "/a/x/y"), "GET /a/*");
  EXPECT_EQ(found("GET", "/a/b/c"), "GET /a/b/*");
}

TEST(HttpRouterTest, SaysWhatAKnownPathAllows) {
  EXPECT_EQ(found("PUT", "/a"), "none, GET, HEAD, POST");
  EXPECT_EQ(found("POST", "/a/b/c"), "none, GET, HEAD");
  EXPECT_EQ(found("GET", "/"), "none, ");
  EXPECT_EQ(found("GET", "/ab"), "none, ");
}

TEST(HttpRouterTest, ATargetIsDecoded) {
  const auto target = parse_target("/a%2Fb+c%20d?x=1+2&x=3&&flag&%3d=%26");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a/b+c d");
  EXPECT_EQ(target->query,
            (HttpRequest::Fields{{"x", "1 2"}, {"x", "3"}, {"flag", ""}, {"=", "&"}}));
}

TEST(HttpRouterTest, ABadTargetIsNone) {
  for (const auto* bad : {"", "a", "http://x/", "/%", "/%4", "/%zz", "/?%", "/?a=%2"}) {
    EXPECT_FALSE(parse_target(bad)) << bad;
  }
}

}  // namespace
}  // namespace drover::net
