// Goal: each write op answers with the error that Apache 3.9 answers, whichever of its rules is hit
// first. Method: every rule by name on a real tree; a request is prepared, applied, and its reply
// looked at.

#include "txn/prepare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "txn/txn_test_support.h"

namespace drover::txn {
namespace {

using Kind = Prepare::Outcome::Kind;
using testing::ElementsAre;
using testing::IsEmpty;

const AclList kNobody{{perms::kAll, {"digest", "nobody:x"}}};
const AclList kReadOnly{{perms::kRead, {"world", "anyone"}}};

class PrepareTest : public testing::Test, public TestLeader {
 protected:
  explicit PrepareTest(TestOptions options = {}) : TestLeader(std::move(options)) {}
  void make(std::string_view path, const AclList& acl = kOpenAclList) {
    ASSERT_EQ(error(OpCode::kCreate, create_body(path, "", 0, acl)), ErrorCode::kOk) << path;
  }
  ErrorCode create(wire::NullableBytes path, std::int32_t flags = 0,
                   const AclList& acl = kOpenAclList) {
    return error(OpCode::kCreate, create_body(path, "", flags, acl));
  }
};

std::string path_of(const TestLeader::Result& result) {
  wire::JuteReader in(result.body);
  return std::string(in.read_string());
}

// ---- create

TEST_F(PrepareTest, CreateRefusesUnknownFlagsFirst) {
  EXPECT_EQ(create(std::nullopt, 7, {}), ErrorCode::kBadArguments);
  EXPECT_EQ(create("/a", -1), ErrorCode::kBadArguments);
}

TEST_F(PrepareTest, CreateTtlTakesOnlyTtlModesWithATtlInRange) {
  const auto ttl = [this](std::int32_t flags, std::int64_t ms) {
    return error(OpCode::kCreateTtl, create_ttl_body("/t", flags, ms));
  };
  EXPECT_EQ(ttl(5, 0), ErrorCode::kBadArguments);
  EXPECT_EQ(ttl(5, -1), ErrorCode::kBadArguments);
  EXPECT_EQ(ttl(5, 0x10000000000), ErrorCode::kBadArguments);
  EXPECT_EQ(ttl(0, 5), ErrorCode::kBadArguments);
  EXPECT_EQ(ttl(0, -1), ErrorCode::kBadArguments) << "Apache logs this and cannot start again";
  EXPECT_FALSE(exists("/t"));
  EXPECT_EQ(ttl(5, 0xffffffffff), ErrorCode::kOk);
  EXPECT_EQ(tree.node_stat(tree.find("/t")).ephemeral_owner, tree::ttl_owner(0xffffffffff));
}

TEST_F(PrepareTest, TtlFlagsThroughOtherCreateOpsAreBadArguments) {
  for (const auto op : {OpCode::kCreate, OpCode::kCreate2, OpCode::kCreateContainer}) {
    EXPECT_EQ(error(op, create_body("/t", "", 5)), ErrorCode::kBadArguments);
    EXPECT_EQ(error(op, create_body("/t", "", 6)), ErrorCode::kBadArguments);
  }
}

TEST_F(PrepareTest, CreateRefusesPathsWithoutShape) {
  EXPECT_EQ(create(std::nullopt), ErrorCode::kMarshallingError);
  EXPECT_EQ(create(""), ErrorCode::kBadArguments);
  EXPECT_EQ(create("abc"), ErrorCode::kBadArguments);
  EXPECT_EQ(create(std::string_view("/a\0b", 4)), ErrorCode::kBadArguments);
  EXPECT_EQ(create("abc", 0, {}), ErrorCode::kBadArguments) << "before the ACL";
}

TEST_F(PrepareTest, CreateAclBeatsMissingParentBeatsPath) {
  EXPECT_EQ(create("/missing/a", 0, {}), ErrorCode::kInvalidAcl);
  EXPECT_EQ(create("/missing/a"), ErrorCode::kNoNode);
  EXPECT_EQ(create("/a/"), ErrorCode::kNoNode);
  make("/a");
  EXPECT_EQ(create("/a/"), ErrorCode::kBadArguments);
  EXPECT_EQ(create("//"), ErrorCode::kBadArguments);
  EXPECT_EQ(create("/.."), ErrorCode::kBadArguments);
  EXPECT_EQ(create("/\x1e"), ErrorCode::kBadArguments);
}

TEST_F(PrepareTest, CreateOfTheRootExists) {
  EXPECT_EQ(create("/"), ErrorCode::kNodeExists);
}

TEST_F(PrepareTest, CreateNeedsCreateOnTheParent) {
  make("/a", kReadOnly);
  EXPECT_EQ(create("/a/b"), ErrorCode::kNoAuth);
  EXPECT_EQ(create("/a/.."), ErrorCode::kNoAuth) << "before the path";
  as({{"super", ""}});
  EXPECT_EQ(create("/a/b"), ErrorCode::kOk);
}

TEST_F(PrepareTest, CreateExistsBeatsEphemeralParent) {
  EXPECT_EQ(create("/e", 1), ErrorCode::kOk);
  EXPECT_EQ(create("/e"), ErrorCode::kNodeExists);
  EXPECT_EQ(create("/e/a"), ErrorCode::kNoChildrenForEphemerals);
  EXPECT_EQ(create("/e/a", 1), ErrorCode::kNoChildrenForEphemerals);
  EXPECT_EQ(create("/e/a", 2), ErrorCode::kNoChildrenForEphemerals);
}

TEST_F(PrepareTest, ContainersAndTtlZnodesMayHaveChildren) {
  EXPECT_EQ(error(OpCode::kCreateContainer, create_body("/c", "", 4)), ErrorCode::kOk);
  EXPECT_EQ(error(OpCode::kCreateTtl, create_ttl_body("/t", 5, 1000)), ErrorCode::kOk);
  EXPECT_EQ(create("/c/a"), ErrorCode::kOk);
  EXPECT_EQ(create("/t/a"), ErrorCode::kOk);
}

TEST_F(PrepareTest, TheOpDecidesTheKind) {
  const auto owner = [this](std::string_view path) {
    return tree.node_stat(tree.find(path)).ephemeral_owner;
  };
  for (const std::int32_t flags : {0, 1, 4}) {
    const std::string path = "/container" + std::to_string(flags);
    EXPECT_EQ(error(OpCode::kCreateContainer, create_body(path, "", flags)), ErrorCode::kOk);
    EXPECT_EQ(owner(path), tree::kContainerOwner);
  }
  EXPECT_EQ(create("/flags4", 4), ErrorCode::kOk);
  EXPECT_EQ(owner("/flags4"), 0) << "what go-zookeeper sends";
  EXPECT_EQ(create("/ephemeral", 1), ErrorCode::kOk);
  EXPECT_EQ(owner("/ephemeral"), kSession);
}

TEST_F(PrepareTest, SequenceIsTheParentsCountOfCreates) {
  make("/q");
  const auto next = [this](std::string_view path, std::int32_t flags) {
    return path_of(run(OpCode::kCreate, create_body(path, "", flags)));
  };
  EXPECT_EQ(next("/q/a", 2), "/q/a0000000000");
  EXPECT_EQ(next("/q/b", 2), "/q/b0000000001") << "one counter for all prefixes";
  make("/q/plain");
  EXPECT_EQ(next("/q/", 2), "/q/0000000003") << "any create counts, and a trailing slash is fine";
  EXPECT_EQ(error(OpCode::kDelete, path_version_body("/q/a0000000000")), ErrorCode::kOk);
  EXPECT_EQ(next("/q/.", 3), "/q/.0000000004") << "deletes do not count";
  EXPECT_EQ(create("/q//", 2), ErrorCode::kNoNode) << "its parent would be /q/";
  EXPECT_EQ(next("/q/a", 2), "/q/a0000000005") << "a failed create does not count";
}

TEST_F(PrepareTest, SequenceSticksAtTheLargestNumber) {
  tree.create({.path = "/q", .data = "", .parent_cversion = 1, .zxid = wire::Zxid(1)});
  tree.create({.path = "/q/x", .data = "", .parent_cversion = INT32_MAX, .zxid = wire::Zxid(1)});
  const Result result = run(OpCode::kCreate, create_body("/q/a", "", 2));
  EXPECT_EQ(path_of(result), "/q/a2147483647");
  EXPECT_TRUE(result.digest_matches);
  EXPECT_EQ(tree.node_stat(tree.find("/q")).cversion, INT32_MAX);
  EXPECT_EQ(create("/q/a", 2), ErrorCode::kNodeExists);
}

TEST_F(PrepareTest, CreateStoresTheFixedUpAcl) {
  as({{"ip", "127.0.0.1"}, {"digest", "u:h"}});
  EXPECT_EQ(create("/a", 0, {{perms::kAll, {"auth", ""}}, {perms::kRead, {"world", "anyone"}}}),
            ErrorCode::kOk);
  EXPECT_EQ(*tree.acl(tree.acl_key(tree.find("/a"))),
            (AclList{{perms::kAll, {"digest", "u:h"}}, {perms::kRead, {"world", "anyone"}}}));
}

TEST_F(PrepareTest, CreateRepliesWithThePathCreate2WithTheStatToo) {
  EXPECT_EQ(run(OpCode::kCreate, create_body("/a", "xyz")).body, std::string("\0\0\0\2/a", 6));
  for (const auto& [op, body] : {std::pair{OpCode::kCreate2, create_body("/b", "xyz")},
                                 {OpCode::kCreateContainer, create_body("/c", "xyz", 4)},
                                 {OpCode::kCreateTtl, create_ttl_body("/d", 5, 10)}}) {
    const Result result = run(op, body);
    wire::JuteReader in(result.body);
    const std::string path(in.read_string());
    EXPECT_EQ(wire::decode_stat(in), stat(path));
    EXPECT_TRUE(in.ok() && in.remaining() == 0);
    EXPECT_EQ(stat(path).ctime, kStartMs + zxid.value);
  }
}

class NoExtendedTypesTest : public PrepareTest {
 protected:
  NoExtendedTypesTest() : PrepareTest({.prepare = {.extended_types_enabled = false}}) {}
};

TEST_F(NoExtendedTypesTest, TtlModesAreUnimplementedBeforeAnythingElse) {
  EXPECT_EQ(error(OpCode::kCreateTtl, create_ttl_body("nonsense", 5, -1)),
            ErrorCode::kUnimplemented);
  EXPECT_EQ(create("nonsense", 6), ErrorCode::kUnimplemented);
  EXPECT_EQ(error(OpCode::kCreateTtl, create_ttl_body("/t", 0, 10)), ErrorCode::kBadArguments);
}

// ---- delete

TEST_F(PrepareTest, DeleteRefusesSystemPathsAndShapelessOnes) {
  for (const std::string_view path :
       {"/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config", "", "a"}) {
    EXPECT_EQ(error(OpCode::kDelete, path_version_body(path)), ErrorCode::kBadArguments) << path;
  }
  EXPECT_EQ(error(OpCode::kDelete, path_version_body(std::nullopt)), ErrorCode::kMarshallingError);
  EXPECT_EQ(error(OpCode::kDelete, path_version_body("/a/")), ErrorCode::kNoNode);
}

TEST_F(PrepareTest, DeleteOrderOfChecks) {
  make("/a", kReadOnly);
  make("/b");
  make("/b/c");
  const auto remove = [this](std::string_view path, std::int32_t version = -1) {
    return error(OpCode::kDelete, path_version_body(path, version));
  };
  EXPECT_EQ(remove("/missing/x"), ErrorCode::kNoNode);
  EXPECT_EQ(remove("/a/missing"), ErrorCode::kNoAuth) << "the parent's DELETE comes first";
  EXPECT_EQ(remove("/b/missing"), ErrorCode::kNoNode);
  EXPECT_EQ(remove("/b", 5), ErrorCode::kBadVersion) << "version before not empty";
  EXPECT_EQ(remove("/b", 0), ErrorCode::kNotEmpty);
  EXPECT_EQ(remove("/b/c", 0), ErrorCode::kOk);
  EXPECT_EQ(remove("/b"), ErrorCode::kOk);
}

TEST_F(PrepareTest, DeleteLooksAtTheParentsAclOnly) {
  make("/a", kNobody);
  EXPECT_EQ(error(OpCode::kDelete, path_version_body("/a")), ErrorCode::kOk);
}

// ---- setData, setACL

TEST_F(PrepareTest, SetDataOrderOfChecks) {
  make("/a", kNobody);
  make("/b");
  const auto set = [this](wire::NullableBytes path, std::int32_t version = -1) {
    return error(OpCode::kSetData, set_data_body(path, "x", version));
  };
  for (const wire::NullableBytes path : {wire::NullableBytes(), wire::NullableBytes(""),
                                         wire::NullableBytes("b"), wire::NullableBytes("/b/")}) {
    EXPECT_EQ(set(path), ErrorCode::kBadArguments);
  }
  EXPECT_EQ(set("/missing"), ErrorCode::kNoNode);
  EXPECT_EQ(set("/a", 7), ErrorCode::kNoAuth);
  EXPECT_EQ(set("/b", 7), ErrorCode::kBadVersion);
  EXPECT_EQ(set("/b", 0), ErrorCode::kOk);
  EXPECT_EQ(set("/b", 0), ErrorCode::kBadVersion);
  EXPECT_EQ(set("/b", 1), ErrorCode::kOk);
  EXPECT_EQ(set("/"), ErrorCode::kOk);
  EXPECT_EQ(set("/zookeeper"), ErrorCode::kOk);
}

TEST_F(PrepareTest, SetDataRepliesWithTheStat) {
  make("/a");
  const Result result = run(OpCode::kSetData, set_data_body("/a", "12345"));
  wire::JuteReader in(result.body);
  EXPECT_EQ(wire::decode_stat(in), stat("/a"));
  EXPECT_EQ(stat("/a").version, 1);
  EXPECT_EQ(stat("/a").data_length, 5);
  EXPECT_EQ(stat("/a").mzxid, zxid.value);
}

TEST_F(PrepareTest, NullDataStaysNull) {
  make("/a");
  run(OpCode::kSetData, set_data_body("/a", std::nullopt));
  EXPECT_EQ(data("/a"), "<null>");
}

TEST_F(PrepareTest, VersionsWrapThroughMinusOne) {
  make("/a");
  tree.set_data("/a", "", INT32_MAX, wire::Zxid(1), 1);
  EXPECT_EQ(error(OpCode::kSetData, set_data_body("/a", "", INT32_MAX)), ErrorCode::kOk);
  EXPECT_EQ(stat("/a").version, INT32_MIN);
  tree.set_data("/a", "", -2, wire::Zxid(1), 1);
  EXPECT_EQ(error(OpCode::kSetData, set_data_body("/a", "", -2)), ErrorCode::kOk);
  EXPECT_EQ(stat("/a").version, -1) << "3.10 would skip it, 3.9 does not";
}

TEST_F(PrepareTest, SetAclOrderOfChecks) {
  make("/a", kReadOnly);
  make("/b");
  const auto set = [this](wire::NullableBytes path, const AclList& acl, std::int32_t version = -1) {
    return error(OpCode::kSetAcl, set_acl_body(path, acl, version));
  };
  EXPECT_EQ(set("b", {}), ErrorCode::kBadArguments);
  EXPECT_EQ(set("/missing", {}), ErrorCode::kInvalidAcl) << "the ACL before existence";
  EXPECT_EQ(set("/missing", kOpenAclList), ErrorCode::kNoNode);
  EXPECT_EQ(set("/a", kOpenAclList, 9), ErrorCode::kNoAuth);
  EXPECT_EQ(set("/b", kOpenAclList, 9), ErrorCode::kBadVersion);
  EXPECT_EQ(set("/b", kReadOnly, 0), ErrorCode::kOk);
  EXPECT_EQ(stat("/b").aversion, 1);
  EXPECT_EQ(set("/b", kOpenAclList), ErrorCode::kNoAuth);
}

TEST_F(PrepareTest, SetAclRepliesWithTheNewAversionAndTellsNobody) {
  make("/a");
  const Stat before = stat("/a");
  const Result result = run(OpCode::kSetAcl, set_acl_body("/a", kReadOnly));
  wire::JuteReader in(result.body);
  Stat expected = before;
  expected.aversion = 1;
  EXPECT_EQ(wire::decode_stat(in), expected);
  EXPECT_THAT(result.changes, IsEmpty());
}

// ---- what does not become a txn, and what becomes an error txn

TEST_F(PrepareTest, AFailedWriteIsATxnOfItsOwnWithoutADigest) {
  const auto before = zxid;
  const Result result = run(OpCode::kDelete, path_version_body("/missing"));
  EXPECT_EQ(zxid, before.next());
  EXPECT_EQ(result.type, OpCode::kError);
  EXPECT_EQ(result.txn.size(), wire::TxnHeader::kSize + 4);
  EXPECT_EQ(tree.last_zxid(), zxid);
  EXPECT_THAT(result.body, IsEmpty());
}

TEST_F(PrepareTest, UndecodableBodiesTakeNoZxid) {
  const auto before = zxid;
  for (const auto op :
       {OpCode::kCreate, OpCode::kCreate2, OpCode::kCreateContainer, OpCode::kCreateTtl,
        OpCode::kDelete, OpCode::kSetData, OpCode::kSetAcl, OpCode::kReconfig}) {
    for (const std::string_view body : {std::string_view(), std::string_view("\0\0\0\x09/a", 6),
                                        std::string_view("\xff\xff\xff\xfe", 4)}) {
      const auto outcome = submit(op, body);
      EXPECT_EQ(outcome.kind, Kind::kReject) << op_name(op);
      EXPECT_EQ(outcome.error, ErrorCode::kMarshallingError);
    }
  }
  EXPECT_EQ(zxid, before);
}

TEST_F(PrepareTest, BytesAfterTheRecordAreIgnored) {
  EXPECT_EQ(error(OpCode::kCreate, create_body("/a") + "junk"), ErrorCode::kOk);
}

TEST_F(PrepareTest, WhatClientsMayNotAskForIsUnimplementedAndCloses) {
  make("/c");
  for (const auto op : {OpCode::kCheck, OpCode::kDeleteContainer, OpCode::kError,
                        OpCode::kNotification, static_cast<OpCode>(888)}) {
    const auto outcome = submit(op, path_version_body("/c"));
    EXPECT_EQ(outcome.kind, Kind::kRejectThenClose);
    EXPECT_EQ(outcome.error, ErrorCode::kUnimplemented);
  }
}

TEST_F(PrepareTest, ReconfigIsDisabled) {
  EXPECT_EQ(error(OpCode::kReconfig, std::string(20, '\0')), ErrorCode::kReconfigDisabled);
}

TEST_F(PrepareTest, RequestsOfUnknownOrClosingSessionsAreDropped) {
  session = 0x999;
  EXPECT_EQ(submit(OpCode::kCreate, create_body("/a")).kind, Kind::kDrop);
  session = kSession;
  sessions.set_closing(wire::SessionId(kSession));
  EXPECT_EQ(submit(OpCode::kCreate, create_body("/a")).kind, Kind::kDrop);
  EXPECT_EQ(submit(OpCode::kMulti, multi_body({})).kind, Kind::kDrop);
}

TEST_F(PrepareTest, ATxnThatCouldNotBeReadBackIsRefused) {
  TestLeader small({.prepare = {.length_max = 800}});
  std::vector<Id> ids;
  for (int user = 0; user < 20; ++user)
    ids.push_back({"digest", "u" + std::to_string(user) + ":hash"});
  small.as(ids);
  const AclList creator{{perms::kAll, {"auth", ""}}};
  EXPECT_EQ(small.error(OpCode::kCreate, create_body("/a", "", 0, creator)), ErrorCode::kOk);
  const AclList twice{{perms::kAll, {"auth", ""}}, {perms::kRead, {"auth", ""}}};
  EXPECT_EQ(small.error(OpCode::kCreate, create_body("/b", "", 0, twice)),
            ErrorCode::kMarshallingError);
  EXPECT_EQ(small.error(OpCode::kSetAcl, set_acl_body("/a", twice)), ErrorCode::kMarshallingError);
  EXPECT_FALSE(small.exists("/b"));
  EXPECT_EQ(small.prepare.outstanding_changes(), 0u);
}

// ---- sessions

TEST_F(PrepareTest, CreateSessionIsTrackedWhenApplied) {
  session = 0x300;
  const Result result = run(OpCode::kCreateSession, "");
  EXPECT_EQ(result.type, OpCode::kCreateSession);
  EXPECT_TRUE(sessions.is_open(wire::SessionId(0x300)));
  EXPECT_THAT(result.body, IsEmpty());
  wire::JuteReader in(result.txn);
  EXPECT_EQ(wire::TxnHeader::decode(in).cxid, 0);
}

TEST_F(PrepareTest, CloseSessionTakesItsEphemeralsAlong) {
  make("/p");
  create("/p/a", 1);
  create("/b", 1);
  session = kOtherSession;
  create("/other", 1);
  session = kSession;
  const Result result = run(OpCode::kCloseSession, "");
  EXPECT_EQ(result.error, ErrorCode::kOk);
  EXPECT_THAT(result.changes, testing::UnorderedElementsAre("deleted /p/a", "deleted /b"));
  EXPECT_EQ(stat("/p").pzxid, zxid.value);
  EXPECT_TRUE(exists("/other"));
  EXPECT_FALSE(sessions.contains(wire::SessionId(kSession)));
  EXPECT_TRUE(result.digest_matches);
}

TEST_F(PrepareTest, CloseSessionSeesPendingCreatesAndDeletes) {
  create("/committed", 1);
  create("/reborn", 1);
  submit(OpCode::kDelete, path_version_body("/committed"));
  submit(OpCode::kDelete, path_version_body("/reborn"));
  submit(OpCode::kCreate, create_body("/pending", "", 1));
  submit(OpCode::kCreate, create_body("/gone", "", 1));
  submit(OpCode::kDelete, path_version_body("/gone"));
  session = kOtherSession;
  submit(OpCode::kCreate, create_body("/reborn", "", 1));
  session = kSession;
  submit(OpCode::kCloseSession, "");
  EXPECT_FALSE(sessions.is_open(wire::SessionId(kSession))) << "closing from here on";
  Result last;
  while (!queue.empty()) {
    last = apply_next();
    EXPECT_TRUE(last.digest_matches);
  }
  EXPECT_THAT(last.changes, ElementsAre("deleted /pending"));
  EXPECT_TRUE(exists("/reborn"));
  EXPECT_EQ(stat("/reborn").ephemeral_owner, kOtherSession);
}

TEST_F(PrepareTest, AnExpiredSessionIsClosedByTheServerWithCxidZero) {
  create("/a", 1);
  enqueue(OpCode::kError, [this](wire::Zxid next, base::ByteBuffer& out) {
    return prepare.close_session(wire::SessionId(kSession), next, {}, out);
  });
  const Result result = apply_next();
  EXPECT_THAT(result.changes, ElementsAre("deleted /a"));
  wire::JuteReader in(result.txn);
  const auto header = wire::TxnHeader::decode(in);
  EXPECT_EQ(header.cxid, 0);
  EXPECT_EQ(header.session, wire::SessionId(kSession));
}

TEST_F(PrepareTest, ACloseSessionTooLongForTheLogStillDeletesAll) {
  TestLeader small({.prepare = {.length_max = 1024 + 100}});
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(small.error(OpCode::kCreate, create_body("/ephemeral" + std::to_string(i), "", 1)),
              ErrorCode::kOk);
  }
  const Result result = small.run(OpCode::kCloseSession, "");
  EXPECT_LT(result.txn.size(), 1124u);
  EXPECT_EQ(result.changes.size(), 20u);
  EXPECT_TRUE(result.digest_matches);
  EXPECT_EQ(small.tree.ephemerals_count(), 0);
}

// ---- the reaper

TEST_F(PrepareTest, DeleteContainerOrderOfChecks) {
  const auto reap = [this](std::string_view path) {
    enqueue(OpCode::kError, [&](wire::Zxid next, base::ByteBuffer& out) {
      return prepare.delete_container(path, next, {}, out);
    });
    return apply_next();
  };
  run(OpCode::kCreateContainer, create_body("/c", "", 4));
  run(OpCode::kCreateTtl, create_ttl_body("/t", 5, 1));
  make("/c/child");
  create("/e", 1);
  make("/p");
  EXPECT_EQ(reap("/zookeeper").error, ErrorCode::kBadArguments);
  EXPECT_EQ(reap("/missing").error, ErrorCode::kNoNode);
  EXPECT_EQ(reap("/c").error, ErrorCode::kNotEmpty);
  EXPECT_EQ(reap("/e").error, ErrorCode::kBadVersion);
  EXPECT_EQ(reap("/p").error, ErrorCode::kBadVersion) << "created anew since the reaper looked";
  run(OpCode::kDelete, path_version_body("/c/child"));
  const Result result = reap("/c");
  EXPECT_EQ(result.type, OpCode::kDeleteContainer);
  EXPECT_THAT(result.changes, ElementsAre("deleted /c"));
  EXPECT_EQ(reap("/t").error, ErrorCode::kOk);
}

// ---- pipelined requests

TEST_F(PrepareTest, PipelinedWritesSeeThoseBeforeThem) {
  EXPECT_EQ(submit(OpCode::kCreate, create_body("/a")).error, ErrorCode::kOk);
  EXPECT_EQ(submit(OpCode::kCreate, create_body("/a")).error, ErrorCode::kNodeExists);
  EXPECT_EQ(submit(OpCode::kCreate, create_body("/a/b")).error, ErrorCode::kOk);
  EXPECT_EQ(submit(OpCode::kDelete, path_version_body("/a")).error, ErrorCode::kNotEmpty);
  EXPECT_EQ(submit(OpCode::kSetData, set_data_body("/a/b", "x", 0)).error, ErrorCode::kOk);
  EXPECT_EQ(submit(OpCode::kSetData, set_data_body("/a/b", "x", 0)).error, ErrorCode::kBadVersion);
  EXPECT_EQ(submit(OpCode::kDelete, path_version_body("/a/b", 1)).error, ErrorCode::kOk);
  EXPECT_EQ(submit(OpCode::kDelete, path_version_body("/a")).error, ErrorCode::kOk);
  EXPECT_EQ(submit(OpCode::kSetData, set_data_body("/a", "x")).error, ErrorCode::kNoNode);
  EXPECT_GT(prepare.outstanding_changes(), 0u);
  while (!queue.empty()) EXPECT_TRUE(apply_next().digest_matches);
  EXPECT_EQ(prepare.outstanding_changes(), 0u);
}

TEST_F(PrepareTest, APendingSetAclAlreadyRules) {
  make("/a");
  submit(OpCode::kSetAcl, set_acl_body("/a", kReadOnly));
  EXPECT_EQ(submit(OpCode::kSetData, set_data_body("/a", "x")).error, ErrorCode::kNoAuth);
}

TEST_F(PrepareTest, RootHasOnePendingRecordUnderBothNames) {
  submit(OpCode::kSetData, set_data_body("/", "root"));
  submit(OpCode::kCreate, create_body("/a"));
  submit(OpCode::kSetData, set_data_body("/", "root again"));
  while (!queue.empty()) EXPECT_TRUE(apply_next().digest_matches);
}

TEST_F(PrepareTest, DigestOfATxnIsTheTreesAfterIt) {
  const Result result = run(OpCode::kCreate, create_body("/a", "x"));
  wire::JuteReader in(
      std::string_view(result.txn).substr(result.txn.size() - wire::TxnDigest::kSize));
  const auto digest = wire::TxnDigest::decode(in);
  EXPECT_EQ(digest.version, 2);
  EXPECT_EQ(digest.tree_digest, tree.digest());
}

TEST_F(PrepareTest, AWrongDigestIsNoticed) {
  run(OpCode::kCreate, create_body("/a", "x"));
  submit(OpCode::kSetData, set_data_body("/a", "y"));
  queue.back().txn.back() ^= 1;
  EXPECT_FALSE(apply_next().digest_matches);
}

TEST(PrepareWithoutDigestTest, WritesNone) {
  TestLeader leader({.prepare = {.digest_enabled = false}});
  const auto result = leader.run(OpCode::kDelete, path_version_body("/x"));
  const auto created = leader.run(OpCode::kCreate, create_body("/a"));
  EXPECT_EQ(created.txn.size(), wire::TxnHeader::kSize + 6 + 4 + 4 + 4 + 9 + 10 + 1 + 4);
  EXPECT_EQ(result.error, ErrorCode::kNoNode);
}

// ---- quotas

// The server counts the subtree into a new stats znode at once, but after it took the Stat.
TEST_F(PrepareTest, NewQuotaStatsAreAnsweredAsTheyCame) {
  make("/zookeeper/quota/q");
  ASSERT_EQ(error(OpCode::kCreate, create_body("/zookeeper/quota/q/zookeeper_limits", "count=9")),
            ErrorCode::kOk);
  const Result result =
      run(OpCode::kCreate2, create_body("/zookeeper/quota/q/zookeeper_stats", "any"));
  wire::JuteReader in(result.body);
  in.read_string();
  EXPECT_EQ(wire::decode_stat(in).data_length, 3);
  EXPECT_EQ(data("/zookeeper/quota/q/zookeeper_stats"), "count=0,bytes=0");
}

class EnforcedQuotaTest : public PrepareTest {
 protected:
  EnforcedQuotaTest() : PrepareTest({.prepare = {.enforce_quota = true}}) {}
  void limit(std::string_view limits) {
    make("/q");
    make("/zookeeper/quota/q");
    ASSERT_EQ(error(OpCode::kCreate, create_body("/zookeeper/quota/q/zookeeper_limits", limits)),
              ErrorCode::kOk);
    make("/zookeeper/quota/q/zookeeper_stats");
  }
};

TEST_F(EnforcedQuotaTest, HardCountLimitIsInclusive) {
  limit("count=-1,bytes=-1=;countHardLimit=2");
  EXPECT_EQ(create("/q/a"), ErrorCode::kOk);
  EXPECT_EQ(create("/q/b"), ErrorCode::kQuotaExceeded);
  EXPECT_EQ(create("/other"), ErrorCode::kOk);
  EXPECT_EQ(error(OpCode::kSetData, set_data_body("/q/a", "any size")), ErrorCode::kOk);
}

TEST_F(EnforcedQuotaTest, HardByteLimitChecksWhateverChanges) {
  limit("byteHardLimit=4");
  EXPECT_EQ(error(OpCode::kSetData, set_data_body("/q", "12345")), ErrorCode::kQuotaExceeded);
  EXPECT_EQ(error(OpCode::kSetData, set_data_body("/q", "1234")), ErrorCode::kOk);
  EXPECT_EQ(error(OpCode::kCreate, create_body("/q/a", "1")), ErrorCode::kQuotaExceeded);
  EXPECT_EQ(error(OpCode::kCreate, create_body("/q/a", "")), ErrorCode::kOk);
  tree.set_data("/zookeeper/quota/q/zookeeper_stats", "count=1,bytes=100", 1, wire::Zxid(1), 1);
  EXPECT_EQ(error(OpCode::kSetData, set_data_body("/q", "123")), ErrorCode::kQuotaExceeded)
      << "also when it gets less";
  EXPECT_EQ(error(OpCode::kSetData, set_data_body("/q", "4321")), ErrorCode::kOk);
}

TEST_F(EnforcedQuotaTest, SoftLimitsOnlyWarn) {
  limit("count=1,bytes=1");
  EXPECT_EQ(error(OpCode::kCreate, create_body("/q/a", "12345")), ErrorCode::kOk);
}

TEST_F(EnforcedQuotaTest, QuotaBeatsVersion) {
  limit("byteHardLimit=1");
  EXPECT_EQ(error(OpCode::kSetData, set_data_body("/q", "12", 9)), ErrorCode::kQuotaExceeded);
}

TEST_F(EnforcedQuotaTest, UnreadableLimitsAreAMarshallingError) {
  limit("count=many");
  EXPECT_EQ(create("/q/a"), ErrorCode::kMarshallingError);
  EXPECT_EQ(error(OpCode::kSetData, set_data_body("/q", "x")), ErrorCode::kMarshallingError);
  EXPECT_EQ(error(OpCode::kDelete, path_version_body("/q")), ErrorCode::kOk);
}

TEST_F(EnforcedQuotaTest, WithinOneMultiTheCheckDoesNotAddUp) {
  limit("countHardLimit=2");
  EXPECT_EQ(error(OpCode::kMulti, multi_body({{OpCode::kCreate, create_body("/q/a")},
                                              {OpCode::kCreate, create_body("/q/b")},
                                              {OpCode::kCreate, create_body("/q/c")}})),
            ErrorCode::kOk);
  EXPECT_TRUE(exists("/q/c"));
}

TEST_F(PrepareTest, WithoutEnforcementNothingIsRefused) {
  make("/q");
  make("/zookeeper/quota/q");
  error(OpCode::kCreate, create_body("/zookeeper/quota/q/zookeeper_limits", "countHardLimit=1"));
  make("/zookeeper/quota/q/zookeeper_stats");
  EXPECT_EQ(create("/q/a"), ErrorCode::kOk);
  EXPECT_EQ(data("/zookeeper/quota/q/zookeeper_stats"), "count=2,bytes=0");
}

}  // namespace
}  // namespace drover::txn
