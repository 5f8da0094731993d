// Services registered by one client and found by others, through lost sessions and restarts.

#include <drover/recipes/service_discovery.h>
#include <gmock/gmock.h>

#include <atomic>
#include <set>

#include "recipes/cutting_proxy.h"
#include "recipes/fixture.h"

namespace drover::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

ServiceInstance instance(std::string name, std::string id,
                         ServiceType type = ServiceType::kDynamic) {
  return {.name = std::move(name), .id = std::move(id), .port = 80, .type = type};
}

class ServiceDiscoveryTest : public RecipeTest {
 protected:
  Client other_ = client();
};

TEST_F(ServiceDiscoveryTest, ZnodesAreCurators) {
  Client client = this->client();
  ServiceDiscovery discovery(client, path());
  ASSERT_TRUE(ok(discovery.register_service(instance("web", "a"), block)));
  ASSERT_TRUE(ok(discovery.register_service(instance("web", "s", ServiceType::kStatic), block)));
  ASSERT_TRUE(
      ok(discovery.register_service(instance("db", "n", ServiceType::kDynamicSequential), block)));
  EXPECT_THAT(children(other_, path()), ElementsAre("db", "web"));
  EXPECT_THAT(children(other_, path() + "/web"), ElementsAre("a", "s"));
  EXPECT_THAT(children(other_, path() + "/db"), ElementsAre("n0000000000"));
  const auto node = other_.get(path() + "/web/a", {}, block);
  ASSERT_TRUE(ok(node));
  EXPECT_EQ(as_text(node->data), to_json(instance("web", "a")));
  EXPECT_EQ(node->stat.ephemeral_owner, client.session_id());
  EXPECT_EQ(other_.get(path() + "/web/s", {}, block)->stat.ephemeral_owner, 0);

  ASSERT_TRUE(ok(discovery.close(block)));
  EXPECT_THAT(children(other_, path() + "/web"), IsEmpty());
  EXPECT_THAT(children(other_, path() + "/db"), IsEmpty());
}

TEST_F(ServiceDiscoveryTest, FindsUpdatesAndRemoves) {
  ServiceDiscovery discovery(client(), path());
  ServiceDiscovery reader(other_, path());
  EXPECT_THAT(reader.names(block), Optional(IsEmpty()));
  EXPECT_THAT(reader.instances("web", block), Optional(IsEmpty()));
  ServiceInstance web = instance("web", "a");
  ASSERT_TRUE(ok(discovery.register_service(web, block)));
  ASSERT_TRUE(ok(discovery.register_service(web, block)));  // replaces itself
  ASSERT_TRUE(ok(other_.create(path() + "/web/stranger", as_bytes("no JSON"), {}, block)));
  EXPECT_THAT(reader.names(block), Optional(ElementsAre("web")));
  EXPECT_THAT(reader.instances("web", block), Optional(ElementsAre(web)));
  EXPECT_EQ(code_of(reader.instance("web", "stranger", block)), ErrorCode::kCorruptPayload);

  web.payload = R"({"@class":"com.acme.Load","v":1.50})";
  ASSERT_TRUE(ok(discovery.update_service(web, block)));
  EXPECT_THAT(reader.instance("web", "a", block), Optional(Optional(web)));
  EXPECT_EQ(code_of(discovery.update_service(instance("web", "x"), block)), ErrorCode::kNoNode);
  ASSERT_TRUE(ok(discovery.unregister_service("web", "a", block)));
  EXPECT_THAT(reader.instance("web", "a", block), Optional(std::optional<ServiceInstance>()));
}

TEST_F(ServiceDiscoveryTest, RefusesWhatCannotBeRegistered) {
  ServiceDiscovery discovery(other_, path());
  ServiceInstance bad = instance("web", "a");
  bad.payload = "{";
  EXPECT_EQ(code_of(discovery.register_service(bad, block)), ErrorCode::kBadArguments);
  EXPECT_EQ(code_of(discovery.register_service(instance("", "a"), block)),
            ErrorCode::kBadArguments);
  EXPECT_EQ(code_of(discovery.register_service(instance("w", "a/b"), block)),
            ErrorCode::kBadArguments);
  EXPECT_THAT(children(other_, path()), IsEmpty());
}

TEST_F(ServiceDiscoveryTest, ComesBackAfterItsSessionIsLost) {
  CuttingProxy proxy(shared_server().port());
  Client client = fragile_client(proxy);
  ServiceDiscovery discovery(client, path());
  ASSERT_TRUE(ok(discovery.register_service(instance("web", "a"), block)));
  ASSERT_TRUE(
      ok(discovery.register_service(instance("web", "n", ServiceType::kDynamicSequential), block)));
  // As if an operator had removed one: it is made again after the next reconnection.
  ASSERT_TRUE(ok(other_.remove(path() + "/web/a", {}, block)));
  proxy.cut();
  EXPECT_TRUE(eventually([&] {
    const auto found = other_.exists(path() + "/web/a", block);
    return found && *found && (*found)->ephemeral_owner == client.session_id();
  }));
  // The sequential one survived, or was made anew in a new session; it is not doubled.
  EXPECT_TRUE(eventually([&] {
    const auto names = children(other_, path() + "/web");
    return names.size() == 2 && names[0] == "a" && names[1].starts_with("n");
  }));
}

TEST_F(ServiceDiscoveryTest, ProvidersChooseAmongTheLiving) {
  ServiceDiscovery discovery(client(), path());
  for (const char* id : {"a", "b", "c"}) {
    ASSERT_TRUE(ok(discovery.register_service(instance("web", id), block)));
  }
  ServiceProvider robin(other_, path(), "web", {.down_period = std::chrono::milliseconds(500)});
  EXPECT_EQ(robin.get_instance(), std::nullopt);
  ASSERT_TRUE(ok(robin.start(block)));
  std::multiset<std::string> chosen;
  for (int i = 0; i < 6; ++i) chosen.insert(robin.get_instance()->id);
  EXPECT_THAT(chosen, ElementsAre("a", "a", "b", "b", "c", "c"));

  robin.note_error(instance("web", "b"));
  EXPECT_THAT(robin.all_instances(), SizeIs(3));
  robin.note_error(instance("web", "b"));
  EXPECT_THAT(robin.all_instances(), SizeIs(2));
  EXPECT_TRUE(eventually([&] { return robin.all_instances().size() == 3; }));

  ServiceProvider sticky(other_, path(), "web", {.strategy = ProviderStrategy::kSticky});
  ASSERT_TRUE(ok(sticky.start(block)));
  const std::string first = sticky.get_instance()->id;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(sticky.get_instance()->id, first);
  ASSERT_TRUE(ok(discovery.unregister_service("web", first, block)));
  EXPECT_TRUE(eventually([&] { return sticky.get_instance()->id != first; }));

  const auto none = [](const ServiceInstance&) { return false; };
  ServiceProvider filtered(other_, path(), "web", {.filter = none});
  ASSERT_TRUE(ok(filtered.start(block)));
  EXPECT_EQ(filtered.get_instance(), std::nullopt);
}

TEST_F(ServiceDiscoveryTest, ACacheTellsOfChanges) {
  ServiceDiscovery discovery(client(), path());
  ServiceCache cache(other_, path(), "web");
  std::atomic<int> changes = 0;
  const auto subscription = cache.on_change([&changes] { ++changes; });
  ASSERT_TRUE(ok(cache.start(block)));
  ASSERT_TRUE(ok(discovery.register_service(instance("web", "a"), block)));
  EXPECT_TRUE(eventually([&] { return cache.instances().size() == 1 && changes > 0; }));
  ASSERT_TRUE(ok(discovery.close(block)));
  EXPECT_TRUE(eventually([&] { return cache.instances().empty(); }));
}

}  // namespace
}  // namespace drover::test
