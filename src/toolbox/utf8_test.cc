#include "toolbox/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace drover::toolbox {
namespace {

TEST(Utf8Test, WhatIsBrokenIsReplacedAsByJava) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(utf8_or_replaced("a\xc5\xbe"), "a\xc5\xbe");
  EXPECT_EQ(utf8_or_replaced("\xff"), r);
  EXPECT_EQ(utf8_or_replaced("\xe2\x82"), r);  // a beginning: one
  EXPECT_EQ(utf8_or_replaced("\xe2\x82x"), r + "x");
  EXPECT_EQ(utf8_or_replaced("\xed\xa0\x80"), r);  // a surrogate
  EXPECT_EQ(utf8_or_replaced("\xc0\x80"), r + r);
  EXPECT_EQ(utf8_or_replaced("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80");
  EXPECT_EQ(utf8_or_replaced("\xf4\x90\x80\x80"), r + r + r + r);
}

TEST(Utf8Test, TellsTextFromOtherBytes) {
  for (const std::string_view text :
       {"", "a", "a\xc5\xbe", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
  // A lone byte, a beginning, a surrogate, a form longer than needed, beyond Unicode.
  for (const std::string_view bytes :
       {"\xff", "a\xe2\x82", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80"}) {
    EXPECT_FALSE(is_utf8(bytes));
  }
}

}  // namespace
}  // namespace drover::toolbox
