// Goal: readers never see a writer at work, and a writer is not kept out by readers that come and
// go.

#include "server/tree_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace drover::server {
namespace {

TEST(TreeGateTest, ReadersOfDifferentSlotsAreInTogether) {
  TreeGate gate(2);
  const ReadHold first(gate, 0);
  std::thread other([&gate] { const ReadHold second(gate, 1); });
  other.join();  // would never end if the slots shut each other out
}

TEST(TreeGateTest, WriterIsAlone) {
  constexpr int kReaders = 3;
  constexpr int kWrites = 2000;
  TreeGate gate(kReaders);
  // Two counters that a reader must always find equal; not atomic, so that TSan would see a race
  // too.
  long first = 0;
  long second = 0;
  std::atomic<bool> done{false};
  std::atomic<long> unequal{0};
  std::vector<std::thread> readers;
  for (std::size_t slot = 0; slot < kReaders; ++slot) {
    readers.emplace_back([&, slot] {
      while (!done) {
        const ReadHold hold(gate, slot);
        if (first != second) ++unequal;
      }
    });
  }
  for (int i = 0; i < kWrites; ++i) {
    const WriteHold hold(gate);
    ++first;
    ++second;
  }
  done = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(unequal, 0);
  EXPECT_EQ(first, kWrites);
}

TEST(TreeGateTest, WaitingWriterIsSeenAndComesBeforeTheNextReader) {
  TreeGate gate(1);
  std::atomic<bool> written{false};
  std::thread writer;
  {
    const ReadHold hold(gate, 0);
    EXPECT_FALSE(gate.writer_waits());
    writer = std::thread([&] {
      const WriteHold alone(gate);
      written = true;
    });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!gate.writer_waits() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    EXPECT_TRUE(gate.writer_waits());
    EXPECT_FALSE(written);
  }
  {
    const ReadHold next(gate, 0);
    EXPECT_TRUE(written) << "a reader that came later went first";
  }
  writer.join();
}

}  // namespace
}  // namespace drover::server
