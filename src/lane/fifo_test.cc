// Goal: what a connection owes comes out in the order it went in, and memory is given back.

#include "lane/fifo.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "base/prng.h"

namespace drover::lane {
namespace {

Pending awaiting(std::int32_t xid) {
  return {.kind = Pending::Kind::kAwaiting, .xid = xid, .size = 10};
}

void push_held(Fifo& fifo, std::int32_t xid, const std::string& frame) {
  fifo.hold(frame);
  fifo.push(
      {.kind = Pending::Kind::kHeld, .xid = xid, .size = static_cast<std::uint32_t>(frame.size())});
}

TEST(FifoTest, HeldFramesComeOutWithTheirEntries) {
  Fifo fifo;
  EXPECT_TRUE(fifo.empty());
  fifo.push(awaiting(1));
  push_held(fifo, 2, "second");
  push_held(fifo, 3, "third");
  EXPECT_EQ(fifo.size(), 3u);
  EXPECT_EQ(fifo.bytes(), 10u + 6u + 5u);
  fifo.pop();
  EXPECT_EQ(fifo.held_frame(), "second");
  fifo.pop();
  EXPECT_EQ(fifo.held_frame(), "third");
  EXPECT_EQ(fifo.front().xid, 3);
  fifo.pop();
  EXPECT_TRUE(fifo.empty());
  EXPECT_EQ(fifo.bytes(), 0u);
}

TEST(FifoTest, ClearForgetsEverything) {
  Fifo fifo;
  fifo.push(awaiting(1));
  push_held(fifo, 2, "read");
  fifo.clear();
  EXPECT_TRUE(fifo.empty());
  EXPECT_EQ(fifo.bytes(), 0u);
  push_held(fifo, 3, "again");
  EXPECT_EQ(fifo.held_frame(), "again");
}

// A pipeline that never runs empty must not keep what is done.
TEST(FifoTest, AgreesWithAPlainQueue) {
  base::Prng random(7);
  Fifo fifo;
  std::deque<std::pair<std::int32_t, std::string>> model;
  std::int32_t xid = 0;
  for (int step = 0; step < 100'000; ++step) {
    if (model.size() < 300 && random.chance(51, 100)) {
      ++xid;
      if (random.chance(1, 2)) {
        model.emplace_back(xid,
                           std::string(1 + random.below(50), static_cast<char>('a' + xid % 26)));
        push_held(fifo, xid, model.back().second);
      } else {
        model.emplace_back(xid, "");
        fifo.push(awaiting(xid));
      }
    } else if (!model.empty()) {
      ASSERT_EQ(fifo.front().xid, model.front().first);
      if (!model.front().second.empty()) {
        ASSERT_EQ(fifo.held_frame(), model.front().second);
      } else {
        ASSERT_EQ(fifo.front().kind, Pending::Kind::kAwaiting);
      }
      fifo.pop();
      model.pop_front();
    }
    ASSERT_EQ(fifo.size(), model.size());
  }
}

}  // namespace
}  // namespace drover::lane
