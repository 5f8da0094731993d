// What the console's rows answer: types, encodings, caching, and the build's own files.

#include "server/console_assets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libdeflate.h>

#include <array>
#include <string>

namespace drover::server {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

std::string gzip(std::string_view text) {
  auto* machine = libdeflate_alloc_compressor(6);
  std::string out(libdeflate_gzip_compress_bound(machine, text.size()), '\0');
  out.resize(libdeflate_gzip_compress(machine, text.data(), text.size(), out.data(), out.size()));
  libdeflate_free_compressor(machine);
  return out;
}

class ConsoleAssetsTest : public testing::Test {
 protected:
  net::HttpResponse get(std::string path, net::HttpRequest::Fields headers = {}) {
    net::HttpRequest request;
    request.method = "GET";
    request.path = std::move(path);
    request.headers = std::move(headers);
    return console_file(assets_, request);
  }

  const std::string script_ = gzip("let sheep = 1;");
  const std::array<ConsoleAsset, 2> assets_{
      ConsoleAsset{.path = "index.html",
                   .content_type = "text/html; charset=utf-8",
                   .etag = "\"page\"",
                   .body = "<!doctype html>",
                   .gzip = false,
                   .named = false},
      ConsoleAsset{.path = "assets/app-1.js",
                   .content_type = "text/javascript; charset=utf-8",
                   .etag = "\"one\"",
                   .body = script_,
                   .gzip = true,
                   .named = true}};
};

TEST_F(ConsoleAssetsTest, ThePageIsAskedForAnewAndRunsNothingForeign) {
  const auto page = get("/console/");
  EXPECT_EQ(page.status, 200U);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(page.body, "<!doctype html>");
  EXPECT_THAT(page.headers, Contains(Pair("Cache-Control", "no-cache")));
  EXPECT_THAT(page.headers, Not(Contains(Pair("Content-Encoding", testing::_))));
  EXPECT_THAT(page.headers, Contains(Pair("Content-Security-Policy",
                                          HasSubstr("default-src 'none'; script-src 'self'"))));
}

TEST_F(ConsoleAssetsTest, WhoTakesGzipGetsWhatIsStored) {
  const auto script = get("/console/assets/app-1.js", {{"accept-encoding", "gzip, br"}});
  EXPECT_EQ(script.body, script_);
  EXPECT_THAT(script.headers, Contains(Pair("Content-Encoding", "gzip")));
  EXPECT_THAT(script.headers, Contains(Pair("Cache-Control", HasSubstr("immutable"))));
}

TEST_F(ConsoleAssetsTest, WhoDoesNotGetsItPlain) {
  const auto script = get("/console/assets/app-1.js");
  EXPECT_EQ(script.body, "let sheep = 1;");
  EXPECT_THAT(script.headers, Not(Contains(Pair("Content-Encoding", testing::_))));
}

TEST_F(ConsoleAssetsTest, WhatIsKnownIsNotSentAgain) {
  const auto known = get("/console/", {{"if-none-match", "\"page\""}});
  EXPECT_EQ(known.status, 304U);
  EXPECT_EQ(known.body, "");
  EXPECT_EQ(get("/console/", {{"if-none-match", "\"older\""}}).status, 200U);
}

TEST_F(ConsoleAssetsTest, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(get("/console/assets/app-2.js").status, 404U);
  EXPECT_EQ(get("/console/../etc/passwd").status, 404U);
}

TEST_F(ConsoleAssetsTest, EveryFileOfTheBuildCanBeRead) {
  ASSERT_FALSE(console_assets().empty());
  for (const ConsoleAsset& asset : console_assets()) {
    net::HttpRequest request;
    request.path = "/console/" + std::string(asset.path);
    const auto answer = console_file(console_assets(), request);
    EXPECT_EQ(answer.status, 200U) << asset.path;
    EXPECT_FALSE(answer.body.empty()) << asset.path;
  }
}

TEST(ConsoleRoutesTest, TheRootLeadsToTheConsole) {
  net::HttpRouter routes;
  add_console_files(routes);
  for (const char* path : {"/", "/console"}) {
    const auto found = routes.find("GET", path);
    ASSERT_NE(found.route, nullptr);
    net::HttpResponse heard;
    found.route->handle({}, net::HttpReply([&](net::HttpResponse r) { heard = std::move(r); }));
    EXPECT_EQ(heard.status, 302U);
    EXPECT_THAT(heard.headers, Contains(Pair("Location", "/console/")));
  }
}

}  // namespace
}  // namespace drover::server
