// Goal: each rule of the tree that clients or other servers can see, one test each.
// Facts: znode metadata, quotas and digests as a fresh Apache 3.9 shows them.

#include "tree/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tree/node_digest.h"

namespace drover::tree {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using wire::Zxid;

class TreeTest : public testing::Test {
 protected:
  ErrorCode create(std::string_view path, wire::NullableBytes data = "", std::int64_t owner = 0,
                   const AclList* acl = nullptr, std::int32_t parent_cversion = -1) {
    return tree.create({.path = path,
                        .data = data,
                        .acl = acl,
                        .ephemeral_owner = owner,
                        .parent_cversion = parent_cversion,
                        .zxid = Zxid(++zxid),
                        .time_ms = 1000 + zxid});
  }
  ErrorCode remove(std::string_view path) { return tree.remove(path, Zxid(++zxid)); }
  Stat stat(std::string_view path) const { return tree.stat(tree.find(path)); }
  std::string data(std::string_view path) const {
    const NodeId node = tree.find(path);
    if (node == kNoNode) return "<no node>";
    const auto bytes = tree.data(node);
    return bytes ? std::string(*bytes) : "<null>";
  }
  std::vector<std::string> children(std::string_view path) const {
    std::vector<std::string> names;
    for (NodeId c = tree.first_child(tree.find(path)); c != kNoNode; c = tree.next_sibling(c)) {
      names.emplace_back(tree.name(c));
    }
    return names;
  }
  std::uint64_t digest_from_scratch() {
    std::uint64_t sum = 0;
    for (Tree::Walk walk(tree); walk.node() != kNoNode; walk.advance()) {
      std::string path;
      tree.append_path(walk.node(), path);
      if (path == "/") path.clear();
      if (!has_digest(path)) continue;
      sum += node_digest(content_crc(path, tree.data(walk.node())), tree.node_stat(walk.node()));
    }
    return sum;
  }

  Tree tree;
  std::int64_t zxid = 0;
};

const AclList kReadOnly{{perms::kRead, {"world", "anyone"}}};
const AclList kDigestAcl{{perms::kAll, {"digest", "u:hash"}}};
const AclList kOpen{{perms::kAll, {"world", "anyone"}}};

TEST_F(TreeTest, ABrandNewTreeHasTheFourSystemZnodes) {
  EXPECT_EQ(tree.node_count(), 4);
  EXPECT_THAT(children("/"), ElementsAre("zookeeper"));
  EXPECT_THAT(children("/zookeeper"), UnorderedElementsAre("quota", "config"));
  EXPECT_EQ(stat("/").cversion, -1);
  EXPECT_EQ(stat("/zookeeper").cversion, -2);
  EXPECT_EQ(stat("/zookeeper/config").aversion, -1);
  EXPECT_EQ(*tree.acl(tree.acl_key(tree.find("/zookeeper/config"))), kReadOnly);
  EXPECT_EQ(tree.acl_key(kRoot), kOpenAcl);
  EXPECT_EQ(data("/"), "");
  EXPECT_EQ(tree.approximate_data_size(), 44);
  EXPECT_EQ(tree.last_zxid(), Zxid(0));
}

TEST_F(TreeTest, ABrandNewTreeHasApachesDigest) {
  EXPECT_EQ(tree.digest(), 1371985504u);
}

TEST_F(TreeTest, RootHasTwoNames) {
  EXPECT_EQ(tree.find("/"), kRoot);
  EXPECT_EQ(tree.find(""), kRoot);
  std::string path;
  tree.append_path(kRoot, path);
  EXPECT_EQ(path, "/");
  EXPECT_EQ(tree.set_data("/", "x", 1, Zxid(1), 5), ErrorCode::kOk);
  EXPECT_EQ(data(""), "x");
  EXPECT_EQ(tree.digest(), digest_from_scratch());
}

TEST_F(TreeTest, MalformedPathsAreSimplyNotThere) {
  create("/a");
  for (const std::string_view path :
       {"a", "/a/", "//a", "/a//", "//", "a/", "/A", "/a/b", " /a", "/zookeeper/"}) {
    EXPECT_EQ(tree.find(path), kNoNode) << path;
    EXPECT_EQ(tree.set_data(path, "", 1, Zxid(1), 1), ErrorCode::kNoNode) << path;
    EXPECT_EQ(tree.remove(path, Zxid(1)), ErrorCode::kNoNode) << path;
  }
  EXPECT_EQ(create("b"), ErrorCode::kNoNode);
  EXPECT_EQ(create(""), ErrorCode::kNoNode);
  EXPECT_EQ(create("/"), ErrorCode::kNoNode);
  EXPECT_EQ(create("//b"), ErrorCode::kNoNode);
  EXPECT_EQ(remove("/"), ErrorCode::kNoNode);
  EXPECT_EQ(tree.node_count(), 5);
}

TEST_F(TreeTest, CreateSetsTheStatOfZnodeAndParent) {
  ASSERT_EQ(create("/a", "hello"), ErrorCode::kOk);
  ASSERT_EQ(create("/a/b"), ErrorCode::kOk);
  EXPECT_EQ(stat("/a"), (Stat{.czxid = 1,
                              .mzxid = 1,
                              .ctime = 1001,
                              .mtime = 1001,
                              .version = 0,
                              .cversion = 1,
                              .aversion = 0,
                              .ephemeral_owner = 0,
                              .data_length = 5,
                              .num_children = 1,
                              .pzxid = 2}));
  EXPECT_EQ(stat("/").cversion, 2 * 1 - 2);
  EXPECT_EQ(stat("/").pzxid, 1);
  EXPECT_EQ(data("/a"), "hello");
}

TEST_F(TreeTest, CreateWithoutParentChangesNothing) {
  const auto digest = tree.digest();
  EXPECT_EQ(create("/a/b"), ErrorCode::kNoNode);
  EXPECT_EQ(tree.node_count(), 4);
  EXPECT_EQ(tree.digest(), digest);
}

TEST_F(TreeTest, WireCversionCountsCreatesAndDeletes) {
  create("/a");
  create("/a/b");
  create("/a/c");
  remove("/a/b");
  EXPECT_EQ(stat("/a").cversion, 3);
  EXPECT_EQ(stat("/a").num_children, 1);
  EXPECT_EQ(stat("/a").pzxid, 4);
  EXPECT_EQ(tree.node_stat(tree.find("/a")).cversion, 2);
}

TEST_F(TreeTest, ReplayedCreateOverwritesTheAclAndRaisesTheParentOnly) {
  create("/a", "old", 0, &kDigestAcl);
  create("/b", "", 0, &kDigestAcl);
  EXPECT_EQ(create("/a", "new", 7, &kReadOnly, 9), ErrorCode::kNodeExists);
  EXPECT_EQ(data("/a"), "old");
  EXPECT_EQ(stat("/a").ephemeral_owner, 0);
  EXPECT_EQ(*tree.acl(tree.acl_key(tree.find("/a"))), kReadOnly);
  EXPECT_EQ(tree.node_stat(kRoot).cversion, 9);
  EXPECT_EQ(stat("/").pzxid, zxid);
  EXPECT_EQ(tree.digest(), digest_from_scratch());
}

TEST_F(TreeTest, ReplayedCreateDoesNotTurnTheParentBack) {
  create("/a", "", 0, nullptr, 20);
  const Stat before = stat("/");
  create("/b", "", 0, nullptr, 10);
  EXPECT_EQ(tree.node_stat(kRoot).cversion, 20);
  EXPECT_EQ(stat("/").pzxid, before.pzxid);
}

TEST_F(TreeTest, RemoveOfAMissingZnodeStillRaisesTheParentsPzxid) {
  create("/a");
  zxid = 40;
  EXPECT_EQ(remove("/a/b"), ErrorCode::kNoNode);
  EXPECT_EQ(stat("/a").pzxid, 41);
  EXPECT_EQ(tree.remove("/a/b", Zxid(3)), ErrorCode::kNoNode);
  EXPECT_EQ(stat("/a").pzxid, 41);
  EXPECT_EQ(tree.digest(), digest_from_scratch());
}

TEST_F(TreeTest, RemoveOverAFuzzySnapshotTakesTheSubtreeAlong) {
  create("/a");
  create("/a/b", "x", 7);
  create("/a/b/c", "y", kContainerOwner);
  create("/d");
  EXPECT_EQ(remove("/a"), ErrorCode::kOk);
  EXPECT_EQ(tree.node_count(), 5);
  EXPECT_EQ(tree.ephemerals_count(), 0);
  EXPECT_THAT(tree.containers(), IsEmpty());
  EXPECT_EQ(tree.find("/a/b/c"), kNoNode);
  EXPECT_EQ(tree.digest(), digest_from_scratch());
  EXPECT_EQ(create("/a"), ErrorCode::kOk);
  EXPECT_THAT(children("/a"), IsEmpty());
}

TEST_F(TreeTest, SetDataChangesVersionMzxidAndMtimeOnly) {
  create("/a", "one");
  EXPECT_EQ(tree.set_data("/a", "three", 4, Zxid(9), 77), ErrorCode::kOk);
  EXPECT_EQ(stat("/a"), (Stat{.czxid = 1,
                              .mzxid = 9,
                              .ctime = 1001,
                              .mtime = 77,
                              .version = 4,
                              .cversion = 0,
                              .aversion = 0,
                              .ephemeral_owner = 0,
                              .data_length = 5,
                              .num_children = 0,
                              .pzxid = 1}));
  EXPECT_EQ(tree.set_data("/missing", "", 1, Zxid(9), 1), ErrorCode::kNoNode);
}

TEST_F(TreeTest, NullAndEmptyDataAreDifferent) {
  create("/null", std::nullopt);
  create("/empty", "");
  EXPECT_EQ(data("/null"), "<null>");
  EXPECT_EQ(data("/empty"), "");
  EXPECT_EQ(stat("/null").data_length, 0);
  tree.set_data("/null", "", 1, Zxid(5), 1);
  tree.set_data("/empty", std::nullopt, 1, Zxid(5), 1);
  EXPECT_EQ(data("/null"), "");
  EXPECT_EQ(data("/empty"), "<null>");
  EXPECT_EQ(tree.digest(), digest_from_scratch());
}

TEST_F(TreeTest, SetDataAcceptsAViewOfItsOwnData) {
  create("/a", "abcdef");
  tree.set_data("/a", tree.data(tree.find("/a"))->substr(2), 1, Zxid(5), 1);
  EXPECT_EQ(data("/a"), "cdef");
}

TEST_F(TreeTest, SetAclChangesAversionOnly) {
  create("/a", "x");
  const Stat before = stat("/a");
  EXPECT_EQ(tree.set_acl("/a", kReadOnly, 1), ErrorCode::kOk);
  Stat after = before;
  after.aversion = 1;
  EXPECT_EQ(stat("/a"), after);
  EXPECT_EQ(tree.set_acl("/missing", kReadOnly, 1), ErrorCode::kNoNode);
  EXPECT_EQ(tree.digest(), digest_from_scratch());
}

TEST_F(TreeTest, AclListsAreSharedAndDroppedWithTheirLastZnode) {
  create("/a", "", 0, &kDigestAcl);
  create("/b", "", 0, &kDigestAcl);
  EXPECT_EQ(tree.acl_key(tree.find("/a")), tree.acl_key(tree.find("/b")));
  EXPECT_EQ(tree.acl_table().size(), 2u);  // with /zookeeper/config's
  const auto kept = tree.acl(tree.acl_key(tree.find("/a")));
  remove("/a");
  EXPECT_EQ(tree.acl_table().size(), 2u);
  tree.set_acl("/b", kOpen, 1);
  EXPECT_EQ(tree.acl_key(tree.find("/b")), kOpenAcl);
  EXPECT_EQ(tree.acl_table().size(), 1u);
  EXPECT_EQ(*kept, kDigestAcl) << "an event may outlive the znode";
}

TEST_F(TreeTest, TheOpenAclIsNeverInTheTable) {
  create("/a", "", 0, &kOpen);
  EXPECT_EQ(tree.acl_key(tree.find("/a")), kOpenAcl);
  EXPECT_EQ(tree.acl(kOpenAcl), nullptr);
}

TEST_F(TreeTest, OwnersAreFoundBySessionAndKind) {
  create("/s", "", 7);
  create("/t", "", 7);
  create("/u", "", 8);
  create("/c", "", kContainerOwner);
  create("/l", "", ttl_owner(500));
  EXPECT_EQ(tree.ephemerals_count(), 3);
  EXPECT_THAT(tree.ephemerals(wire::SessionId(7)),
              UnorderedElementsAre(tree.find("/s"), tree.find("/t")));
  EXPECT_THAT(tree.sessions_with_ephemerals(), ElementsAre(wire::SessionId(7), wire::SessionId(8)));
  EXPECT_THAT(tree.containers(), ElementsAre(tree.find("/c")));
  EXPECT_THAT(tree.ttl_nodes(), ElementsAre(tree.find("/l")));
  EXPECT_EQ(stat("/s").ephemeral_owner, 7);
  EXPECT_EQ(stat("/c").ephemeral_owner, 0);
  EXPECT_EQ(stat("/l").ephemeral_owner, 0);
  remove("/s");
  remove("/u");
  remove("/c");
  remove("/l");
  EXPECT_THAT(tree.ephemerals(wire::SessionId(7)), ElementsAre(tree.find("/t")));
  EXPECT_THAT(tree.sessions_with_ephemerals(), ElementsAre(wire::SessionId(7)));
  EXPECT_THAT(tree.containers(), IsEmpty());
  EXPECT_THAT(tree.ttl_nodes(), IsEmpty());
}

TEST_F(TreeTest, DescendantsAreCountedStrictly) {
  create("/a");
  create("/ab");
  create("/a/b");
  create("/a/b/c");
  EXPECT_EQ(tree.count_descendants(tree.find("/a")), 2);
  EXPECT_EQ(tree.count_descendants(tree.find("/ab")), 0);
  EXPECT_EQ(tree.count_descendants(kRoot), 7);
}

TEST_F(TreeTest, LastZxidOnlyMovesForward) {
  tree.set_last_zxid(Zxid(5));
  tree.set_last_zxid(Zxid(3));
  EXPECT_EQ(tree.last_zxid(), Zxid(5));
}

TEST_F(TreeTest, ContentCrcCoversPathAndData) {
  create("/a", "xy");
  EXPECT_EQ(tree.content_crc(tree.find("/a")), crc32(0, "/axy"));
  EXPECT_EQ(crc32(0, "123456789"), 0xcbf43926u) << "the published check value of CRC-32";
}

TEST_F(TreeTest, BelowZookeeperIsNotInTheDigest) {
  const auto digest = tree.digest();
  zxid = 0;
  EXPECT_EQ(tree.set_data("/zookeeper/config", "x", 0, Zxid(1), 1), ErrorCode::kOk);
  EXPECT_EQ(create("/zookeeper/quota/a"), ErrorCode::kOk);
  EXPECT_EQ(tree.digest(), digest);
  EXPECT_EQ(create("/zookeeper/b"), ErrorCode::kOk);
  EXPECT_NE(tree.digest(), digest) << "/zookeeper itself counts";
  EXPECT_EQ(tree.digest(), digest_from_scratch());
}

// ---- quotas

class QuotaTest : public TreeTest {
 protected:
  void set_quota(const std::string& path) {
    std::string at = "/zookeeper/quota";
    for (std::size_t i = 0; i < path.size();) {
      std::size_t next = path.find('/', i + 1);
      if (next == std::string::npos) next = path.size();
      at += path.substr(i, next - i);
      create(at);
      i = next;
    }
    ASSERT_EQ(create(at + "/zookeeper_limits", "count=10,bytes=100"), ErrorCode::kOk);
    ASSERT_EQ(create(at + "/zookeeper_stats", "count=0,bytes=0"), ErrorCode::kOk);
  }
  std::string stats(const std::string& path) {
    return data("/zookeeper/quota" + path + "/zookeeper_stats");
  }
};

TEST_F(QuotaTest, CreatingStatsCountsTheSubtreeItselfIncluded) {
  create("/a", "123");
  create("/a/b", "45");
  create("/ab", "6789");
  set_quota("/a");
  EXPECT_EQ(stats("/a"), "count=2,bytes=5");
}

TEST_F(QuotaTest, StatsFollowCreateSetAndDeleteWithoutAVersion) {
  create("/a");
  set_quota("/a");
  const Stat before = stat("/zookeeper/quota/a/zookeeper_stats");
  create("/a/b", "12345");
  EXPECT_EQ(stats("/a"), "count=2,bytes=5");
  tree.set_data("/a/b", "1", 1, Zxid(90), 1);
  EXPECT_EQ(stats("/a"), "count=2,bytes=1");
  tree.set_data("/a/b", std::nullopt, 2, Zxid(91), 1);
  EXPECT_EQ(stats("/a"), "count=2,bytes=0");
  create("/a/b/c", "123");
  remove("/a/b/c");
  remove("/a/b");
  EXPECT_EQ(stats("/a"), "count=1,bytes=0");
  EXPECT_EQ(stat("/zookeeper/quota/a/zookeeper_stats"), before);
}

TEST_F(QuotaTest, OnlyTheDeepestQuotaIsCharged) {
  create("/a");
  create("/a/b");
  set_quota("/a");
  set_quota("/a/b");
  create("/a/b/c", "123");
  create("/a/d", "1");
  EXPECT_EQ(stats("/a/b"), "count=2,bytes=3");
  EXPECT_EQ(stats("/a"), "count=3,bytes=1");
}

TEST_F(QuotaTest, DeepestIsByComponentNotByPrefix) {
  create("/a");
  set_quota("/a");
  EXPECT_EQ(tree.quota_path("/a"), "/a");
  EXPECT_EQ(tree.quota_path("/a/x/y"), "/a");
  EXPECT_EQ(tree.quota_path("/ab"), "");
  EXPECT_EQ(tree.quota_path("/"), "");
  EXPECT_EQ(tree.quota_path(""), "");
  EXPECT_EQ(tree.quota_path("abc"), "");
}

TEST_F(QuotaTest, DeletingTheLimitsEndsTheQuota) {
  create("/a");
  set_quota("/a");
  remove("/zookeeper/quota/a/zookeeper_limits");
  EXPECT_EQ(tree.quota_path("/a"), "");
  create("/a/b");
  EXPECT_EQ(stats("/a"), "count=1,bytes=0");
}

TEST_F(QuotaTest, MissingStatsAreIgnored) {
  create("/a");
  set_quota("/a");
  remove("/zookeeper/quota/a/zookeeper_stats");
  EXPECT_EQ(create("/a/b"), ErrorCode::kOk);
}

TEST_F(QuotaTest, LimitsDirectlyUnderQuotaMeanNothing) {
  EXPECT_EQ(create("/zookeeper/quota/zookeeper_limits", "count=1"), ErrorCode::kOk);
  EXPECT_EQ(create("/zookeeper/quota/zookeeper_stats", "x"), ErrorCode::kOk);
  EXPECT_EQ(data("/zookeeper/quota/zookeeper_stats"), "x");
  EXPECT_EQ(create("/a"), ErrorCode::kOk);
  EXPECT_EQ(tree.quota_path("/a"), "");
}

TEST_F(QuotaTest, GarbageInStatsIsReplacedByARecount) {
  for (const wire::NullableBytes garbage :
       {wire::NullableBytes("rubbish"), wire::NullableBytes("count=x"), wire::NullableBytes(),
        wire::NullableBytes("count=99999999999999999999"), wire::NullableBytes(";;=")}) {
    Tree fresh;
    tree = std::move(fresh);
    create("/a", "12");
    set_quota("/a");
    tree.set_data("/zookeeper/quota/a/zookeeper_stats", garbage, 1, Zxid(50), 1);
    create("/a/b", "345");
    EXPECT_EQ(stats("/a"), "count=2,bytes=5") << garbage.value_or("<null>");
  }
}

TEST_F(QuotaTest, ExtraKeysInStatsAreKept) {
  create("/a");
  set_quota("/a");
  tree.set_data("/zookeeper/quota/a/zookeeper_stats", "count=1;byteHardLimit=7;bytes=0", 1,
                Zxid(50), 1);
  create("/a/b", "345");
  EXPECT_EQ(stats("/a"), "count=2,bytes=3=;byteHardLimit=7");
}

TEST_F(QuotaTest, LoadingRecounts) {
  tree.begin_load();
  const NodeStat zero;
  for (const std::string_view path :
       {"", "/a", "/a/b", "/zookeeper", "/zookeeper/quota", "/zookeeper/quota/a"}) {
    ASSERT_EQ(tree.load_node(path, "12", kOpenAcl, zero), ErrorCode::kOk);
  }
  tree.load_node("/zookeeper/quota/a/zookeeper_limits", "count=5", kOpenAcl, zero);
  tree.load_node("/zookeeper/quota/a/zookeeper_stats", "count=77,bytes=77", kOpenAcl, zero);
  tree.end_load();
  EXPECT_EQ(stats("/a"), "count=2,bytes=4");
  EXPECT_EQ(tree.quota_path("/a/b"), "/a");
}

// ---- loading

// Found by a fuzzer.
TEST_F(TreeTest, ASnapshotMayUseTheHighestAclKeyThereIs) {
  Tree loaded;
  loaded.begin_load();
  loaded.load_acl(INT64_MAX, kDigestAcl);
  NodeStat stat;
  ASSERT_EQ(loaded.load_node("", "", kOpenAcl, stat), ErrorCode::kOk);
  ASSERT_EQ(loaded.load_node("/a", "", INT64_MAX, stat), ErrorCode::kOk);
  loaded.end_load();
  ASSERT_EQ(loaded.create({.path = "/b", .data = "", .acl = &kReadOnly, .zxid = Zxid(5)}),
            ErrorCode::kOk);
  EXPECT_EQ(*loaded.acl(loaded.acl_key(loaded.find("/a"))), kDigestAcl);
  EXPECT_EQ(*loaded.acl(loaded.acl_key(loaded.find("/b"))), kReadOnly);
}

TEST_F(TreeTest, LoadGivesBackWhatWasSaved) {
  create("/a", "x", 0, &kDigestAcl);
  create("/a/e", std::nullopt, 7);
  create("/a/c", "", kContainerOwner, &kReadOnly);
  create("/a/t", "", ttl_owner(9));
  tree.set_data("/", "root", 3, Zxid(77), 1);

  Tree copy;
  copy.begin_load();
  for (const auto& [key, list] : tree.acl_table()) copy.load_acl(key, *list);
  for (Tree::Walk walk(tree); walk.node() != kNoNode; walk.advance()) {
    std::string path;
    tree.append_path(walk.node(), path);
    ASSERT_EQ(copy.load_node(walk.node() == kRoot ? "" : path, tree.data(walk.node()),
                             tree.acl_key(walk.node()), tree.node_stat(walk.node())),
              ErrorCode::kOk);
  }
  copy.end_load();
  EXPECT_EQ(copy.digest(), tree.digest());
  EXPECT_EQ(copy.node_count(), tree.node_count());
  EXPECT_EQ(copy.approximate_data_size(), tree.approximate_data_size());
  EXPECT_EQ(copy.acl_table().size(), tree.acl_table().size());
  for (const std::string_view path : {"/", "/a", "/a/e", "/a/c", "/a/t", "/zookeeper/config"}) {
    EXPECT_EQ(copy.stat(copy.find(path)), stat(path)) << path;
    EXPECT_EQ(copy.data(copy.find(path)), tree.data(tree.find(path))) << path;
    const auto acl = tree.acl(tree.acl_key(tree.find(path)));
    const auto copied = copy.acl(copy.acl_key(copy.find(path)));
    ASSERT_EQ(acl == nullptr, copied == nullptr) << path;
    EXPECT_TRUE(!acl || *acl == *copied) << path;
  }
  EXPECT_EQ(copy.ephemerals(wire::SessionId(7)).size(), 1u);
  EXPECT_EQ(copy.containers().size(), 1u);
  EXPECT_EQ(copy.ttl_nodes().size(), 1u);
}

TEST_F(TreeTest, LoadRefusesOrphansDuplicatesAndMalformedPaths) {
  const NodeStat zero;
  tree.begin_load();
  EXPECT_EQ(tree.node_count(), 1);
  EXPECT_EQ(tree.load_node("/a/b", "", kOpenAcl, zero), ErrorCode::kNoNode);
  EXPECT_EQ(tree.load_node("/a", "", kOpenAcl, zero), ErrorCode::kOk);
  EXPECT_EQ(tree.load_node("/a", "", kOpenAcl, zero), ErrorCode::kNodeExists);
  EXPECT_EQ(tree.load_node("a", "", kOpenAcl, zero), ErrorCode::kBadArguments);
  EXPECT_EQ(tree.load_node("/a/", "", kOpenAcl, zero), ErrorCode::kBadArguments);
  EXPECT_EQ(tree.load_node("//b", "", kOpenAcl, zero), ErrorCode::kBadArguments);
  tree.end_load();
  EXPECT_EQ(tree.node_count(), 5);
}

TEST_F(TreeTest, AnUnknownAclKeyAdmitsEveryone) {
  tree.begin_load();
  tree.load_acl(3, kDigestAcl);
  tree.load_node("/a", "", 99, {});
  tree.end_load();
  EXPECT_EQ(tree.acl(tree.acl_key(tree.find("/a"))), nullptr);
  EXPECT_EQ(tree.acl(3), nullptr) << "unused lists are dropped";
}

TEST_F(TreeTest, NewAclKeysAreAboveLoadedOnes) {
  tree.begin_load();
  tree.load_acl(41, kDigestAcl);
  tree.load_node("/a", "", 41, {});
  tree.end_load();
  create("/b", "", 0, &kDigestAcl);
  EXPECT_EQ(tree.acl_key(tree.find("/b")), 41);
  const AclList other{{perms::kRead, {"ip", "1.2.3.4"}}};
  create("/c", "", 0, &other);
  EXPECT_GT(tree.acl_key(tree.find("/c")), 41);
}

// ---- walking

TEST_F(TreeTest, WalkVisitsParentsFirst) {
  create("/a");
  create("/a/b");
  std::vector<std::string> seen;
  for (Tree::Walk walk(tree); walk.node() != kNoNode; walk.advance()) {
    seen.emplace_back();
    tree.append_path(walk.node(), seen.back());
  }
  EXPECT_THAT(
      seen, ElementsAre("/", "/a", "/a/b", "/zookeeper", "/zookeeper/config", "/zookeeper/quota"));
}

TEST_F(TreeTest, WalkMovesOnWhenItsZnodeIsRemoved) {
  create("/a");
  create("/b");
  create("/b/c");
  create("/b/c/d");
  Tree::Walk walk(tree);
  walk.advance();
  walk.advance();
  ASSERT_EQ(walk.node(), tree.find("/b/c"));
  remove("/b");
  EXPECT_EQ(walk.node(), tree.find("/a"));
  remove("/a");
  EXPECT_EQ(walk.node(), tree.find("/zookeeper"));
}

TEST_F(TreeTest, WalkEndsWhenTheTreeIsDropped) {
  Tree::Walk walk(tree);
  tree.begin_load();
  EXPECT_EQ(walk.node(), kNoNode);
  walk.advance();
  EXPECT_EQ(walk.node(), kNoNode);
}

TEST_F(TreeTest, WalkOfASubtreeEndsWithIt) {
  for (const char* path : {"/a", "/b", "/b/x", "/b/x/y", "/b/z", "/c"}) create(path);
  const auto rest_of = [this](Tree::Walk& walk) {
    std::vector<std::string> seen;
    for (; walk.node() != kNoNode; walk.advance())
      tree.append_path(walk.node(), seen.emplace_back());
    return seen;
  };
  Tree::Walk all(tree, tree.find("/b"), tree.find("/b"));
  EXPECT_THAT(rest_of(all), ElementsAre("/b", "/b/z", "/b/x", "/b/x/y"));
  Tree::Walk from(tree, tree.find("/b"), tree.find("/b/x"));
  EXPECT_THAT(rest_of(from), ElementsAre("/b/x", "/b/x/y"));
  Tree::Walk over(tree, tree.find("/b"), tree.find("/b/x"));
  over.advance_over();
  EXPECT_EQ(over.node(), kNoNode);

  // Its last znode goes away under it, and then all of it.
  Tree::Walk last(tree, tree.find("/b"), tree.find("/b/x/y"));
  remove("/b/x/y");
  EXPECT_EQ(last.node(), kNoNode);
  Tree::Walk top(tree, tree.find("/b"), tree.find("/b"));
  remove("/b");
  EXPECT_EQ(top.node(), kNoNode);
}

}  // namespace
}  // namespace drover::tree
