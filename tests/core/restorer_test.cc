// Goal: what a replica persisted brings back the same server: tree, sessions, digest. And what a
// Restorer does with snapshots that do not fit.

#include "replica/restorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "socketless.h"
#include "wire/txn_records.h"

namespace drover::core_test {
namespace {

class LinesLog final : public base::Log {
 public:
  bool enabled(base::LogLevel) const override { return true; }
  void line(base::LogLevel, std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

wire::TxnBytes txn_of(const std::string& bytes) {
  wire::JuteReader in(bytes);
  return {wire::TxnHeader::decode(in).zxid, bytes};
}

class RestorerTest : public testing::Test {
 protected:
  tree::Tree tree;
  session::SessionTable sessions{3000};
  LinesLog log;
  replica::Restorer restorer{tree, sessions, log, base::Instant::from_ms(0)};
};

TEST_F(RestorerTest, TheLogBringsTheServerBack) {
  Server server;
  Client& stays = server.connect(0, 10000);
  Client& goes = server.connect();
  stays.create("/a", "x");
  stays.create("/a/s-", "", 2);
  stays.create("/e", "mine", 1);
  stays.set_data("/a", "y");
  stays.create("/a");
  stays.multi({create_op("/m"), delete_op("/m"), create_op("/n")});
  stays.multi({create_op("/n"), delete_op("/none")});
  stays.authenticate("digest", "u:p");
  stays.set_acl("/n", {{31, "auth", ""}});
  goes.create("/gone", "", 1);
  goes.bare(wire::OpCode::kCloseSession);
  server.run();

  for (const std::string& bytes : server.log()) {
    ASSERT_TRUE(restorer.txn(txn_of(bytes)).has_value());
  }
  restorer.finish();
  EXPECT_EQ(tree.last_zxid(), server.tree.last_zxid());
  EXPECT_EQ(tree.digest(), server.tree.digest());
  EXPECT_EQ(tree.node_count(), server.tree.node_count());
  EXPECT_EQ(sessions.list(), server.sessions.list());
  EXPECT_EQ(tree.ephemerals(stays.session()).size(), 1u);
  EXPECT_EQ(restorer.digest_mismatches(), 0);
  EXPECT_THAT(log.lines, testing::IsEmpty());
}

TEST_F(RestorerTest, EphemeralsOfUnknownSessionsGo) {
  Server server;
  server.connect().create("/e", "", 1);
  server.run();
  // The log without its first txn, which made the session: as a snapshot that misses it would look.
  ASSERT_TRUE(restorer.txn(txn_of(server.log()[1])).has_value());
  EXPECT_NE(tree.find("/e"), tree::kNoNode);
  restorer.finish();
  EXPECT_EQ(tree.find("/e"), tree::kNoNode);
  EXPECT_THAT(log.lines, testing::ElementsAre(testing::HasSubstr("1 ephemerals are gone")));
}

TEST_F(RestorerTest, ATxnThatIsNoneIsRefused) {
  const auto refused = restorer.txn({wire::Zxid(1), "not a txn"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, testing::HasSubstr("zxid=0x1"));
}

TEST_F(RestorerTest, AnotherSnapshotDropsWhatTheFirstBrought) {
  restorer.begin_snapshot(wire::Zxid(5));
  restorer.session(wire::SessionId(7), 10000);
  ASSERT_TRUE(restorer.node("", std::string_view(""), tree::kOpenAcl, {}).has_value());
  ASSERT_TRUE(restorer.node("/first", std::string_view(""), tree::kOpenAcl, {}).has_value());
  const auto orphan = restorer.node("/none/child", std::string_view(""), tree::kOpenAcl, {});
  ASSERT_FALSE(orphan.has_value());
  EXPECT_THAT(orphan.error().message, testing::HasSubstr("/none/child"));

  restorer.begin_snapshot(wire::Zxid(3));
  restorer.session(wire::SessionId(8), 20000);
  ASSERT_TRUE(restorer.node("", std::string_view(""), tree::kOpenAcl, {}).has_value());
  ASSERT_TRUE(restorer.node("/second", std::string_view(""), tree::kOpenAcl, {}).has_value());
  ASSERT_TRUE(restorer.end_snapshot(std::nullopt).has_value());
  restorer.finish();
  EXPECT_EQ(tree.find("/first"), tree::kNoNode);
  EXPECT_NE(tree.find("/second"), tree::kNoNode);
  EXPECT_NE(tree.find("/zookeeper/config"), tree::kNoNode) << "system znodes are always there";
  EXPECT_EQ(tree.last_zxid(), wire::Zxid(3));
  EXPECT_THAT(sessions.list(),
              testing::ElementsAre(std::pair(wire::SessionId(8), std::int32_t{20000})));
}

TEST_F(RestorerTest, TheSnapshotDigestIsComparedWhenItsTxnIsReplayed) {
  Server server;
  Client& client = server.connect();
  client.create("/a");
  client.create("/b");
  server.run();
  const std::vector<std::string>& txns = server.log();
  ASSERT_EQ(txns.size(), 3u);
  for (const bool right : {true, false}) {
    // A snapshot named 0 that was finished when txn 3 had been applied, and holds nothing of it.
    LinesLog lines;
    tree::Tree fresh;
    session::SessionTable table(3000);
    replica::Restorer fuzzy(fresh, table, lines, base::Instant::from_ms(0));
    fuzzy.begin_snapshot(wire::Zxid(0));
    ASSERT_TRUE(fuzzy.node("", std::string_view(""), tree::kOpenAcl, {}).has_value());
    const std::uint64_t digest = server.tree.digest() + (right ? 0 : 1);
    ASSERT_TRUE(fuzzy.end_snapshot({{.zxid = wire::Zxid(3), .digest = {.tree_digest = digest}}})
                    .has_value());
    ASSERT_TRUE(fuzzy.txn(txn_of(txns[0])).has_value());
    ASSERT_TRUE(fuzzy.txn(txn_of(txns[1])).has_value());
    EXPECT_EQ(fuzzy.digest_mismatches(), 0);
    ASSERT_TRUE(fuzzy.txn(txn_of(txns[2])).has_value());
    EXPECT_EQ(fuzzy.digest_mismatches(), right ? 0 : 1);
    EXPECT_EQ(lines.lines.size(), right ? 0u : 1u);
  }
}

TEST_F(RestorerTest, ALogThatEndsBeforeTheSnapshotDigestIsToldOf) {
  restorer.begin_snapshot(wire::Zxid(1));
  ASSERT_TRUE(restorer.node("", std::string_view(""), tree::kOpenAcl, {}).has_value());
  ASSERT_TRUE(
      restorer.end_snapshot({{.zxid = wire::Zxid(9), .digest = {.tree_digest = 1}}}).has_value());
  restorer.finish();
  EXPECT_THAT(log.lines, testing::ElementsAre(testing::HasSubstr("zxid=0x9")));
}

}  // namespace
}  // namespace drover::core_test
