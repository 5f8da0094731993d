// The text of quota znodes, as Apache writes and reads it.
#include "shell/quota_text.h"

#include <gtest/gtest.h>

namespace drover::shell {
namespace {

TEST(QuotaTextTest, WritesWhatItRead) {
  for (const char* text : {"count=5,bytes=100", "count=-1,bytes=-1",
                           "count=5,bytes=100=;byteHardLimit=-1;countHardLimit=7"}) {
    EXPECT_EQ(QuotaText(text).text(), text);
  }
}

TEST(QuotaTextTest, MissingIsNoLimit) {
  EXPECT_EQ(QuotaText("").text(), "count=-1,bytes=-1");
  EXPECT_EQ(QuotaText("count=,bytes=x").text(), "count=-1,bytes=-1");
}

TEST(QuotaTextTest, BothSeparatorsAreRead) {
  const QuotaText quota("count=1;bytes=2,;countHardLimit=3");
  EXPECT_EQ(quota.get(kQuotaCount), 1);
  EXPECT_EQ(quota.get(kQuotaBytes), 2);
  EXPECT_EQ(quota.get(kQuotaCountHard), 3);
  EXPECT_EQ(quota.get(kQuotaBytesHard), -1);
}

TEST(QuotaTextTest, HardLimitsFollowTheOddSign) {
  QuotaText quota;
  quota.set(kQuotaCountHard, 7);
  EXPECT_EQ(quota.text(), "count=-1,bytes=-1=;countHardLimit=7");
}

}  // namespace
}  // namespace drover::shell
