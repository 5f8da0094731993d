// Goal: the index finds exactly what was put in, while it grows as well, and with colliding hashes.
// Method: a map as the model; hashes drawn from ranges narrow enough to collide and to wrap around.

#include "tree/path_index.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/prng.h"
#include "tree/path_hash.h"

namespace drover::tree {
namespace {

std::uint32_t find_id(const PathIndex& index, std::uint32_t hash, std::uint32_t id) {
  return index.find(hash, [id](std::uint32_t candidate) { return candidate == id; });
}

TEST(PathIndexTest, EmptyHasNothing) {
  const PathIndex index;
  EXPECT_EQ(index.find(7, [](std::uint32_t) { return true; }), PathIndex::kNone);
}

TEST(PathIndexTest, AsksOnlyAboutEqualHashes) {
  PathIndex index;
  index.insert(1, 10);
  index.insert(2, 20);
  EXPECT_EQ(index.find(2, [](std::uint32_t) { return true; }), 20u);
  EXPECT_EQ(index.find(3, [](std::uint32_t) { return true; }), PathIndex::kNone);
}

TEST(PathIndexTest, EqualsAMapUnderRandomUse) {
  // Shift 0: hashes spread over all slots. 31: all in the first or the last one, so runs wrap
  // around.
  for (const std::uint32_t mode : {0u, 1u, 2u}) {
    base::Prng prng(mode + 1);
    PathIndex index;
    std::map<std::uint32_t, std::uint32_t> model;  // id to hash
    for (int step = 0; step < 200000; ++step) {
      const auto id = static_cast<std::uint32_t>(1 + prng.below(20000));
      const auto known = model.find(id);
      if (known == model.end()) {
        auto hash = static_cast<std::uint32_t>(prng.next());
        if (mode == 1) hash |= 0xfffff000u;
        if (mode == 2) hash = (hash & 0xffu) << 20;
        // One run of thousands would only be slow: keep the narrow ranges small.
        if (mode != 0 && model.size() > 300) continue;
        index.insert(hash, id);
        model[id] = hash;
      } else if (prng.chance(1, 3)) {
        index.erase(known->second, id);
        ASSERT_EQ(find_id(index, known->second, id), PathIndex::kNone);
        model.erase(known);
      } else {
        ASSERT_EQ(find_id(index, known->second, id), id);
      }
      ASSERT_EQ(index.size(), model.size());
    }
    for (const auto& [id, hash] : model) ASSERT_EQ(find_id(index, hash, id), id);
  }
}

TEST(PathIndexTest, FindsAllAtEveryStepOfGrowing) {
  PathIndex index;
  for (std::uint32_t id = 1; id <= 3000; ++id) {
    index.insert(id * 0x9e3779b9u, id);
    for (std::uint32_t other = 1; other <= id; other += 17) {
      ASSERT_EQ(find_id(index, other * 0x9e3779b9u, other), other);
    }
  }
  EXPECT_LE(index.memory_bytes(), 8u * 3 * 4096);
  // Large enough for several segments, some not there yet, some gone already.
  for (std::uint32_t id = 3001; id <= 100000; ++id) {
    index.insert(id * 0x9e3779b9u, id);
    if (id % 997 != 0) continue;
    for (std::uint32_t other = 1; other <= id; other += 61) {
      ASSERT_EQ(find_id(index, other * 0x9e3779b9u, other), other);
    }
  }
  for (std::uint32_t id = 1; id <= 100000; id += 2) index.erase(id * 0x9e3779b9u, id);
  for (std::uint32_t id = 1; id <= 100000; ++id) {
    ASSERT_EQ(find_id(index, id * 0x9e3779b9u, id), id % 2 == 0 ? id : PathIndex::kNone);
  }
  EXPECT_EQ(index.size(), 50000u);
  index.clear();
  EXPECT_EQ(index.size(), 0u);
  EXPECT_EQ(find_id(index, 0x9e3779b9u, 1), PathIndex::kNone);
}

// The last slots are full when growing gets to them, and their runs go around the end.
TEST(PathIndexTest, AMissEndsEvenWhereNoSlotIsEmpty) {
  PathIndex index;
  for (std::uint32_t id = 1; id <= 1500; ++id) {  // all in one run: time is quadratic
    const std::uint32_t hash = 0xc0000000u | (id * 0x9e3779b9u) >> 2;
    index.insert(hash, id);
    ASSERT_EQ(index.find(hash, [](std::uint32_t) { return false; }), PathIndex::kNone);
    ASSERT_EQ(index.find(0xffffffffu, [](std::uint32_t) { return false; }), PathIndex::kNone);
    ASSERT_EQ(find_id(index, hash, id), id);
  }
}

TEST(PathHashTest, TellsNeighboursApart) {
  std::set<std::uint32_t> hashes;
  int paths = 0;
  for (int i = 0; i < 100000; ++i, ++paths)
    hashes.insert(path_hash("/app/item-" + std::to_string(i)));
  EXPECT_GE(static_cast<int>(hashes.size()), paths - 5)
      << "about one collision is expected by chance";
  EXPECT_NE(path_hash("/a"), path_hash(std::string_view("/a\0", 3)));
}

TEST(PathHashTest, SpreadsOverTheTopBits) {
  std::vector<int> buckets(256);
  for (int i = 0; i < 256 * 100; ++i) ++buckets[path_hash("/n/" + std::to_string(i)) >> 24];
  for (const int count : buckets) {
    EXPECT_GT(count, 40);
    EXPECT_LT(count, 180);
  }
}

}  // namespace
}  // namespace drover::tree
