// Goal: section 9 of the protocol, as far as it is a matter of paths, watchers and modes.
// Method: each rule by name, then a random run against a model that is too simple to be wrong.

#include "watch/watch_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/prng.h"

namespace drover::watch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

std::vector<WatcherId> fire(WatchTable& table, Registry registry, std::string_view path) {
  std::vector<WatcherId> out;
  table.fire(registry, path, out);
  return out;
}

TEST(WatchTableTest, AnEmptyTableFiresNothing) {
  WatchTable table;
  EXPECT_TRUE(table.empty());
  EXPECT_THAT(fire(table, Registry::kData, "/a"), IsEmpty());
}

TEST(WatchTableTest, AStandardWatchFiresOnceAndIsGone) {
  WatchTable table;
  table.add(Registry::kData, "/a", 7, Mode::kStandard);
  EXPECT_FALSE(table.empty());
  EXPECT_THAT(fire(table, Registry::kData, "/b"), IsEmpty());
  EXPECT_THAT(fire(table, Registry::kData, "/a"), ElementsAre(7));
  EXPECT_THAT(fire(table, Registry::kData, "/a"), IsEmpty());
  EXPECT_TRUE(table.empty());
}

TEST(WatchTableTest, TheSameStandardWatchTwiceIsOneWatch) {
  WatchTable table;
  table.add(Registry::kData, "/a", 7, Mode::kStandard);
  table.add(Registry::kData, "/a", 7, Mode::kStandard);
  EXPECT_EQ(table.watch_count(), 1u);
  EXPECT_THAT(fire(table, Registry::kData, "/a"), ElementsAre(7));
  EXPECT_THAT(fire(table, Registry::kData, "/a"), IsEmpty());
}

TEST(WatchTableTest, RegistriesAreSeparate) {
  WatchTable table;
  table.add(Registry::kData, "/a", 1, Mode::kStandard);
  table.add(Registry::kChildren, "/a", 2, Mode::kStandard);
  EXPECT_EQ(table.watch_count(), 2u);
  EXPECT_THAT(fire(table, Registry::kChildren, "/a"), ElementsAre(2));
  EXPECT_THAT(fire(table, Registry::kData, "/a"), ElementsAre(1));
}

TEST(WatchTableTest, APersistentWatchStays) {
  WatchTable table;
  table.add(Registry::kData, "/a", 1, Mode::kPersistent);
  EXPECT_THAT(fire(table, Registry::kData, "/a"), ElementsAre(1));
  EXPECT_THAT(fire(table, Registry::kData, "/a"), ElementsAre(1));
}

TEST(WatchTableTest, ModesOfOneWatcherCoexistAndYieldOneEvent) {
  WatchTable table;
  table.add(Registry::kData, "/a", 1, Mode::kStandard);
  table.add(Registry::kData, "/a", 1, Mode::kPersistent);
  table.add(Registry::kData, "/a", 1, Mode::kRecursive);
  table.add(Registry::kData, "/", 1, Mode::kRecursive);
  EXPECT_THAT(fire(table, Registry::kData, "/a"), ElementsAre(1));
  EXPECT_FALSE(table.contains("/a", 1, WatcherType::kData)) << "the standard one is consumed";
  EXPECT_TRUE(table.contains("/a", 1, WatcherType::kPersistent));
  EXPECT_TRUE(table.contains("/a", 1, WatcherType::kPersistentRecursive));
}

TEST(WatchTableTest, ARecursiveWatchHearsOfItselfAndOfEveryDescendant) {
  WatchTable table;
  table.add(Registry::kData, "/a", 1, Mode::kRecursive);
  EXPECT_THAT(fire(table, Registry::kData, "/a"), ElementsAre(1));
  EXPECT_THAT(fire(table, Registry::kData, "/a/b"), ElementsAre(1));
  EXPECT_THAT(fire(table, Registry::kData, "/a/b/c"), ElementsAre(1));
  EXPECT_THAT(fire(table, Registry::kData, "/ab"), IsEmpty()) << "a sibling with the same prefix";
  EXPECT_THAT(fire(table, Registry::kData, "/"), IsEmpty());
  EXPECT_THAT(fire(table, Registry::kChildren, "/a"), IsEmpty());
  EXPECT_THAT(fire(table, Registry::kChildren, "/a/b"), IsEmpty());
}

TEST(WatchTableTest, ARecursiveWatchOnTheRootHearsOfAll) {
  WatchTable table;
  table.add(Registry::kData, "/", 1, Mode::kRecursive);
  EXPECT_THAT(fire(table, Registry::kData, "/"), ElementsAre(1));
  EXPECT_THAT(fire(table, Registry::kData, "/a"), ElementsAre(1));
  EXPECT_THAT(fire(table, Registry::kData, "/a/b"), ElementsAre(1));
}

TEST(WatchTableTest, OnlyRecursiveModesMatchAnAncestor) {
  WatchTable table;
  table.add(Registry::kData, "/a", 1, Mode::kPersistent);
  table.add(Registry::kData, "/a", 2, Mode::kStandard);
  table.add(Registry::kData, "/a", 3, Mode::kRecursive);
  EXPECT_THAT(fire(table, Registry::kData, "/a/b"), ElementsAre(3));
  EXPECT_THAT(fire(table, Registry::kData, "/a"), ElementsAre(1, 2, 3));
}

TEST(WatchTableTest, FireAppendsAscendingAndLeavesWhatWasThere) {
  WatchTable table;
  for (const WatcherId id : {5, 3, 9, 1}) table.add(Registry::kChildren, "/", id, Mode::kStandard);
  std::vector<WatcherId> out = {100};
  table.fire(Registry::kChildren, "/", out);
  EXPECT_THAT(out, ElementsAre(100, 1, 3, 5, 9));
}

TEST(WatchTableTest, CheckAndRemoveByType) {
  const auto fill = [](WatchTable& table) {
    table.add(Registry::kData, "/a", 1, Mode::kStandard);
    table.add(Registry::kChildren, "/a", 1, Mode::kStandard);
    table.add(Registry::kData, "/a", 1, Mode::kPersistent);
    table.add(Registry::kChildren, "/a", 1, Mode::kPersistent);
    table.add(Registry::kData, "/a", 1, Mode::kRecursive);
  };
  constexpr WatcherType kTypes[] = {WatcherType::kChildren, WatcherType::kData,
                                    WatcherType::kPersistent, WatcherType::kPersistentRecursive};
  for (const WatcherType removed : kTypes) {
    WatchTable table;
    fill(table);
    EXPECT_FALSE(table.remove("/a", 2, removed)) << "another watcher";
    EXPECT_FALSE(table.remove("/b", 1, removed)) << "another path";
    EXPECT_TRUE(table.remove("/a", 1, removed));
    EXPECT_FALSE(table.remove("/a", 1, removed));
    for (const WatcherType type : kTypes) {
      EXPECT_EQ(table.contains("/a", 1, type), type != removed);
    }
    EXPECT_TRUE(table.contains("/a", 1, WatcherType::kAny));
  }
  WatchTable table;
  fill(table);
  EXPECT_TRUE(table.remove("/a", 1, WatcherType::kAny));
  EXPECT_TRUE(table.empty());
  EXPECT_FALSE(table.contains("/a", 1, WatcherType::kAny));
}

TEST(WatchTableTest, RemovingAPersistentWatchEndsItInBothRegistries) {
  WatchTable table;
  table.add(Registry::kData, "/a", 1, Mode::kPersistent);
  table.add(Registry::kChildren, "/a", 1, Mode::kPersistent);
  EXPECT_TRUE(table.remove("/a", 1, WatcherType::kPersistent));
  EXPECT_THAT(fire(table, Registry::kChildren, "/a"), IsEmpty());
  EXPECT_TRUE(table.empty());
}

TEST(WatchTableTest, AWatcherThatGoesTakesAllItsWatches) {
  WatchTable table;
  table.add(Registry::kData, "/a", 1, Mode::kRecursive);
  table.add(Registry::kData, "/b", 1, Mode::kStandard);
  table.add(Registry::kChildren, "/b", 2, Mode::kStandard);
  table.remove_watcher(1);
  table.remove_watcher(3);
  EXPECT_EQ(table.watch_count(), 1u);
  EXPECT_THAT(fire(table, Registry::kData, "/a/b"), IsEmpty());
  EXPECT_THAT(fire(table, Registry::kChildren, "/b"), ElementsAre(2));
}

TEST(WatchTableTest, DataWatchesAreListedByPathThenWatcher) {
  WatchTable table;
  table.add(Registry::kData, "/b", 2, Mode::kStandard);
  table.add(Registry::kData, "/b", 1, Mode::kRecursive);
  table.add(Registry::kData, "/a", 3, Mode::kPersistent);
  table.add(Registry::kChildren, "/c", 1, Mode::kStandard);
  EXPECT_THAT(table.data_watches(), ElementsAre(Pair("/a", 3), Pair("/b", 1), Pair("/b", 2)));
}

TEST(WatchTableTest, PathsAreOpaqueText) {
  WatchTable table;
  for (const std::string_view odd : {std::string_view(""), std::string_view("no-slash"),
                                     std::string_view("/a/"), std::string_view("/\0x", 3)}) {
    table.add(Registry::kData, odd, 1, Mode::kStandard);
    EXPECT_TRUE(table.contains(odd, 1, WatcherType::kData));
    EXPECT_THAT(fire(table, Registry::kData, odd), ElementsAre(1));
  }
}

// ---- oracle: one map from (registry, path, watcher) to modes, searched from end to end each time.
class Model {
 public:
  void add(Registry registry, const std::string& path, WatcherId id, Mode mode) {
    entries_[{registry, path, id}].insert(mode);
  }
  bool has(Registry registry, const std::string& path, WatcherId id, Mode mode) const {
    const auto found = entries_.find({registry, path, id});
    return found != entries_.end() && found->second.contains(mode);
  }
  bool contains(const std::string& path, WatcherId id, WatcherType type) const {
    switch (type) {
      case WatcherType::kChildren:
        return has(Registry::kChildren, path, id, Mode::kStandard);
      case WatcherType::kData:
        return has(Registry::kData, path, id, Mode::kStandard);
      case WatcherType::kAny:
        return entries_.contains({Registry::kData, path, id}) ||
               entries_.contains({Registry::kChildren, path, id});
      case WatcherType::kPersistent:
        return has(Registry::kData, path, id, Mode::kPersistent);
      case WatcherType::kPersistentRecursive:
        return has(Registry::kData, path, id, Mode::kRecursive);
    }
    return false;
  }
  void erase(Registry registry, const std::string& path, WatcherId id, Mode mode) {
    const auto found = entries_.find({registry, path, id});
    if (found == entries_.end()) return;
    found->second.erase(mode);
    if (found->second.empty()) entries_.erase(found);
  }
  bool remove(const std::string& path, WatcherId id, WatcherType type) {
    if (!contains(path, id, type)) return false;
    const bool any = type == WatcherType::kAny;
    if (any || type == WatcherType::kChildren) {
      erase(Registry::kChildren, path, id, Mode::kStandard);
    }
    if (any || type == WatcherType::kData) erase(Registry::kData, path, id, Mode::kStandard);
    if (any || type == WatcherType::kPersistent) {
      erase(Registry::kData, path, id, Mode::kPersistent);
      erase(Registry::kChildren, path, id, Mode::kPersistent);
    }
    if (any || type == WatcherType::kPersistentRecursive) {
      erase(Registry::kData, path, id, Mode::kRecursive);
    }
    return true;
  }
  void remove_watcher(WatcherId id) {
    std::erase_if(entries_, [&](const auto& e) { return std::get<2>(e.first) == id; });
  }
  std::vector<WatcherId> fire(Registry registry, const std::string& path) {
    std::set<WatcherId> out;
    std::vector<Key> consumed;
    for (const auto& [key, modes] : entries_) {
      const auto& [entry_registry, entry_path, id] = key;
      if (entry_registry != registry) continue;
      const std::string prefix = entry_path == "/" ? "/" : entry_path + "/";
      const bool below = path != entry_path && path.starts_with(prefix);
      if (path == entry_path || (below && modes.contains(Mode::kRecursive))) out.insert(id);
      if (path == entry_path) consumed.push_back(key);
    }
    for (const auto& [r, p, id] : consumed) erase(r, p, id, Mode::kStandard);
    return {out.begin(), out.end()};
  }
  std::size_t size() const { return entries_.size(); }

 private:
  using Key = std::tuple<Registry, std::string, WatcherId>;
  std::map<Key, std::set<Mode>> entries_;
};

class WatchTableOracleTest : public testing::TestWithParam<std::uint64_t> {};

TEST_P(WatchTableOracleTest, AgreesWithTheModel) {
  base::Prng random(GetParam());
  const std::vector<std::string> paths = {"/",    "/a",  "/a/b", "/a/b/c", "/a/b/c/d",
                                          "/a/x", "/ab", "/b",   "/b/a",   "/a/b/cc"};
  constexpr Mode kModes[] = {Mode::kStandard, Mode::kPersistent, Mode::kRecursive};
  WatchTable table;
  Model model;
  for (int step = 0; step < 20000; ++step) {
    const std::string& path = paths[random.below(paths.size())];
    const WatcherId id = 1 + random.below(12);
    const auto type = static_cast<WatcherType>(1 + random.below(5));
    const auto registry = random.chance(1, 2) ? Registry::kData : Registry::kChildren;
    const std::uint64_t action = random.below(100);
    if (action < 45) {
      const Mode mode = kModes[random.below(registry == Registry::kData ? 3 : 2)];
      // As addWatch does it: a persistent watch stands in both registries.
      const bool both = mode == Mode::kPersistent;
      for (const Registry r : {Registry::kData, Registry::kChildren}) {
        if (!both && r != registry) continue;
        table.add(r, path, id, mode);
        model.add(r, path, id, mode);
      }
    } else if (action < 75) {
      ASSERT_EQ(fire(table, registry, path), model.fire(registry, path)) << "step " << step;
    } else if (action < 90) {
      ASSERT_EQ(table.contains(path, id, type), model.contains(path, id, type)) << "step " << step;
      ASSERT_EQ(table.remove(path, id, type), model.remove(path, id, type)) << "step " << step;
    } else {
      table.remove_watcher(id);
      model.remove_watcher(id);
    }
    ASSERT_EQ(table.watch_count(), model.size()) << "step " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, WatchTableOracleTest, testing::Values(1, 2, 3, 4, 5));

TEST(WatchTableTest, ManyWatchersOnOnePathAndManyPathsOfOneWatcher) {
  WatchTable table;
  constexpr WatcherId kMany = 50000;
  for (WatcherId id = 0; id < kMany; ++id) {
    table.add(Registry::kData, "/popular", id, Mode::kStandard);
    table.add(Registry::kData, "/own/" + std::to_string(id), 1, Mode::kStandard);
  }
  EXPECT_EQ(table.watch_count(), 2 * kMany);
  EXPECT_EQ(fire(table, Registry::kData, "/popular").size(), kMany);
  EXPECT_EQ(table.watch_count(), kMany);
  table.remove_watcher(1);
  EXPECT_TRUE(table.empty());
}

}  // namespace
}  // namespace drover::watch
