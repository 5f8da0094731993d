// What comes often is found among much that does not, in fixed memory; a window passes.

#include "lane/hot_sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

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
    for (int i = 0; i < times; ++i) {
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
  for (int i = 0; i < 200'000; ++i) {
    now_ms_ = 1000 + i / 20;  // 10 s, in turns
    ask(OpCode::kGetData, "/cold-" + std::to_string(i % 5000), 10 + static_cast<unsigned>(i) % 500);
    if (i % 4 == 0) ask(OpCode::kGetData, "/hot", 1);
    if (i % 10 == 0) ask(OpCode::kSetData, "/written", 2);
  }
  EXPECT_EQ(report().window_ms, 9999);
  EXPECT_NEAR(static_cast<double>(of("/hot").reads), 50'000, 10'000);
  EXPECT_NEAR(static_cast<double>(of("/written").writes), 20'000, 6000);
  EXPECT_LE(report().paths.size(), TopCounter::kPlaces);
  const auto connections = report().connections;
  EXPECT_LE(connections.size(), TopCounter::kPlaces);
  EXPECT_TRUE(std::ranges::any_of(connections,
                                  [](const auto& c) { return c.id == 1 && c.requests >= 40'000; }));
}

TEST_F(HotSamplerTest, ABusyLaneLooksAtFewer) {
  sampler_.begin(base::Instant::from_ms(now_ms_));
  EXPECT_EQ(report().every, HotSampler::kEveryLeast);
  for (int ms = 0; ms < 1000; ++ms, ++now_ms_) ask(OpCode::kGetData, "/busy", 1, 1000);
  EXPECT_GE(report().every, 256U);
  EXPECT_LE(report().every, 4096U);
  EXPECT_NEAR(static_cast<double>(of("/busy").reads), 1e6, 1e5);
  for (int ms = 0; ms < 20'000; ms += 10, now_ms_ += 10) ask(OpCode::kGetData, "/idle", 1, 10);
  EXPECT_LT(report().every, 64U);
}

TEST_F(HotSamplerTest, WhatIsOverAMinuteAgoIsForgotten) {
  sampler_.begin(base::Instant::from_ms(now_ms_));
  ask(OpCode::kGetData, "/old", 1, 1000);
  now_ms_ += 31'000;
  ask(OpCode::kGetData, "/new", 1, 1000);
  EXPECT_NE(of("/old").reads, 0);
  EXPECT_NE(of("/new").reads, 0);
  EXPECT_EQ(report().window_ms, 31'000);
  now_ms_ += 31'000;
  ask(OpCode::kGetData, "/newest", 1, 1000);
  EXPECT_EQ(of("/old").reads, 0);
  EXPECT_NE(of("/new").reads, 0);
}

TEST_F(HotSamplerTest, WhatNamesNoPathIsNoPath) {
  sampler_.begin(base::Instant::from_ms(now_ms_));
  for (const std::string_view body : {"", "\xff\xff\xff\xff", "\x7f\xff\xff\xff", "ab"}) {
    for (int i = 0; i < 1000; ++i) {
      sampler_.note(OpCode::kGetData, body, 1, base::Instant::from_ms(now_ms_));
    }
  }
  ask(OpCode::kPing, "/ping", 1, 1000);
  EXPECT_TRUE(report().paths.empty());
}

}  // namespace
}  // namespace drover::lane
