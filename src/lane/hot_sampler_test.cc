// What comes often is found among much that does not, in fixed memory; a window passes.

#include "lane/hot_sampler.h"

#include <gtest/gtest.h>

#include "base/byte_buffer.h"
#include "wire/jute_writer.h"

namespace drover::lane {
namespace {

using wire::OpCode;

class HotSamplerTest : public testing::Test {
 protected:
  void ask(OpCode op, std::string_view path, std::uint64_t connection, int times = 1) {
    base::ByteBuffer body;
    wire::JuteWriter out(body);
    out.write_string(path);
    out.write_bool(false);
    for (int i = 0; i < times * static_cast<int>(HotSampler::kEvery); ++i) {
      sampler_.note(op, body.view(), connection, base::Instant::from_ms(now_ms_));
    }
  }
  [[nodiscard]] HotSampler::Report report() const {
    return sampler_.report(base::Instant::from_ms(now_ms_));
  }
  [[nodiscard]] TopCounter::Entry of(std::string_view path) const {
    for (const auto& entry : report().paths) {
      if (entry.key == path) return entry;
    }
    return {};
  }

  HotSampler sampler_;
  std::int64_t now_ms_ = 1000;
};

TEST_F(HotSamplerTest, IsOffUntilSomebodyWantsToKnow) {
  EXPECT_FALSE(sampler_.on());
  EXPECT_TRUE(report().paths.empty());
  sampler_.begin(base::Instant::from_ms(now_ms_));
  EXPECT_TRUE(sampler_.on());
  sampler_.end();
  EXPECT_FALSE(sampler_.on());
}

TEST_F(HotSamplerTest, WhatComesOftenIsFoundAmongMuchThatDoesNot) {
  sampler_.begin(base::Instant::from_ms(now_ms_));
  for (int i = 0; i < 2000; ++i) {
    ask(OpCode::kGetData, "/cold-" + std::to_string(i), static_cast<std::uint64_t>(i) + 10);
    if (i % 4 == 0) ask(OpCode::kGetData, "/hot", 1);
    if (i % 10 == 0) ask(OpCode::kSetData, "/written", 2);
  }
  now_ms_ += 5000;
  EXPECT_EQ(report().window_ms, 5000);
  EXPECT_GE(of("/hot").reads, 500);
  EXPECT_GE(of("/written").writes, 200);
  EXPECT_LE(report().paths.size(), TopCounter::kPlaces);
  const auto connections = report().connections;
  EXPECT_LE(connections.size(), TopCounter::kPlaces);
  EXPECT_TRUE(std::ranges::any_of(connections,
                                  [](const auto& c) { return c.id == 1 && c.requests >= 500; }));
}

TEST_F(HotSamplerTest, WhatIsOverAMinuteAgoIsForgotten) {
  sampler_.begin(base::Instant::from_ms(now_ms_));
  ask(OpCode::kGetData, "/old", 1, 5);
  now_ms_ += 31'000;
  ask(OpCode::kGetData, "/new", 1, 5);
  EXPECT_EQ(of("/old").reads, 5);
  EXPECT_EQ(of("/new").reads, 5);
  EXPECT_EQ(report().window_ms, 31'000);
  now_ms_ += 31'000;
  ask(OpCode::kGetData, "/newest", 1, 5);
  EXPECT_EQ(of("/old").reads, 0);
  EXPECT_EQ(of("/new").reads, 5);
}

TEST_F(HotSamplerTest, WhatNamesNoPathIsNoPath) {
  sampler_.begin(base::Instant::from_ms(now_ms_));
  for (const std::string_view body : {"", "\xff\xff\xff\xff", "\x7f\xff\xff\xff", "ab"}) {
    for (int i = 0; i < 100; ++i) {
      sampler_.note(OpCode::kGetData, body, 1, base::Instant::from_ms(now_ms_));
    }
  }
  ask(OpCode::kPing, "/ping", 1, 5);
  EXPECT_TRUE(report().paths.empty());
}

}  // namespace
}  // namespace drover::lane
