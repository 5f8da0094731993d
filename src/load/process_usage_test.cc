#include "load/process_usage.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

namespace drover::load {
namespace {

TEST(ProcessUsageTest, OwnMemoryIsSeenToGrow) {
  const auto before = process_usage(getpid());
  ASSERT_TRUE(before) << before.error().message;
  std::vector<char> touched(64 << 20);
  // An optimiser that sees nobody read them writes none of them, and needs no memory either.
  volatile char* bytes = touched.data();
  for (std::size_t i = 0; i < touched.size(); i += 1024) bytes[i] = 'x';
  const auto after = process_usage(getpid());
  ASSERT_TRUE(after);
  EXPECT_GE(after->resident_bytes, before->resident_bytes + touched.size() / 2);
}

TEST(ProcessUsageTest, BothWaysToCountCpuAgree) {
  volatile std::uint64_t sink = 0;
  while (own_cpu() < std::chrono::milliseconds(100)) {
    for (int i = 0; i < 100'000; ++i) sink = sink + 1;
  }
  const auto usage = process_usage(getpid());
  ASSERT_TRUE(usage);
  EXPECT_GE(usage->cpu, std::chrono::milliseconds(50));
  EXPECT_LE(usage->cpu, own_cpu() + std::chrono::milliseconds(20));
}

TEST(ProcessUsageTest, MissingProcessIsAnError) {
  EXPECT_FALSE(process_usage(0x7ffffff0));
}

}  // namespace
}  // namespace drover::load
