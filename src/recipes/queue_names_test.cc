// Names letter by letter, as Curator made them, and the order that it takes them in.

#include "recipes/queue_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace drover::recipes {
namespace {

using testing::ElementsAre;

TEST(QueueNamesTest, PrioritiesAsCuratorWritesThem) {
  EXPECT_EQ(priority_prefix(5), "queue-100000005");
  EXPECT_EQ(priority_prefix(0), "queue-100000000");
  EXPECT_EQ(priority_prefix(-1), "queue-0FFFFFFFF");
  EXPECT_EQ(priority_prefix(std::numeric_limits<std::int32_t>::min()), "queue-080000000");
  EXPECT_EQ(priority_prefix(std::numeric_limits<std::int32_t>::max()), "queue-17FFFFFFF");
}

TEST(QueueNamesTest, DueTimesAsCuratorWritesThem) {
  EXPECT_EQ(delay_prefix(1'700'000'000'000), "queue-|18BCFE56800|");
  EXPECT_EQ(delay_prefix(1), "queue-|00000001|");
}

TEST(QueueNamesTest, IdsAreEscaped) {
  EXPECT_EQ(id_prefix("a/b|c"), "queue-|a_b_c|");
  EXPECT_EQ(id_of("queue-|a_b_c|0000000001"), "a_b_c");
  EXPECT_EQ(id_of("queue-0000000001"), "");
  EXPECT_EQ(id_of("queue-|a"), "");
  EXPECT_EQ(id_of("other"), "");
}

TEST(QueueNamesTest, UnreadableDueTimesAreDueAtOnce) {
  EXPECT_EQ(due_ms_of("queue-|18BCFE56800|0000000003"), 1'700'000'000'000);
  EXPECT_EQ(due_ms_of("queue-|18bcfe56800|0000000003"), 1'700'000'000'000);
  EXPECT_EQ(due_ms_of("queue-|late|0000000003"), 0);
  EXPECT_EQ(due_ms_of("queue-||0000000003"), 0);
  EXPECT_EQ(due_ms_of("queue-|FFFFFFFFFFFFFFFF|0000000003"), 0);
  EXPECT_EQ(due_ms_of("queue-0000000003"), 0);
}

TEST(QueueNamesTest, PriorityOrderPutsPlainItemsFirst) {
  std::vector<std::string> names = {"queue-1000000050000000001", "queue-0FFFFFFFF0000000002",
                                    "stranger", "queue-0000000009", "queue-0800000000000000003"};
  sort_as_text(names);
  EXPECT_THAT(names, ElementsAre("queue-0000000009", "queue-0800000000000000003",
                                 "queue-0FFFFFFFF0000000002", "queue-1000000050000000001"));
}

TEST(QueueNamesTest, IdOrderIgnoresTheIds) {
  std::vector<std::string> names = {"queue-|z|0000000001", "queue-|a|0000000002",
                                    "queue-0000000000", "qn-0000000000"};
  sort_by_id(names);
  EXPECT_THAT(names, ElementsAre("queue-0000000000", "queue-|z|0000000001", "queue-|a|0000000002"));
}

TEST(QueueNamesTest, DelayOrderIsByTime) {
  std::vector<std::string> names = {"queue-|100000000|0000000001", "queue-|0FFFFFFF|0000000002",
                                    "queue-0000000007"};
  sort_by_due_time(names);
  EXPECT_THAT(names, ElementsAre("queue-0000000007", "queue-|0FFFFFFF|0000000002",
                                 "queue-|100000000|0000000001"));
}

}  // namespace
}  // namespace drover::recipes
