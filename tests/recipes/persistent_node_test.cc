// Goal: the znode comes back, whatever takes it away, and only as asked for. Method: it is removed
// by hand, by expiry, by a restart of the server.

#include <drover/recipes/group_member.h>
#include <drover/recipes/persistent_node.h>

#include "recipes/fixture.h"

namespace drover::test {
namespace {

using std::chrono::milliseconds;
using PersistentNodeTest = RecipeTest;
using GroupMemberTest = RecipeTest;

std::string text_at(Client& client, const std::string& path) {
  const auto node = client.get(path, {}, block);
  return node ? std::string(as_text(node->data)) : "none";
}

TEST_F(PersistentNodeTest, ComesBackWithItsData) {
  Client c = client();
  PersistentNode node(c, path() + "/deep/node", CreateMode::kEphemeral, to_bytes("one"));
  ASSERT_TRUE(ok(node.start()));
  EXPECT_EQ(*node.wait_created(kPatience, block), path() + "/deep/node");
  ASSERT_TRUE(ok(c.remove(node.path(), {}, block)));
  EXPECT_TRUE(eventually([&] { return text_at(c, node.path()) == "one"; }));
  ASSERT_TRUE(ok(node.set(to_bytes("two"), block)));
  EXPECT_EQ(text_at(c, node.path()), "two");
  ASSERT_TRUE(ok(c.remove(node.path(), {}, block)));
  EXPECT_TRUE(eventually([&] { return text_at(c, node.path()) == "two"; }));
  // What others write stays.
  ASSERT_TRUE(ok(c.set(node.path(), as_bytes("theirs"), {}, block)));
  ASSERT_TRUE(ok(node.close(block)));
  EXPECT_FALSE(c.exists(path() + "/deep/node", block)->has_value());
}

TEST_F(PersistentNodeTest, DataGivenBeforeTheFirstCreationIsWritten) {
  Client c = client();
  PersistentNode node(c, path(), CreateMode::kPersistent, to_bytes("one"));
  ASSERT_TRUE(ok(node.start()));
  ASSERT_TRUE(ok(node.set(to_bytes("two"), block)));
  EXPECT_TRUE(eventually([&] { return text_at(c, path()) == "two"; }));
}

TEST_F(PersistentNodeTest, SequentialOnesKeepTheirName) {
  Client c = client();
  for (const bool protect : {false, true}) {
    PersistentNode node(c, path() + "/n-", CreateMode::kEphemeralSequential, to_bytes("x"),
                        {.protect = protect});
    ASSERT_TRUE(ok(node.start()));
    const auto created = node.wait_created(kPatience, block);
    ASSERT_TRUE(ok(created));
    EXPECT_EQ(created->find("/_c_") != std::string::npos, protect);
    ASSERT_TRUE(ok(c.remove(*created, {}, block)));
    EXPECT_TRUE(eventually([&] { return text_at(c, *created) == "x"; }));
    EXPECT_EQ(children(c, path()).size(), 1U);
    ASSERT_TRUE(ok(node.close(block)));
  }
}

TEST_F(PersistentNodeTest, ExistingOneIsAdopted) {
  Client other = client();
  ASSERT_TRUE(ok(other.create(path(), as_bytes("old"), {.mode = CreateMode::kEphemeral}, block)));
  Client c = client();
  PersistentNode node(c, path(), CreateMode::kEphemeral, to_bytes("new"));
  ASSERT_TRUE(ok(node.start()));
  EXPECT_EQ(*node.wait_created(kPatience, block), path());
  EXPECT_EQ(text_at(c, path()), "new");
  // The trap: it is still the other session's, and goes with that; then it comes back as our own.
  static_cast<void>(other.close(block));
  EXPECT_TRUE(eventually([&] {
    const auto stat = c.exists(path(), block);
    return stat && *stat && (*stat)->ephemeral_owner == c.session_id();
  }));
}

TEST_F(PersistentNodeTest, ExpiryAndRestart) {
  ServerProcess server;
  CuttingProxy proxy(server.port());
  Client c = fragile_client(proxy);
  Client other = connect(server.address());
  PersistentNode node(c, path(), CreateMode::kEphemeral, to_bytes("x"));
  ASSERT_TRUE(ok(node.start()));
  ASSERT_TRUE(ok(node.wait_created(kPatience, block)));
  const auto session = c.session_id();
  proxy.shut();
  ASSERT_TRUE(eventually([&] { return text_at(other, path()) == "none"; }));
  proxy.open();
  EXPECT_TRUE(eventually([&] { return text_at(other, path()) == "x"; }));
  EXPECT_NE(c.session_id(), session);
  server.kill();
  server.start();
  EXPECT_TRUE(eventually([&] { return text_at(other, path()) == "x"; }));
}

TEST_F(PersistentNodeTest, GivesUpWhereItMayNot) {
  Client c = client();
  const AclList read_only(1, Acl{.perms = perms::kRead, .id = {.scheme = "world", .id = "anyone"}});
  ASSERT_TRUE(ok(c.create(path(), {.acls = read_only}, block)));
  PersistentNode denied(c, path() + "/x", CreateMode::kEphemeral, {});
  ASSERT_TRUE(ok(denied.start()));
  EXPECT_EQ(code_of(denied.wait_created(kPatience, block)), ErrorCode::kNoAuth);
  PersistentNode orphan(c, path() + ".missing/x", CreateMode::kEphemeral, {},
                        {.container_parents = false});
  ASSERT_TRUE(ok(orphan.start()));
  EXPECT_EQ(code_of(orphan.wait_created(kPatience, block)), ErrorCode::kNoNode);
}

TEST_F(PersistentNodeTest, DroppedOneGoes) {
  Client c = client();
  {
    PersistentNode node(c, path(), CreateMode::kPersistent, {});
    ASSERT_TRUE(ok(node.start()));
    ASSERT_TRUE(ok(node.wait_created(kPatience, block)));
  }
  EXPECT_TRUE(eventually([&] { return !c.exists(path(), block)->has_value(); }));
}

// --- with a TTL

class PersistentTtlNodeTest : public RecipeTest {
 protected:
  static constexpr milliseconds kTtl{1000};
  static constexpr const char* kSettings =
      "extendedTypesEnabled=true\nznode.container.checkIntervalMs=100\n";

  // How often it was touched.
  [[nodiscard]] static int touches(Client& client, const std::string& path) {
    const auto node = client.get(path + "/touch", {}, block);
    return node ? node->stat.version : -1;
  }
  [[nodiscard]] static bool is_there(Client& client, const std::string& path) {
    return client.exists(path, block)->has_value();
  }
};

TEST_F(PersistentTtlNodeTest, StaysWhileItIsTouchedAndGoesWithItsOwner) {
  ServerProcess server(kSettings);
  Client c = connect(server.address());
  {
    Client owner = connect(server.address());
    PersistentTtlNode node(owner, "/deep/node", kTtl, to_bytes("data"));
    ASSERT_TRUE(ok(node.start()));
    EXPECT_EQ(*node.wait_created(kPatience, block), "/deep/node");
    EXPECT_TRUE(eventually([&] { return touches(c, "/deep/node") >= 5; }));  // over two TTLs
    EXPECT_EQ(text_at(c, "/deep/node"), "data");
    // Whoever removes both finds them again.
    ASSERT_TRUE(ok(c.remove("/deep/node", {.recursive = true}, block)));
    EXPECT_TRUE(eventually([&] { return text_at(c, "/deep/node") == "data"; }));
    EXPECT_TRUE(eventually([&] { return touches(c, "/deep/node") >= 0; }));
    ASSERT_TRUE(ok(node.close(block)));
    EXPECT_TRUE(is_there(c, "/deep/node"));
  }
  EXPECT_TRUE(eventually([&] { return !is_there(c, "/deep/node"); }));
}

TEST_F(PersistentTtlNodeTest, ServersWithoutExtendedTypesRefuseIt) {
  Client c = client();
  PersistentTtlNode node(c, path(), kTtl, to_bytes("data"));
  ASSERT_TRUE(ok(node.start()));
  EXPECT_EQ(code_of(node.wait_created(kPatience, block)), ErrorCode::kUnimplemented);
}

TEST_F(GroupMemberTest, AllSeeAll) {
  Client a = client();
  Client b = client();
  GroupMember one(a, path(), "one", to_bytes("1"));
  GroupMember two(b, path(), "two", to_bytes("2"));
  ASSERT_TRUE(ok(one.start(block)));
  ASSERT_TRUE(ok(two.start(block)));
  const std::map<std::string, Bytes> both{{"one", to_bytes("1")}, {"two", to_bytes("2")}};
  EXPECT_TRUE(eventually([&] { return one.members() == both && two.members() == both; }));
  ASSERT_TRUE(ok(two.set_payload(to_bytes("zwei"), block)));
  EXPECT_TRUE(eventually([&] { return one.members()["two"] == to_bytes("zwei"); }));
  ASSERT_TRUE(ok(two.close(block)));
  EXPECT_TRUE(eventually([&] { return one.members().size() == 1; }));
  EXPECT_TRUE(one.members().contains("one"));
}

TEST_F(GroupMemberTest, OwnMemberIsAlwaysThere) {
  GroupMember alone(client(), path(), "me", to_bytes("x"));
  EXPECT_EQ(alone.members(), (std::map<std::string, Bytes>{{"me", to_bytes("x")}}));
}

TEST_F(GroupMemberTest, ExpiredMemberComesBack) {
  CuttingProxy proxy(shared_server().port());
  GroupMember fragile(fragile_client(proxy), path(), "fragile");
  GroupMember stable(client(), path(), "stable");
  ASSERT_TRUE(ok(fragile.start(block)));
  ASSERT_TRUE(ok(stable.start(block)));
  ASSERT_TRUE(eventually([&] { return stable.members().size() == 2; }));
  proxy.shut();
  ASSERT_TRUE(eventually([&] { return stable.members().size() == 1; }));
  proxy.open();
  EXPECT_TRUE(eventually([&] { return stable.members().size() == 2; }));
}

}  // namespace
}  // namespace drover::test
