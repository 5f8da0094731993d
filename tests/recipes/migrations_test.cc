// Migrations on a real server: once each, in order, all or none.

#include <drover/recipes/migrations.h>
#include <gmock/gmock.h>

#include <boost/asio/use_future.hpp>
#include <future>

#include "recipes/fixture.h"

namespace drover::test {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;
using ::testing::SizeIs;

class MigrationsTest : public RecipeTest {
 protected:
  Migration creates(const std::string& name) {
    Migration migration;
    migration.create(path() + name, as_bytes("1"));
    return migration;
  }

  Client client_ = client();
  Migrations migrations_{client_, path() + ".locks", path() + ".meta"};
  Migration first_ = creates("");
  Migration second_ = creates("/a");
};

TEST_F(MigrationsTest, AppliesWhatIsMissing) {
  EXPECT_THAT(migrations_.migrate("set", {first_}, kForever, block), Optional(1));
  EXPECT_THAT(migrations_.migrate("set", {first_}, kForever, block), Optional(0));
  EXPECT_THAT(migrations_.migrate("set", {first_, second_}, kForever, block), Optional(1));
  EXPECT_THAT(children(client_, path()), ElementsAre("a"));
  EXPECT_THAT(children(client_, path() + ".meta/set"),
              ElementsAre("meta-0000000000", "meta-0000000001"));
  const auto record = client_.get(path() + ".meta/set/meta-0000000001", {}, block);
  ASSERT_TRUE(ok(record));
  EXPECT_EQ(record->data, migration_hash(second_));
}

TEST_F(MigrationsTest, RefusesAnotherHistory) {
  ASSERT_TRUE(ok(migrations_.migrate("set", {first_, second_}, kForever, block)));
  EXPECT_EQ(code_of(migrations_.migrate("set", {first_}, kForever, block)),
            ErrorCode::kDataInconsistency);
  EXPECT_EQ(code_of(migrations_.migrate("set", {first_, creates("/b")}, kForever, block)),
            ErrorCode::kDataInconsistency);
  EXPECT_THAT(children(client_, path()), ElementsAre("a"));
}

TEST_F(MigrationsTest, AllOrNone) {
  EXPECT_EQ(code_of(migrations_.migrate("set", {first_, creates("/none/a")}, kForever, block)),
            ErrorCode::kNoNode);
  EXPECT_THAT(client_.exists(path(), block), Optional(std::optional<Stat>()));
  EXPECT_THAT(children(client_, path() + ".meta/set"), SizeIs(0));
}

TEST_F(MigrationsTest, OnceAmongSeveral) {
  std::vector<std::future<Result<int>>> runs;
  for (int i = 0; i < 4; ++i) {
    Migrations other(client(), path() + ".locks", path() + ".meta");
    runs.push_back(other.migrate("set", {first_, second_}, kForever, boost::asio::use_future));
  }
  int applied = 0;
  for (auto& run : runs) {
    const auto count = run.get();
    ASSERT_TRUE(ok(count));
    applied += *count;
  }
  EXPECT_EQ(applied, 2);
}

}  // namespace
}  // namespace drover::test
