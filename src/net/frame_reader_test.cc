// Goal: frames come out whole and in order however the bytes arrive, and memory follows what
// arrived, never what a length word claims.

#include "net/frame_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/prng.h"

namespace drover::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Cut = FrameReader::Cut;

constexpr std::int32_t kMax = 1048575;

std::string length_word(std::uint32_t n) {
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
          static_cast<char>(n)};
}
std::string frame(std::string_view payload) {
  return length_word(static_cast<std::uint32_t>(payload.size())) + std::string(payload);
}

// A connection that receives: bytes in, frames out, with a scratch buffer as a reactor has it.
class Receiver {
 public:
  explicit Receiver(std::int32_t max = kMax, std::size_t scratch_bytes = 65536)
      : reader(max), scratch_(scratch_bytes) {}

  void receive(std::string_view bytes) {
    while (!bytes.empty() && !bad) {
      const auto room = reader.room(scratch_);
      const auto n = std::min(room.size(), bytes.size());
      std::ranges::copy(bytes.substr(0, n), room.data());
      bytes.remove_prefix(n);
      reader.arrived(n);
      cut();
      std::ranges::fill(scratch_, '!');  // another connection uses it
    }
  }
  void cut() {
    std::string_view payload;
    Cut result = Cut::kIncomplete;
    while (frames.size() < frames_max && (result = reader.next(payload)) == Cut::kFrame)
      frames.emplace_back(payload);
    bad = bad || result == Cut::kBadLength;
    reader.settle();
  }

  FrameReader reader;
  std::vector<std::string> frames;
  std::size_t frames_max = SIZE_MAX;
  bool bad = false;

 private:
  std::vector<char> scratch_;
};

TEST(FrameReaderTest, SeveralFramesInOneRead) {
  Receiver r;
  r.receive(frame("one") + frame("") + frame("three"));
  EXPECT_THAT(r.frames, ElementsAre("one", "", "three"));
  EXPECT_EQ(r.reader.bytes_held(), 0u) << "an idle connection holds no buffer";
}

TEST(FrameReaderTest, ByteByByte) {
  Receiver r;
  for (const char c : frame("slow") + frame("sender")) r.receive({&c, 1});
  EXPECT_THAT(r.frames, ElementsAre("slow", "sender"));
  EXPECT_EQ(r.reader.bytes_held(), 0u);
}

TEST(FrameReaderTest, EverySplitOfTwoFrames) {
  const std::string stream = frame("abc") + frame("defgh");
  for (std::size_t split = 0; split <= stream.size(); ++split) {
    Receiver r;
    r.receive(stream.substr(0, split));
    r.receive(stream.substr(split));
    EXPECT_THAT(r.frames, ElementsAre("abc", "defgh")) << "split at " << split;
  }
}

TEST(FrameReaderTest, RandomPiecesOfRandomFrames) {
  base::Prng prng(7);
  for (int round = 0; round < 50; ++round) {
    std::string stream;
    std::vector<std::string> expected;
    for (int i = 0; i < 40; ++i) {
      expected.emplace_back(prng.below(i % 10 == 0 ? 20000 : 60),
                            static_cast<char>('a' + prng.below(26)));
      stream += frame(expected.back());
    }
    Receiver r(kMax, 1 + prng.below(8192));
    for (std::size_t at = 0; at < stream.size();) {
      const auto n = 1 + prng.below(prng.chance(1, 4) ? 10000 : 40);
      r.receive(std::string_view(stream).substr(at, n));
      at += n;
    }
    ASSERT_EQ(r.frames, expected) << "round " << round;
    EXPECT_EQ(r.reader.bytes_held(), 0u);
  }
}

TEST(FrameReaderTest, LimitIsInclusive) {
  Receiver at_limit(10);
  at_limit.receive(frame("0123456789"));
  EXPECT_THAT(at_limit.frames, ElementsAre("0123456789"));
  EXPECT_FALSE(at_limit.bad);
  Receiver above(10);
  above.receive(length_word(11));
  EXPECT_TRUE(above.bad);
}

TEST(FrameReaderTest, NegativeLengthIsBad) {
  Receiver r;
  r.receive(frame("good") + length_word(0xffffffff));
  EXPECT_THAT(r.frames, ElementsAre("good"));
  EXPECT_TRUE(r.bad);
}

TEST(FrameReaderTest, LengthWordAloneBuysNoMemory) {
  Receiver r(1 << 30);
  r.receive(length_word(1 << 30) + "a few bytes");
  EXPECT_LT(r.reader.bytes_held(), 16384u);
  r.receive(std::string(100000, 'x'));
  EXPECT_LT(r.reader.bytes_held(), 600000u) << "the buffer follows what arrived";
  EXPECT_THAT(r.frames, IsEmpty());
}

TEST(FrameReaderTest, FramesThatMustWaitAreKeptInOrder) {
  Receiver r;
  r.frames_max = 1;
  r.receive(frame("now") + frame("later") + frame("last"));
  EXPECT_THAT(r.frames, ElementsAre("now"));
  r.frames_max = SIZE_MAX;
  r.cut();
  EXPECT_THAT(r.frames, ElementsAre("now", "later", "last"));
  EXPECT_EQ(r.reader.bytes_held(), 0u);
}

TEST(FrameReaderTest, ClearForgets) {
  Receiver r;
  r.receive("ru");
  EXPECT_EQ(r.reader.unread(), "ru");
  r.reader.clear();
  EXPECT_EQ(r.reader.unread(), "");
  r.receive(frame("x"));
  EXPECT_THAT(r.frames, ElementsAre("x"));
}

}  // namespace
}  // namespace drover::net
