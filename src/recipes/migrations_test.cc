// The hash of a migration against the one that Curator computed, and SHA-256 against FIPS 180-4.

#include <drover/recipes/migrations.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "recipes/sha256.h"

namespace drover {
namespace {

template <typename Container>
std::string hex(const Container& bytes) {
  std::string text;
  for (const auto byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return text;
}

TEST(Sha256Test, VectorsOfTheStandard) {
  EXPECT_EQ(hex(recipes::sha256("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(recipes::sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(recipes::sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(recipes::sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(MigrationsTest, HashIsCurators) {
  Migration migration;
  migration.create("/m/a", as_bytes("1"))
      .create("/m/b", as_bytes("x"))
      .set("/m/a", as_bytes("22"))
      .check("/m/a", 1)
      .remove("/m/b");
  EXPECT_EQ(hex(migration_hash(migration)),
            "e84035e6c4fd6c285818f94541745d7139eb8ac1f7e995eb3f6f882cff431949");
}

TEST(MigrationsTest, EveryPartCounts) {
  Migration one;
  one.create("/a", as_bytes("1"));
  Migration other_mode;
  other_mode.create("/a", as_bytes("1"), {.mode = CreateMode::kEphemeral});
  Migration other_data;
  other_data.create("/a", as_bytes("2"));
  EXPECT_NE(migration_hash(one), migration_hash(other_mode));
  EXPECT_NE(migration_hash(one), migration_hash(other_data));
}

}  // namespace
}  // namespace drover
