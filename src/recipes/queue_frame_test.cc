// Frames byte by byte, as Curator 5.4.0 and 5.9 wrote them.

#include "recipes/queue_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::recipes {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

Bytes from_hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
    bytes.push_back(
        static_cast<std::byte>(std::stoi(std::string(text.substr(at, 2)), nullptr, 16)));
  }
  return bytes;
}

TEST(QueueFrameTest, OneItemAsCuratorWritesIt) {
  EXPECT_EQ(frame_items({to_bytes("hello")}), from_hex("00010001"
                                                       "0100000005"
                                                       "68656c6c6f"
                                                       "02"));
}

TEST(QueueFrameTest, SeveralItemsAreOneFrame) {
  EXPECT_EQ(frame_items({to_bytes("a"), to_bytes("bc")}), from_hex("00010001"
                                                                   "0100000001"
                                                                   "61"
                                                                   "0100000002"
                                                                   "6263"
                                                                   "02"));
}

TEST(QueueFrameTest, ReadsWhatItWrote) {
  const std::vector<Bytes> items = {to_bytes("a"), Bytes{}, to_bytes("bc")};
  EXPECT_THAT(unframe_items(frame_items(items)), Optional(items));
  EXPECT_THAT(unframe_items(frame_items({})), Optional(IsEmpty()));
}

TEST(QueueFrameTest, RefusesEveryCutFrame) {
  const Bytes whole = frame_items({to_bytes("hello"), to_bytes("you")});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(unframe_items(BytesView(whole).first(size)), std::nullopt) << size;
  }
}

TEST(QueueFrameTest, RefusesOtherVersionsAndMarks) {
  EXPECT_EQ(unframe_items(from_hex("0001000202")), std::nullopt);
  EXPECT_EQ(unframe_items(from_hex("0001000103")), std::nullopt);
  EXPECT_EQ(unframe_items(from_hex("0001000101ffffffff02")), std::nullopt);
}

TEST(QueueFrameTest, IgnoresWhatComesBehindTheEnd) {
  EXPECT_THAT(unframe_items(from_hex("000100010100000001610277")),
              Optional(ElementsAre(to_bytes("a"))));
}

}  // namespace
}  // namespace drover::recipes
