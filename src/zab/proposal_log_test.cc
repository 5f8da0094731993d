// The newest txns in memory. Goal: what it hands out has no hole, is never more than asked for and
// is there as long as somebody needs it. Method: small limits, contents written out as text.

#include "zab/proposal_log.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace drover::zab {
namespace {

std::string payload(Zxid zxid) {
  return fmt::format("txn {:x}", zxid.value);
}

void append(ProposalLog& log, std::int64_t epoch, std::int64_t first, std::int64_t last) {
  for (std::int64_t n = first; n <= last; ++n) {
    const Zxid zxid = Zxid::of(epoch, n);
    log.append({zxid, payload(zxid)});
  }
}

// `1:1 1:2 2:1`; every payload is checked on the way.
std::string text(const ProposalLog& log, Zxid after = Zxid(-1), Zxid up_to = Zxid(INT64_MAX - 1)) {
  std::string all;
  log.for_each(after, up_to, [&](const wire::TxnBytes& txn) {
    EXPECT_EQ(txn.bytes, payload(txn.zxid));
    all += fmt::format("{}{}:{}", all.empty() ? "" : " ", txn.zxid.epoch(), txn.zxid.counter());
  });
  return all;
}

TEST(ProposalLogTest, Empty) {
  ProposalLog log;
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(log.last(), Zxid(0));
  EXPECT_EQ(log.committed(), Zxid(0));
  EXPECT_EQ(text(log), "");
  log.reset(Zxid::of(3, 7));
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(log.last(), Zxid::of(3, 7));
  EXPECT_EQ(log.committed(), Zxid::of(3, 7));
  EXPECT_EQ(log.base(), Zxid::of(3, 7));
}

TEST(ProposalLogTest, RangesAreOpenBelowAndClosedAbove) {
  ProposalLog log;
  append(log, 1, 1, 3);
  append(log, 2, 1, 2);
  EXPECT_EQ(text(log), "1:1 1:2 1:3 2:1 2:2");
  EXPECT_EQ(text(log, Zxid::of(1, 2), Zxid::of(2, 1)), "1:3 2:1");
  EXPECT_EQ(text(log, Zxid::of(2, 0)), "2:1 2:2");
  EXPECT_EQ(text(log, Zxid::of(2, 2)), "");
}

TEST(ProposalLogTest, CommitGoesForwardOnly) {
  ProposalLog log;
  append(log, 1, 1, 3);
  EXPECT_EQ(log.committed(), Zxid(0));
  log.commit(Zxid::of(1, 2));
  log.commit(Zxid::of(1, 1));
  EXPECT_EQ(log.committed(), Zxid::of(1, 2));
  log.commit(Zxid::of(9, 9));
  EXPECT_EQ(log.committed(), Zxid::of(1, 3));
}

TEST(ProposalLogTest, SettleCommitsAll) {
  ProposalLog log;
  append(log, 1, 1, 3);
  log.settle();
  EXPECT_EQ(log.committed(), Zxid::of(1, 3));
  EXPECT_EQ(text(log), "1:1 1:2 1:3");
}

TEST(ProposalLogTest, Neighbours) {
  ProposalLog log;
  append(log, 1, 4, 5);
  append(log, 3, 1, 1);
  EXPECT_EQ(log.before(Zxid::of(1, 4)), std::nullopt);
  EXPECT_EQ(log.before(Zxid::of(1, 5)), Zxid::of(1, 4));
  EXPECT_EQ(log.before(Zxid::of(3, 1)), Zxid::of(1, 5));
  EXPECT_EQ(log.before(Zxid::of(2, 1)), std::nullopt);
  EXPECT_EQ(log.before(Zxid::of(3, 2)), std::nullopt);
  EXPECT_TRUE(log.contains(Zxid::of(1, 5)));
  EXPECT_FALSE(log.contains(Zxid::of(1, 6)));
  EXPECT_EQ(log.at_or_above(Zxid(0)), Zxid::of(1, 4));
  EXPECT_EQ(log.at_or_above(Zxid::of(1, 6)), Zxid::of(3, 1));
  EXPECT_EQ(log.at_or_above(Zxid::of(3, 2)), std::nullopt);
}

TEST(ProposalLogTest, AHoleMakesItForget) {
  ProposalLog log;
  append(log, 1, 1, 3);
  append(log, 1, 5, 6);
  EXPECT_EQ(text(log), "1:5 1:6");
  EXPECT_EQ(log.base(), std::nullopt);

  append(log, 2, 2, 2);  // (2,1) is missing
  EXPECT_EQ(text(log), "2:2");
  log.reset(Zxid::of(2, 2));
  append(log, 2, 3, 3);
  EXPECT_EQ(text(log), "2:3");
  EXPECT_EQ(log.base(), Zxid::of(2, 2));
}

TEST(ProposalLogTest, AHigherEpochStartsAtOne) {
  ProposalLog log;
  log.reset(Zxid::of(1, 9));
  append(log, 4, 1, 2);
  EXPECT_EQ(text(log), "4:1 4:2");
  EXPECT_EQ(log.base(), Zxid::of(1, 9));
}

TEST(ProposalLogTest, OldestGoFirstBeyondTheCount) {
  ProposalLog log({.txns_min = 2, .txns_max = 4, .bytes_max = 1u << 20});
  append(log, 1, 1, 10);
  EXPECT_EQ(log.size(), 10u) << "not committed: never dropped";
  log.commit(Zxid::of(1, 3));
  EXPECT_EQ(log.size(), 10u);
  log.commit(Zxid::of(1, 7));
  EXPECT_EQ(text(log), "1:4 1:5 1:6 1:7 1:8 1:9 1:10");
  EXPECT_EQ(log.base(), Zxid::of(1, 3));
  EXPECT_EQ(log.first(), Zxid::of(1, 4));
}

TEST(ProposalLogTest, BytesCountOnlyBeyondTheMinimum) {
  ProposalLog log({.txns_min = 3, .txns_max = 100, .bytes_max = 20});
  append(log, 1, 1, 8);  // 13 bytes each
  log.commit(Zxid::of(1, 8));
  EXPECT_EQ(text(log), "1:6 1:7 1:8");
  EXPECT_EQ(log.bytes(), 39u);
}

TEST(ProposalLogTest, PinnedStays) {
  ProposalLog log({.txns_min = 1, .txns_max = 2, .bytes_max = 1u << 20});
  append(log, 1, 1, 2);
  log.commit(Zxid::of(1, 2));
  const auto first = log.pin(Zxid::of(1, 2));
  append(log, 1, 3, 6);
  const auto second = log.pin(Zxid::of(1, 4));
  log.commit(Zxid::of(1, 6));
  EXPECT_EQ(text(log), "1:3 1:4 1:5 1:6");
  log.unpin(first);
  EXPECT_EQ(text(log), "1:5 1:6");
  append(log, 1, 7, 7);
  log.commit(Zxid::of(1, 7));
  EXPECT_EQ(text(log), "1:5 1:6 1:7");
  log.unpin(second);
  log.unpin(second);
  EXPECT_EQ(text(log), "1:6 1:7");
}

// Views must hold while blocks come and go: a long run over many blocks, with txns of all sizes.
TEST(ProposalLogTest, ContentSurvivesItsBlocks) {
  ProposalLog log({.txns_min = 10, .txns_max = 50, .bytes_max = 10u << 20});
  const auto content = [](std::int64_t n) {
    const std::size_t size = n % 7 == 0 ? 300'000 : static_cast<std::size_t>(n * 37 % 9000);
    return std::string(size, static_cast<char>('a' + n % 26));
  };
  for (std::int64_t n = 1; n <= 400; ++n) {
    log.append({Zxid::of(1, n), content(n)});
    if (n % 3 == 0) log.commit(Zxid::of(1, n - 2));
    if (n % 50 != 0) continue;
    log.for_each(Zxid(0), log.last(), [&](const wire::TxnBytes& txn) {
      EXPECT_EQ(txn.bytes, content(txn.zxid.counter())) << txn.zxid.counter();
    });
    EXPECT_LE(log.size(), 54u);
  }
}

TEST(ProposalLogTest, OneBlockIsUsedAgain) {
  ProposalLog log({.txns_min = 0, .txns_max = 0, .bytes_max = 0});
  for (std::int64_t n = 1; n <= 100'000; ++n) {
    append(log, 1, n, n);
    log.commit(Zxid::of(1, n));
    ASSERT_TRUE(log.empty());
    ASSERT_EQ(log.bytes(), 0u);
  }
  EXPECT_EQ(log.base(), Zxid::of(1, 100'000));
}

}  // namespace
}  // namespace drover::zab
