// Goal: multi as Apache 3.9 does it: all or nothing, per-operation errors in the body, re-typing,
// and an overlay that is exactly as before when it fails.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "txn/txn_test_support.h"

namespace drover::txn {
namespace {

using Kind = Prepare::Outcome::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

class MultiTest : public testing::Test, public TestLeader {
 protected:
  struct OpResult {
    OpCode type;
    ErrorCode error;
    std::string path;
    Stat stat;
  };
  static std::vector<OpResult> results(const std::string& body) {
    std::vector<OpResult> all;
    wire::JuteReader in(body);
    for (;;) {
      const auto header = wire::MultiHeader::decode(in);
      EXPECT_TRUE(in.ok());
      if (!in.ok()) break;
      if (header.done) {
        EXPECT_EQ(header.op, OpCode::kError);
        EXPECT_EQ(header.error, -1);
        break;
      }
      OpResult& result =
          all.emplace_back(header.op, static_cast<ErrorCode>(header.error), "", Stat{});
      switch (header.op) {
        case OpCode::kError:
          EXPECT_EQ(in.read_int(), header.error);
          break;
        case OpCode::kCreate:
          result.path = in.read_string();
          break;
        case OpCode::kCreate2:
          result.path = in.read_string();
          result.stat = wire::decode_stat(in);
          break;
        case OpCode::kSetData:
          result.stat = wire::decode_stat(in);
          break;
        default:
          break;
      }
    }
    EXPECT_EQ(in.remaining(), 0u);
    return all;
  }
  static std::vector<ErrorCode> errors(const Result& result) {
    std::vector<ErrorCode> all;
    for (const OpResult& op : results(result.body)) all.push_back(op.error);
    return all;
  }
  static std::vector<OpCode> types(const Result& result) {
    std::vector<OpCode> all;
    for (const OpResult& op : results(result.body)) all.push_back(op.type);
    return all;
  }
  Result multi(const std::vector<MultiBodyOp>& ops) { return run(OpCode::kMulti, multi_body(ops)); }
  void make(std::string_view path) {
    ASSERT_EQ(error(OpCode::kCreate, create_body(path)), ErrorCode::kOk) << path;
  }
};

constexpr auto kOk = ErrorCode::kOk;
constexpr auto kAfter = ErrorCode::kRuntimeInconsistency;

TEST_F(MultiTest, AnEmptyMultiIsAnsweredWithItsEnd) {
  const auto before = zxid;
  const Result result = multi({});
  EXPECT_EQ(result.error, kOk);
  EXPECT_THAT(results(result.body), IsEmpty());
  EXPECT_EQ(zxid, before.next());
}

TEST_F(MultiTest, AllGoodInOrderWithOneZxid) {
  const Result result = multi({{OpCode::kCreate, create_body("/a", "1")},
                               {OpCode::kCreate2, create_body("/a/b", "2")},
                               {OpCode::kSetData, set_data_body("/a", "33", 0)},
                               {OpCode::kSetData, set_data_body("/a", "444", 1)},
                               {OpCode::kCheck, path_version_body("/a", 2)},
                               {OpCode::kDelete, path_version_body("/a/b", 0)}});
  const auto ops = results(result.body);
  EXPECT_THAT(types(result), ElementsAre(OpCode::kCreate, OpCode::kCreate2, OpCode::kSetData,
                                         OpCode::kSetData, OpCode::kCheck, OpCode::kDelete));
  EXPECT_EQ(ops[0].path, "/a");
  EXPECT_EQ(ops[1].path, "/a/b");
  EXPECT_EQ(ops[1].stat.data_length, 1);
  EXPECT_EQ(ops[2].stat.version, 1) << "each result shows its own intermediate state";
  EXPECT_EQ(ops[2].stat.data_length, 2);
  EXPECT_EQ(ops[3].stat.version, 2);
  EXPECT_EQ(stat("/a").czxid, zxid.value);
  EXPECT_EQ(stat("/a").mzxid, zxid.value);
  EXPECT_THAT(result.changes, ElementsAre("created /a", "created /a/b", "changed /a", "changed /a",
                                          "deleted /a/b"));
  EXPECT_TRUE(result.digest_matches);
}

TEST_F(MultiTest, OneBadAndNothingHappens) {
  make("/x");
  const Stat root = stat("/");
  const auto digest = tree.digest();
  const Result result = multi({{OpCode::kCreate, create_body("/a")},
                               {OpCode::kDelete, path_version_body("/x")},
                               {OpCode::kCheck, path_version_body("/missing")},
                               {OpCode::kCreate, create_body("/b")},
                               {OpCode::kDelete, path_version_body("/also missing")}});
  EXPECT_EQ(result.error, kOk) << "errors are in the body";
  EXPECT_THAT(errors(result), ElementsAre(kOk, kOk, ErrorCode::kNoNode, kAfter, kAfter));
  EXPECT_THAT(types(result), testing::Each(OpCode::kError));
  EXPECT_THAT(result.changes, IsEmpty());
  EXPECT_EQ(stat("/"), root);
  EXPECT_EQ(tree.digest(), digest);
  EXPECT_TRUE(exists("/x"));
  EXPECT_EQ(tree.last_zxid(), zxid) << "it still used up a zxid";
}

TEST_F(MultiTest, TheTxnOfAFailedMultiKeepsWhatWasPreparedBefore) {
  const Result result = multi({{OpCode::kCreate, create_body("/a")},
                               {OpCode::kDelete, path_version_body("/missing")},
                               {OpCode::kDelete, path_version_body("/a")}});
  wire::JuteReader in(result.txn);
  EXPECT_EQ(wire::TxnHeader::decode(in).type, OpCode::kMulti);
  const auto txn = wire::MultiTxn::decode(in);
  ASSERT_EQ(txn.ops.size(), 3u);
  EXPECT_EQ(txn.ops[0].type, OpCode::kCreate);
  EXPECT_EQ(txn.ops[1].type, OpCode::kError);
  EXPECT_EQ(txn.ops[1].record, std::string_view("\xff\xff\xff\x9b", 4));
  EXPECT_EQ(txn.ops[2].type, OpCode::kError);
  EXPECT_EQ(txn.ops[2].record, std::string_view("\xff\xff\xff\xfe", 4));
  EXPECT_EQ(wire::TxnDigest::decode(in).tree_digest, tree.digest()) << "the current one";
}

TEST_F(MultiTest, GoldenBytesOfAFailureAndASuccess) {
  make("/g");
  const std::string body = multi_body(
      {{OpCode::kCheck, path_version_body("/g", 9)}, {OpCode::kDelete, path_version_body("/g")}});
  EXPECT_EQ(run(OpCode::kMulti, body).body,
            std::string("\xff\xff\xff\xff\x00\xff\xff\xff\x99\xff\xff\xff\x99"
                        "\xff\xff\xff\xff\x00\xff\xff\xff\xfe\xff\xff\xff\xfe"
                        "\xff\xff\xff\xff\x01\xff\xff\xff\xff",
                        35));
  const std::string good = multi_body(
      {{OpCode::kCheck, path_version_body("/g", 0)}, {OpCode::kDelete, path_version_body("/g")}});
  EXPECT_EQ(run(OpCode::kMulti, good).body, std::string("\x00\x00\x00\x0d\x00\x00\x00\x00\x00"
                                                        "\x00\x00\x00\x02\x00\x00\x00\x00\x00"
                                                        "\xff\xff\xff\xff\x01\xff\xff\xff\xff",
                                                        27));
}

TEST_F(MultiTest, CheckOrder) {
  const auto check = [this](std::string_view path, std::int32_t version) {
    return errors(multi({{OpCode::kCheck, path_version_body(path, version)}}))[0];
  };
  make("/a");
  error(OpCode::kCreate, create_body("/secret", "", 0, {{perms::kWrite, {"world", "anyone"}}}));
  EXPECT_EQ(check("a", -1), ErrorCode::kBadArguments);
  EXPECT_EQ(check("/a/", -1), ErrorCode::kBadArguments);
  EXPECT_EQ(check("/missing", 5), ErrorCode::kNoNode);
  EXPECT_EQ(check("/secret", 5), ErrorCode::kNoAuth);
  EXPECT_EQ(check("/a", 5), ErrorCode::kBadVersion);
  EXPECT_EQ(check("/a", 0), kOk);
  EXPECT_EQ(check("/a", -1), kOk);
}

TEST_F(MultiTest, SequencesCountOn) {
  make("/q");
  const Result result = multi({{OpCode::kCreate, create_body("/q/a", "", 2)},
                               {OpCode::kCreate, create_body("/q/a", "", 3)}});
  const auto ops = results(result.body);
  EXPECT_EQ(ops[0].path, "/q/a0000000000");
  EXPECT_EQ(ops[1].path, "/q/a0000000001");
}

TEST_F(MultiTest, FlagsRetypeCreates) {
  const Result result = multi({{OpCode::kCreate, create_body("/c1", "", 4)},
                               {OpCode::kCreate2, create_body("/c2", "", 4)},
                               {OpCode::kCreateContainer, create_body("/c3", "", 4)},
                               {OpCode::kCreateContainer, create_body("/c4", "", 0)},
                               {OpCode::kCreateTtl, create_ttl_body("/t1", 5, 1000)},
                               {OpCode::kCreateTtl, create_ttl_body("/p1", 0, 1000)},
                               {OpCode::kCreateTtl, create_ttl_body("/c5", 4, -1)},
                               {OpCode::kCreateTtl, create_ttl_body("/e1", 1, -1)}});
  ASSERT_THAT(errors(result), testing::Each(kOk));
  EXPECT_THAT(types(result),
              ElementsAre(OpCode::kCreate2, OpCode::kCreate2, OpCode::kCreate2, OpCode::kCreate2,
                          OpCode::kCreate2, OpCode::kCreate, OpCode::kCreate2, OpCode::kCreate));
  const auto owner = [this](std::string_view path) {
    return tree.node_stat(tree.find(path)).ephemeral_owner;
  };
  for (const std::string_view path : {"/c1", "/c2", "/c3", "/c4", "/c5"}) {
    EXPECT_EQ(owner(path), tree::kContainerOwner) << path;
  }
  EXPECT_EQ(owner("/t1"), tree::ttl_owner(1000));
  EXPECT_EQ(owner("/p1"), 0);
  EXPECT_EQ(owner("/e1"), kSession);
  EXPECT_TRUE(result.digest_matches);
}

TEST_F(MultiTest, PerOperationErrorsOfCreate) {
  const auto one = [this](OpCode op, const std::string& body) {
    const auto all = errors(multi({{op, body}}));
    return all.empty() ? ErrorCode::kSystemError : all[0];
  };
  EXPECT_EQ(one(OpCode::kCreateTtl, create_ttl_body("/t", 5, 0)), ErrorCode::kBadArguments);
  EXPECT_EQ(one(OpCode::kCreateTtl, create_ttl_body("/t", 9, 0)), ErrorCode::kBadArguments);
  EXPECT_EQ(one(OpCode::kCreate, create_body("/a", "", 0, {})), ErrorCode::kInvalidAcl);
  EXPECT_EQ(one(OpCode::kCreate, create_body("nonsense")), ErrorCode::kBadArguments);
  EXPECT_EQ(one(OpCode::kDelete, path_version_body("/")), ErrorCode::kBadArguments);
}

// ---- whole-request failures

TEST_F(MultiTest, WhatCannotBeDecodedFailsAsAWholeAndTakesAZxid) {
  make("/a");
  const std::string get = encoded(wire::PathWatchRequest{"/a", false});
  const std::vector<std::string> bodies{
      "",
      encoded(wire::MultiHeader{OpCode::kDelete, false, -1}) + path_version_body("/a"),
      encoded(wire::MultiHeader{OpCode::kDelete, false, -1}) + std::string("\0\0", 2),
      multi_body({{OpCode::kSetAcl, set_acl_body("/a", kOpenAclList)}}),
      multi_body({{OpCode::kDeleteContainer, path_version_body("/a")}}),
      multi_body({{OpCode::kExists, get}}),
      multi_body({{OpCode::kGetData, get}}),
      multi_body({{OpCode::kDelete, path_version_body("/a")}, {OpCode::kGetData, get}}),
      multi_body({{OpCode::kMulti, multi_body({})}}),
      multi_body({{OpCode::kCreate, create_body("/x", "", 7)}}),
      multi_body({{OpCode::kCreate2, create_body("/x", "", 5)}}),
      multi_body({{OpCode::kCreate, create_body(std::nullopt)}}),
      multi_body({{OpCode::kDelete, path_version_body(std::nullopt)}}),
      multi_body({{OpCode::kSetData, set_data_body(std::nullopt, "")}}),
  };
  for (const std::string& body : bodies) {
    const auto before = zxid;
    const Result result = run(OpCode::kMulti, body);
    EXPECT_EQ(result.kind, Kind::kTxn);
    EXPECT_EQ(result.type, OpCode::kError);
    EXPECT_EQ(result.error, ErrorCode::kMarshallingError);
    EXPECT_THAT(result.body, IsEmpty());
    EXPECT_EQ(zxid, before.next());
  }
  EXPECT_TRUE(exists("/a"));
}

TEST_F(MultiTest, ANullAclFailsAsAWholeWithoutAZxid) {
  const std::string create =
      encoded(wire::CreateRequest{.path = "/a", .data = "", .acl = {}}, false);
  const auto outcome = submit(OpCode::kMulti, multi_body({{OpCode::kCreate, create}}));
  EXPECT_EQ(outcome.kind, Kind::kReject);
  EXPECT_EQ(outcome.error, ErrorCode::kMarshallingError);
}

// ---- the overlay after a failure

TEST_F(MultiTest, AFailureLeavesEarlierPendingWritesInPlace) {
  make("/p");
  submit(OpCode::kCreate, create_body("/p/a", "", 2));
  submit(OpCode::kSetData, set_data_body("/p", "x"));
  const std::string failing = multi_body({{OpCode::kCreate, create_body("/p/a", "", 2)},
                                          {OpCode::kSetData, set_data_body("/p", "y", 1)},
                                          {OpCode::kDelete, path_version_body("/p/a0000000000")},
                                          {OpCode::kDelete, path_version_body("/missing")}});
  submit(OpCode::kMulti, failing);
  EXPECT_EQ(submit(OpCode::kSetData, set_data_body("/p", "z", 1)).error, kOk);
  EXPECT_EQ(submit(OpCode::kDelete, path_version_body("/p")).error, ErrorCode::kNotEmpty);
  submit(OpCode::kCreate, create_body("/p/a", "", 2));
  while (!queue.empty()) EXPECT_TRUE(apply_next().digest_matches);
  EXPECT_TRUE(exists("/p/a0000000000"));
  EXPECT_TRUE(exists("/p/a0000000001")) << "the failed multi must not move the counter";
}

TEST_F(MultiTest, PipelinedFailingAndGoodMultisKeepTheSequence) {
  make("/q");
  const std::string good = multi_body({{OpCode::kCreate, create_body("/q/n", "", 2)}});
  const std::string bad = multi_body({{OpCode::kCreate, create_body("/q/n", "", 2)},
                                      {OpCode::kDelete, path_version_body("/missing")}});
  submit(OpCode::kMulti, good);
  submit(OpCode::kMulti, bad);
  submit(OpCode::kMulti, bad);
  submit(OpCode::kMulti, good);
  while (!queue.empty()) EXPECT_TRUE(apply_next().digest_matches);
  EXPECT_TRUE(exists("/q/n0000000000"));
  EXPECT_TRUE(exists("/q/n0000000001"));
  EXPECT_EQ(stat("/q").num_children, 2);
}

TEST_F(MultiTest, ALateFailureAfterDeleteAndRecreate) {
  make("/a");
  const Result result = multi({{OpCode::kDelete, path_version_body("/a")},
                               {OpCode::kCreate, create_body("/a", "new")},
                               {OpCode::kCreate, create_body("/a")}});
  EXPECT_THAT(errors(result), ElementsAre(kOk, kOk, ErrorCode::kNodeExists));
  EXPECT_EQ(stat("/a").czxid, zxid.value - 1);
  EXPECT_EQ(prepare.outstanding_changes(), 0u);
}

TEST_F(MultiTest, ATxnThatCouldNotBeReadBackFailsWithRoomForTheErrorsBehindIt) {
  constexpr std::int32_t kLengthMax = 4000;
  TestLeader small({.prepare = {.length_max = kLengthMax}});
  small.as({{"digest", "user:" + std::string(400, 'h')}});
  const AclList creator{{perms::kAll, {"auth", ""}}};
  std::vector<MultiBodyOp> ops;
  for (int i = 0; i < 50; ++i) {  // about 450 bytes each in the txn, 45 in the request
    ops.push_back({OpCode::kCreate, create_body("/n" + std::to_string(i), "", 0, creator)});
  }
  const Result result = small.run(OpCode::kMulti, multi_body(ops));
  EXPECT_LE(result.txn.size(), std::size_t{kLengthMax});
  EXPECT_THAT(errors(result), testing::Contains(ErrorCode::kMarshallingError));
  EXPECT_FALSE(small.exists("/n0"));
  EXPECT_EQ(small.prepare.outstanding_changes(), 0u);
}

}  // namespace
}  // namespace drover::txn
