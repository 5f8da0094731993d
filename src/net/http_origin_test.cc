// Goal: hosts and origins as browsers write them, told apart.

#include "net/http_origin.h"

#include <gtest/gtest.h>

namespace drover::net {
namespace {

TEST(HttpOriginTest, AHostIsItsName) {
  EXPECT_EQ(host_name("zk1:8080"), "zk1");
  EXPECT_EQ(host_name("ZK1.Example.COM."), "zk1.example.com");
  EXPECT_EQ(host_name("127.0.0.1:8080"), "127.0.0.1");
  EXPECT_EQ(host_name("[::1]:8080"), "::1");
  EXPECT_EQ(host_name("[::1"), "::1");
  EXPECT_EQ(host_name(""), "");
}

TEST(HttpOriginTest, AddressesAndLocalhostCannotBeRebound) {
  for (const char* name : {"127.0.0.1", "10.1.2.3", "::1", "localhost", "a.localhost"}) {
    EXPECT_TRUE(is_plain_host(name)) << name;
  }
  for (const char* name : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                           "notlocalhost", "1.2.3.4.5"}) {
    EXPECT_FALSE(is_plain_host(name)) << name;
  }
}

HttpRequest asking(HttpRequest::Fields headers) {
  HttpRequest request;
  request.method = "POST";
  request.path = "/";
  request.headers = std::move(headers);
  return request;
}

TEST(HttpOriginTest, WhatBrowsersSayOfAnotherSite) {
  EXPECT_FALSE(is_cross_site(asking({})));
  EXPECT_FALSE(is_cross_site(asking({{"host", "zk1:8080"}, {"origin", "http://zk1:8080"}})));
  EXPECT_TRUE(is_cross_site(asking({{"host", "zk1:8080"}, {"origin", "http://zk1:8081"}})));
  EXPECT_TRUE(is_cross_site(asking({{"host", "zk1:8080"}, {"origin", "http://evil.example"}})));
  EXPECT_TRUE(is_cross_site(asking({{"host", "zk1:8080"}, {"origin", "null"}})));
  EXPECT_TRUE(
      is_cross_site(asking({{"sec-fetch-site", "cross-site"}, {"sec-fetch-mode", "cors"}})));
  EXPECT_FALSE(
      is_cross_site(asking({{"sec-fetch-site", "cross-site"}, {"sec-fetch-mode", "navigate"}})));
  EXPECT_FALSE(is_cross_site(asking({{"sec-fetch-site", "same-origin"}})));
}

}  // namespace
}  // namespace drover::net
