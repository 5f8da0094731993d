// The console's JSON: numbers as text, base64 both ways, ACLs, and what is refused.

#include "admin/console_json.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace drover::admin {
namespace {

namespace json = boost::json;

TEST(ConsoleJsonTest, Base64KnowsTheVectorsOfItsRfcBothWays) {
  for (const auto& [bytes, text] :
       std::initializer_list<std::pair<const char*, const char*>>{{"", ""},
                                                                  {"f", "Zg=="},
                                                                  {"fo", "Zm8="},
                                                                  {"foo", "Zm9v"},
                                                                  {"foob", "Zm9vYg=="},
                                                                  {"fooba", "Zm9vYmE="},
                                                                  {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(base64_text(bytes), text);
    EXPECT_EQ(parse_base64(text), bytes);
  }
  const std::string all = [] {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    return bytes;
  }();
  EXPECT_EQ(parse_base64(base64_text(all)), all);
}

TEST(ConsoleJsonTest, WhatIsNoBase64IsRefused) {
  for (const char* text : {"Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Z=g=", "Zm9\n", "Zm9-"}) {
    EXPECT_EQ(parse_base64(text), std::nullopt) << text;
  }
}

TEST(ConsoleJsonTest, NumbersOf64BitsAreText) {
  EXPECT_EQ(hex_text(0x500000002), "0x500000002");
  EXPECT_EQ(hex_text(-1), "0xffffffffffffffff");
  EXPECT_EQ(parse_hex("0xffffffffffffffff"), -1);
  for (const char* text : {"", "12", "0x", "0xg", "0x1 ", "0x10000000000000000"}) {
    EXPECT_EQ(parse_hex(text), std::nullopt) << text;
  }
}

TEST(ConsoleJsonTest, AnAclComesBackAsItWent) {
  const AclList acl{{perms::kAll, {"world", "anyone"}},
                    {perms::kRead | perms::kWrite, {"digest", "u:h"}}};
  EXPECT_EQ(json::serialize(acl_json(acl)), R"([{"scheme":"world","id":"anyone","perms":"cdrwa"},)"
                                            R"({"scheme":"digest","id":"u:h","perms":"rw"}])");
  EXPECT_EQ(parse_acl(acl_json(acl)), acl);
}

TEST(ConsoleJsonTest, WhatIsNoAclIsRefused) {
  for (const char* text : {R"({})", R"([1])", R"([{"scheme":"world"}])",
                           R"([{"scheme":"world","id":"anyone","perms":"x"}])",
                           R"([{"scheme":1,"id":"anyone","perms":"r"}])"}) {
    EXPECT_FALSE(parse_acl(json::parse(text))) << text;
  }
}

}  // namespace
}  // namespace drover::admin
