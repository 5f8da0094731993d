// Goal: whatever is done to it, the tree equals a naive model: a map from path to everything about
// a znode. Method: seeded random mutators on both, including the odd ones that only replay brings;
// now and then all of the tree is compared, its digest recomputed from nothing, and a walk is
// stepped between mutations.

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/prng.h"
#include "tree/node_digest.h"
#include "tree/tree.h"

namespace drover::tree {
namespace {

struct ModelZnode {
  NodeStat stat;
  std::optional<std::string> data;
  AclList acl;
  std::uint64_t birth = 0;  // which create made it
};

class Model {
 public:
  Model() {
    znodes_[""].data = "";
    for (const char* path : {"/zookeeper", "/zookeeper/quota", "/zookeeper/config"}) {
      znodes_[path].data = "";
    }
    znodes_["/zookeeper/config"].acl = {{perms::kRead, {"world", "anyone"}}};
    znodes_["/zookeeper/config"].stat.aversion = -1;
  }

  static std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

  ErrorCode create(const std::string& path, const std::optional<std::string>& data,
                   const AclList& acl, std::int64_t owner, std::int32_t parent_cversion,
                   std::int64_t zxid) {
    if (!znodes_.contains(parent_of(path))) return ErrorCode::kNoNode;
    NodeStat& parent = znodes_[parent_of(path)].stat;
    if (parent_cversion == -1) parent_cversion = parent.cversion + 1;
    if (parent_cversion > parent.cversion) {
      parent.cversion = parent_cversion;
      parent.pzxid = zxid;
    }
    if (znodes_.contains(path)) {
      znodes_[path].acl = acl;
      return ErrorCode::kNodeExists;
    }
    ModelZnode& znode = znodes_[path];
    znode = {.stat = {}, .data = data, .acl = acl, .birth = ++births_};
    znode.stat.czxid = znode.stat.mzxid = znode.stat.pzxid = zxid;
    znode.stat.ctime = znode.stat.mtime = zxid * 10;
    znode.stat.ephemeral_owner = owner;
    return ErrorCode::kOk;
  }

  ErrorCode remove(const std::string& path, std::int64_t zxid) {
    if (!znodes_.contains(parent_of(path))) return ErrorCode::kNoNode;
    NodeStat& parent = znodes_[parent_of(path)].stat;
    parent.pzxid = std::max(parent.pzxid, zxid);
    if (!znodes_.contains(path)) return ErrorCode::kNoNode;
    std::erase_if(znodes_, [&](const auto& entry) {
      return entry.first == path || entry.first.starts_with(path + "/");
    });
    return ErrorCode::kOk;
  }

  [[nodiscard]] std::int64_t children(const std::string& path) const {
    std::int64_t count = 0;
    for (auto it = znodes_.upper_bound(path + "/"); it != znodes_.end(); ++it) {
      if (!it->first.starts_with(path + "/")) break;
      if (it->first.find('/', path.size() + 1) == std::string::npos) ++count;
    }
    return count;
  }

  [[nodiscard]] std::uint64_t digest() const {
    std::uint64_t sum = 0;
    for (const auto& [path, znode] : znodes_) {
      if (!has_digest(path)) continue;
      const wire::NullableBytes data = znode.data ? wire::NullableBytes(*znode.data) : std::nullopt;
      sum += node_digest(content_crc(path, data), znode.stat);
    }
    return sum;
  }

  std::map<std::string, ModelZnode> znodes_;
  std::uint64_t births_ = 0;
};

class TreeOracleTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  std::string random_path() {
    std::string path;
    const auto depth = 1 + prng.below(4);
    for (std::uint64_t i = 0; i < depth; ++i) {
      path += "/" + std::string(1 + prng.below(3), static_cast<char>('a' + prng.below(6)));
    }
    return path;
  }
  std::optional<std::string> random_data() {
    if (prng.chance(1, 8)) return std::nullopt;
    return std::string(prng.below(40), static_cast<char>('0' + prng.below(10)));
  }
  AclList random_acl() {
    static const std::vector<AclList> kLists{
        {{perms::kAll, {"world", "anyone"}}},
        {{perms::kRead, {"world", "anyone"}}},
        {{perms::kAll, {"digest", "a:b"}}, {perms::kRead, {"ip", "1.2.3.4"}}},
        {{perms::kAll, {"digest", "c:d"}}}};
    return kLists[prng.below(kLists.size())];
  }
  std::int64_t random_owner() {
    switch (prng.below(8)) {
      case 0:
        return kContainerOwner;
      case 1:
        return ttl_owner(1 + static_cast<std::int64_t>(prng.below(1000)));
      case 2:
        return 1 + static_cast<std::int64_t>(prng.below(3));
      default:
        return 0;
    }
  }
  static wire::NullableBytes view(const std::optional<std::string>& data) {
    return data ? wire::NullableBytes(*data) : std::nullopt;
  }

  void mutate() {
    ++zxid;
    const std::string path = random_path();
    switch (prng.below(10)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4: {
        const auto data = random_data();
        const AclList acl = random_acl();
        const std::int64_t owner = random_owner();
        const std::int32_t cversion =
            prng.chance(1, 2) ? -1 : static_cast<std::int32_t>(prng.below(50));
        ASSERT_EQ(tree.create({.path = path,
                               .data = view(data),
                               .acl = &acl,
                               .ephemeral_owner = owner,
                               .parent_cversion = cversion,
                               .zxid = wire::Zxid(zxid),
                               .time_ms = zxid * 10}),
                  model.create(path, data, acl, owner, cversion, zxid));
        break;
      }
      case 5:
      case 6: {
        const std::int64_t when = prng.chance(1, 4) ? zxid / 2 : zxid;
        ASSERT_EQ(tree.remove(path, wire::Zxid(when)), model.remove(path, when));
        break;
      }
      case 7:
      case 8: {
        const auto data = random_data();
        const auto version = static_cast<std::int32_t>(prng.below(100));
        const bool known = model.znodes_.contains(path);
        ASSERT_EQ(tree.set_data(path, view(data), version, wire::Zxid(zxid), zxid * 10),
                  known ? ErrorCode::kOk : ErrorCode::kNoNode);
        if (!known) break;
        ModelZnode& znode = model.znodes_[path];
        znode.data = data;
        znode.stat.version = version;
        znode.stat.mzxid = zxid;
        znode.stat.mtime = zxid * 10;
        break;
      }
      default: {
        const AclList acl = random_acl();
        const bool known = model.znodes_.contains(path);
        ASSERT_EQ(tree.set_acl(path, acl, static_cast<std::int32_t>(zxid)),
                  known ? ErrorCode::kOk : ErrorCode::kNoNode);
        if (!known) break;
        model.znodes_[path].acl = acl;
        model.znodes_[path].stat.aversion = static_cast<std::int32_t>(zxid);
      }
    }
  }

  void compare() {
    ASSERT_EQ(tree.node_count(), static_cast<std::int64_t>(model.znodes_.size()));
    ASSERT_EQ(tree.digest(), model.digest());
    std::int64_t size = 1;
    std::map<std::int64_t, std::set<std::string>> ephemerals;
    std::set<NodeId> containers, ttl_nodes;
    std::set<AclList> lists;
    for (const auto& [path, znode] : model.znodes_) {
      const NodeId node = tree.find(path);
      ASSERT_NE(node, kNoNode) << path;
      ASSERT_EQ(tree.node_stat(node), znode.stat) << path;
      ASSERT_EQ(tree.data(node), view(znode.data)) << path;
      ASSERT_EQ(tree.num_children(node), model.children(path)) << path;
      ASSERT_EQ(tree.content_crc(node), content_crc(path, view(znode.data)));
      const auto acl = tree.acl(tree.acl_key(node));
      const bool open =
          znode.acl.empty() || znode.acl == AclList{{perms::kAll, {"world", "anyone"}}};
      ASSERT_EQ(acl == nullptr, open) << path;
      if (!open) {
        ASSERT_EQ(*acl, znode.acl) << path;
        lists.insert(znode.acl);
      }
      size += static_cast<std::int64_t>(path.size() + (znode.data ? znode.data->size() : 0));
      switch (kind_of(znode.stat.ephemeral_owner)) {
        case NodeKind::kPersistent:
          break;
        case NodeKind::kContainer:
          containers.insert(node);
          break;
        case NodeKind::kTtl:
          ttl_nodes.insert(node);
          break;
        case NodeKind::kEphemeral:
          ephemerals[znode.stat.ephemeral_owner].insert(path);
          break;
      }
    }
    ASSERT_EQ(tree.approximate_data_size(), size);
    ASSERT_EQ(tree.acl_table().size(), lists.size());
    const auto as_set = [](const std::vector<NodeId>& nodes) {
      return std::set<NodeId>(nodes.begin(), nodes.end());
    };
    ASSERT_EQ(as_set(tree.containers()), containers);
    ASSERT_EQ(as_set(tree.ttl_nodes()), ttl_nodes);
    std::map<std::int64_t, std::set<std::string>> found;
    for (const wire::SessionId session : tree.sessions_with_ephemerals()) {
      for (const NodeId node : tree.ephemerals(session)) {
        std::string path;
        tree.append_path(node, path);
        found[session.value].insert(path);
      }
    }
    ASSERT_EQ(found, ephemerals);
  }

  base::Prng prng{GetParam()};
  Tree tree;
  Model model;
  std::int64_t zxid = 0;
};

TEST_P(TreeOracleTest, EqualsTheModelAfterRandomMutators) {
  for (int step = 0; step < 6000; ++step) {
    ASSERT_NO_FATAL_FAILURE(mutate()) << "step " << step;
    if (step % 500 == 0) {
      ASSERT_NO_FATAL_FAILURE(compare()) << "step " << step;
    }
  }
  ASSERT_NO_FATAL_FAILURE(compare());
}

TEST_P(TreeOracleTest, AWalkVisitsEverySurvivorOnceParentsFirst) {
  for (int step = 0; step < 3000; ++step) ASSERT_NO_FATAL_FAILURE(mutate());
  for (int round = 0; round < 20; ++round) {
    std::map<std::string, std::uint64_t> at_begin;
    for (const auto& [path, znode] : model.znodes_) at_begin[path] = znode.birth;
    std::set<std::pair<std::string, std::uint64_t>> visited;
    std::set<std::string> visited_paths;
    int steps = 0;
    for (Tree::Walk walk(tree); walk.node() != kNoNode;) {
      ASSERT_LT(++steps, 100000) << "a walk must end";
      std::string path;
      if (walk.node() != kRoot) tree.append_path(walk.node(), path);
      ASSERT_TRUE(model.znodes_.contains(path)) << path;
      ASSERT_TRUE(visited.emplace(path, model.znodes_[path].birth).second) << "twice: " << path;
      ASSERT_TRUE(path.empty() || visited_paths.contains(Model::parent_of(path))) << path;
      visited_paths.insert(path);
      walk.advance();
      for (auto i = prng.below(4); i > 0; --i) ASSERT_NO_FATAL_FAILURE(mutate());
    }
    for (const auto& [path, birth] : at_begin) {
      const auto it = model.znodes_.find(path);
      if (it == model.znodes_.end() || it->second.birth != birth) continue;
      EXPECT_TRUE(visited.contains({path, birth})) << "missed " << path;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TreeOracleTest, testing::Range<std::uint64_t>(1, 7));

}  // namespace
}  // namespace drover::tree
