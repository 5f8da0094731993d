#include "toolbox/base64.h"

#include <gtest/gtest.h>

#include <utility>

namespace drover::toolbox {
namespace {

TEST(Base64Test, BothWays) {
  const std::pair<const char*, const char*> samples[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}};
  for (const auto& [bytes, text] : samples) {
    EXPECT_EQ(base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
  EXPECT_EQ(from_base64("Zm*v"), std::nullopt);
  EXPECT_EQ(from_base64("Z"), std::nullopt);
}

}  // namespace
}  // namespace drover::toolbox
