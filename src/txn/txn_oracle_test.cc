// Goal: pipelining changes no outcome. Whatever is prepared before earlier txns are applied must
// come out as if each request had waited its turn, and the digest in every txn must be that of the
// tree after it. Method: the same seeded requests go to two leaders, one that applies at once and
// one that lets txns pile up; reply headers, bodies, changes and the trees must be equal, and
// replaying the log must make the same tree.

#include <gtest/gtest.h>

#include "base/prng.h"
#include "txn/txn_test_support.h"

namespace drover::txn {
namespace {

using Kind = Prepare::Outcome::Kind;

class TxnOracleTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  std::string random_path() {
    static constexpr std::string_view kTops[] = {"/a", "/b", "/c", "/q"};
    std::string path(kTops[prng.below(4)]);
    for (auto depth = prng.below(3); depth > 0; --depth) {
      path += prng.chance(1, 2) ? "/x" : "/y";
    }
    if (prng.chance(1, 40)) return "/";
    if (prng.chance(1, 40)) return path + "/";
    if (prng.chance(1, 20)) return "/zookeeper/quota" + path;
    return path;
  }
  std::int32_t random_version() {
    return prng.chance(1, 2) ? -1 : static_cast<std::int32_t>(prng.below(3));
  }
  AclList random_acl() {
    switch (prng.below(8)) {
      case 0:
        return {{perms::kRead | perms::kCreate, {"world", "anyone"}}};
      case 1:
        return {{perms::kAll, {"auth", ""}}, {perms::kRead, {"world", "anyone"}}};
      case 2:
        return {};
      default:
        return kOpenAclList;
    }
  }
  MultiBodyOp random_op(bool in_multi) {
    const std::string path = random_path();
    const std::string data(prng.below(20), 'd');
    switch (prng.below(in_multi ? 9 : 10)) {
      case 0:
      case 1:
      case 2: {
        static constexpr OpCode kOps[] = {OpCode::kCreate, OpCode::kCreate2,
                                          OpCode::kCreateContainer};
        const OpCode op = kOps[prng.below(3)];
        const auto flags = static_cast<std::int32_t>(prng.below(5));
        return {op, create_body(path, data, flags, random_acl())};
      }
      case 3:
        return {OpCode::kCreateTtl, create_ttl_body(path, prng.chance(1, 2) ? 5 : 6,
                                                    static_cast<std::int64_t>(prng.below(5)))};
      case 4:
      case 5:
        return {OpCode::kDelete, path_version_body(path, random_version())};
      case 6:
      case 7:
        return {OpCode::kSetData, set_data_body(path, data, random_version())};
      case 8:
        return {OpCode::kCheck, path_version_body(path, random_version())};
      default:
        return {OpCode::kSetAcl, set_acl_body(path, random_acl(), random_version())};
    }
  }
  MultiBodyOp random_request() {
    if (prng.chance(1, 4)) {
      std::vector<MultiBodyOp> ops;
      for (auto count = prng.below(6); count > 0; --count) ops.push_back(random_op(true));
      return {OpCode::kMulti, multi_body(ops)};
    }
    if (prng.chance(1, 60)) return {OpCode::kCloseSession, ""};
    return random_op(false);
  }
  static void choose_session(TestLeader& leader, std::int64_t session) {
    leader.session = session;
    leader.as({{"ip", "127.0.0.1"}, {"digest", session % 2 == 0 ? "even:x" : "odd:x"}});
  }
  static void open_session(TestLeader& leader, std::int64_t session) {
    choose_session(leader, session);
    ASSERT_EQ(leader.run(OpCode::kCreateSession, "").error, ErrorCode::kOk);
  }

  base::Prng prng{GetParam()};
  TestLeader serial, pipelined;
};

void expect_equal(const TestLeader::Result& a, const TestLeader::Result& b) {
  ASSERT_EQ(a.error, b.error);
  ASSERT_EQ(a.type, b.type);
  ASSERT_EQ(a.body, b.body);
  ASSERT_EQ(a.changes, b.changes);
  ASSERT_TRUE(a.digest_matches);
  ASSERT_TRUE(b.digest_matches);
}

TEST_P(TxnOracleTest, PipeliningChangesNothing) {
  std::vector<TestLeader::Result> expected;
  std::size_t compared = 0;
  std::vector<std::string> log;
  std::int64_t sessions[] = {0x1000, 0x1001, 0x1002};
  std::int64_t next_session = 0x1003;
  const auto drain = [&](std::size_t leave) {
    while (pipelined.queue.size() > leave) {
      const auto result = pipelined.apply_next();
      ASSERT_NO_FATAL_FAILURE(expect_equal(expected.at(compared++), result));
      log.push_back(result.txn);
    }
  };
  for (const std::int64_t session : sessions) {
    ASSERT_NO_FATAL_FAILURE(open_session(serial, session));
    ASSERT_NO_FATAL_FAILURE(open_session(pipelined, session));
  }
  for (int step = 0; step < 4000; ++step) {
    std::int64_t& session = sessions[prng.below(3)];
    choose_session(serial, session);
    choose_session(pipelined, session);
    const auto [op, body] = random_request();
    if (op == OpCode::kCheck) continue;  // refused at the door
    const auto result = serial.run(op, body);
    const auto outcome = pipelined.submit(op, body);
    ASSERT_EQ(outcome.kind, result.kind) << "step " << step;
    ASSERT_EQ(outcome.kind, Kind::kTxn);
    expected.push_back(result);
    const bool idle = op == OpCode::kCloseSession || prng.chance(1, 12);
    ASSERT_NO_FATAL_FAILURE(drain(idle ? 0 : 30));
    if (op == OpCode::kCloseSession) {
      session = next_session++;
      ASSERT_NO_FATAL_FAILURE(open_session(serial, session));
      ASSERT_NO_FATAL_FAILURE(open_session(pipelined, session));
    }
  }
  ASSERT_NO_FATAL_FAILURE(drain(0));
  EXPECT_EQ(pipelined.prepare.outstanding_changes(), 0u);
  EXPECT_EQ(serial.tree.digest(), pipelined.tree.digest());
  EXPECT_EQ(serial.tree.node_count(), pipelined.tree.node_count());

  tree::Tree replayed;
  session::SessionTable replayed_sessions(1000);
  base::ByteBuffer body;
  for (const std::string& txn : log) {
    const Applied applied =
        apply(txn, replayed, replayed_sessions, {}, OpCode::kError, nullptr, body);
    ASSERT_TRUE(applied.ok);
    ASSERT_TRUE(applied.digest_matches);
  }
  EXPECT_TRUE(body.empty()) << "nobody asked, nobody is answered";
  EXPECT_EQ(replayed.digest(), serial.tree.digest());
  EXPECT_EQ(replayed.ephemerals_count(), serial.tree.ephemerals_count());
}

// Replaying from any earlier point over a later state, as a fuzzy snapshot makes it happen, ends in
// the same tree once the log has been replayed to its end.
TEST_P(TxnOracleTest, ReplayIsIdempotent) {
  TestLeader leader;
  ASSERT_NO_FATAL_FAILURE(open_session(leader, 0x1000));
  std::vector<std::string> log;
  for (int step = 0; step < 300; ++step) {
    const auto [op, body] = random_request();
    if (op == OpCode::kCheck || op == OpCode::kCloseSession) continue;
    log.push_back(leader.run(op, body).txn);
  }
  const std::uint64_t digest = leader.tree.digest();
  for (int round = 0; round < 20; ++round) {
    base::ByteBuffer body;
    for (std::size_t i = prng.below(log.size()); i < log.size(); ++i) {
      apply(log[i], leader.tree, leader.sessions, {}, OpCode::kError, nullptr, body,
            {.compare_digest = false});
    }
    ASSERT_EQ(leader.tree.digest(), digest) << "round " << round;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TxnOracleTest, testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace drover::txn
