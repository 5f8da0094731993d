// Goal: the buffer holds what was appended and not consumed, whatever the order, and moves cheaply.

#include "base/byte_buffer.h"

#include <gtest/gtest.h>

#include <string>

#include "base/prng.h"

namespace drover::base {
namespace {

TEST(ByteBufferTest, StartsEmptyWithoutMemory) {
  const ByteBuffer buffer;
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.capacity(), 0u);
  EXPECT_EQ(buffer.view(), "");
}

TEST(ByteBufferTest, AppendingNothingIsFine) {
  ByteBuffer buffer;
  buffer.append("");
  EXPECT_TRUE(buffer.empty());
}

TEST(ByteBufferTest, ConsumeDropsThePrefixTruncateTheRest) {
  ByteBuffer buffer;
  buffer.append("abcdef");
  buffer.consume(2);
  EXPECT_EQ(buffer.view(), "cdef");
  buffer.truncate(3);
  EXPECT_EQ(buffer.view(), "cde");
  buffer.consume(3);
  EXPECT_TRUE(buffer.empty());
}

TEST(ByteBufferTest, ExtendReturnsWhereTheNewBytesAre) {
  ByteBuffer buffer;
  buffer.append("ab");
  std::memcpy(buffer.extend(3), "cde", 3);
  EXPECT_EQ(buffer.view(), "abcde");
}

TEST(ByteBufferTest, SpareIsAtLeastWhatWasAskedAndCommitTakesPart) {
  ByteBuffer buffer;
  buffer.append("x");
  const auto [at, size] = buffer.spare(1000);
  ASSERT_GE(size, 1000u);
  std::memcpy(at, "yz", 2);
  buffer.commit(2);
  EXPECT_EQ(buffer.view(), "xyz");
}

TEST(ByteBufferTest, MoveLeavesTheOtherUsable) {
  ByteBuffer a;
  a.append("one");
  ByteBuffer b(std::move(a));
  EXPECT_EQ(b.view(), "one");
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): promised to be empty
  a.append("two");         // NOLINT(clang-analyzer-cplusplus.Move): and usable, as tested here
  b = std::move(a);
  EXPECT_EQ(b.view(), "two");
}

TEST(ByteBufferTest, ShrinkGivesBackOnlyWhatIsAboveTheLimit) {
  ByteBuffer buffer;
  buffer.append(std::string(1000, 'x'));
  buffer.clear();
  const std::size_t held = buffer.capacity();
  buffer.shrink(held);
  EXPECT_EQ(buffer.capacity(), held);
  buffer.shrink(held - 1);
  EXPECT_EQ(buffer.capacity(), 0u);
}

TEST(ByteBufferTest, ReusesTheConsumedPrefixInsteadOfGrowingForEver) {
  ByteBuffer buffer;
  const std::string chunk(100, 'x');
  for (int i = 0; i < 100000; ++i) {
    buffer.append(chunk);
    if (buffer.size() > 200) buffer.consume(100);
  }
  EXPECT_LE(buffer.capacity(), 4096u);
}

TEST(ByteBufferTest, EqualsAStringUnderRandomUse) {
  Prng prng(5);
  ByteBuffer buffer;
  std::string model;
  for (int step = 0; step < 20000; ++step) {
    switch (prng.below(4)) {
      case 0: {
        const std::string bytes(prng.below(600), static_cast<char>('a' + step % 26));
        buffer.append(bytes);
        model += bytes;
        break;
      }
      case 1: {
        const std::size_t n = prng.below(model.size() + 1);
        buffer.consume(n);
        model.erase(0, n);
        break;
      }
      case 2: {
        const std::size_t n = prng.below(model.size() + 1);
        buffer.truncate(n);
        model.resize(n);
        break;
      }
      default: {
        const std::size_t n = prng.below(50);
        const auto spare = buffer.spare(n);
        std::memset(spare.first, '!', n);
        buffer.commit(n);
        model.append(n, '!');
      }
    }
    ASSERT_EQ(buffer.view(), model) << "step " << step;
  }
}

TEST(ByteBufferDeathTest, ConsumingPastTheEndIsAProgrammersError) {
  ByteBuffer buffer;
  buffer.append("ab");
  EXPECT_DEATH(buffer.consume(3), "consumed past the end");
  EXPECT_DEATH(buffer.truncate(3), "truncated past the end");
  EXPECT_DEATH(buffer.shrink(0), "shrink of a buffer in use");
}

}  // namespace
}  // namespace drover::base
