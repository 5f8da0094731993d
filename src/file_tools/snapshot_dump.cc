#include "file_tools/snapshot_dump.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "file_tools/log_record.h"
#include "toolbox/base64.h"
#include "toolbox/utf8.h"
#include "tree/node_stat.h"

namespace drover::file_tools {

namespace {

constexpr std::size_t kDataShownMax = 64;  // bytes

std::string list_line(const AclList& acl) {
  std::vector<wire::AclView> views;
  for (const Acl& entry : acl) {
    views.push_back({.perms = entry.perms, .scheme = entry.id.scheme, .id = entry.id.id});
  }
  return acl_line(views);
}

std::string owner_text(std::int64_t owner) {
  switch (tree::kind_of(owner)) {
    case tree::NodeKind::kPersistent:
      return {};
    case tree::NodeKind::kEphemeral:
      return fmt::format(" ephemeral=0x{:x}", static_cast<std::uint64_t>(owner));
    case tree::NodeKind::kContainer:
      return " container";
    case tree::NodeKind::kTtl:
      return fmt::format(" ttl={}ms", tree::ttl_ms_of(owner));
  }
  return {};
}

std::int64_t depth_of(std::string_view path) {
  return path == "/" ? 0 : std::count(path.begin(), path.end(), '/');
}

bool is_at_or_below(std::string_view path, std::string_view top) {
  if (top.empty() || top == "/") return true;
  return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

class Printer final : public storage::RestoreSink {
 public:
  explicit Printer(const SnapshotDumpOptions& options) : options_(options) {}

  void begin_snapshot(wire::Zxid) override {}
  void session(wire::SessionId id, std::int32_t timeout_ms) override {
    if (!options_.znode.empty() || full()) return;
    ++lines_;
    const std::string text = fmt::format("0x{:x}", static_cast<std::uint64_t>(id.value));
    if (options_.json) {
      print_json({{"session", text}, {"timeout_ms", timeout_ms}});
    } else {
      fmt::print("session {} timeout={}ms\n", text, timeout_ms);
    }
  }
  void acl(std::int64_t key, AclList list) override { acls_[key] = list_line(list); }

  Result<void> node(std::string_view path, wire::NullableBytes data, std::int64_t acl_key,
                    const wire::StatPersisted& stat) override {
    if (path.empty()) path = "/";
    if (full() || !is_at_or_below(path, options_.znode)) return {};
    const std::int64_t level =
        depth_of(path) - depth_of(options_.znode.empty() ? "/" : options_.znode);
    if (options_.depth > 0 && level > options_.depth) return {};
    ++lines_;
    if (options_.json) {
      print_json(node_json(path, data, acl_key, stat));
    } else {
      print_line(path, data, acl_key, stat);
    }
    return {};
  }
  Result<void> end_snapshot(std::optional<SnapshotDigest>) override { return {}; }
  Result<void> txn(const wire::TxnBytes&) override { return {}; }

 private:
  [[nodiscard]] bool full() const { return options_.limit > 0 && lines_ >= options_.limit; }
  static void print_json(const boost::json::object& object) {
    fmt::print("{}\n", boost::json::serialize(object));
  }

  std::string acl_of(std::int64_t key) const {
    if (key == tree::kOpenAcl) return "world:anyone:cdrwa";
    const auto found = acls_.find(key);
    return found == acls_.end() ? fmt::format("unknown({})", key) : found->second;
  }

  void print_line(std::string_view path, wire::NullableBytes data, std::int64_t acl_key,
                  const wire::StatPersisted& stat) {
    const std::string shown =
        data ? data_text(*data, options_.all_data ? SIZE_MAX : kDataShownMax) : "null";
    fmt::print(
        "{} data={} acl={}{} czxid=0x{:x} mzxid=0x{:x} pzxid=0x{:x} ctime={} mtime={} version={} "
        "cversion={} aversion={}\n",
        toolbox::utf8_or_replaced(path), shown, acl_of(acl_key), owner_text(stat.ephemeral_owner),
        stat.czxid, stat.mzxid, stat.pzxid, time_text(stat.ctime), time_text(stat.mtime),
        stat.version, stat.cversion, stat.aversion);
  }

  boost::json::object node_json(std::string_view path, wire::NullableBytes data,
                                std::int64_t acl_key, const wire::StatPersisted& stat) const {
    boost::json::object object{{"path", toolbox::utf8_or_replaced(path)},
                               {"data_base64", nullptr},
                               {"acl", acl_of(acl_key)},
                               {"czxid", zxid_text(wire::Zxid(stat.czxid))},
                               {"mzxid", zxid_text(wire::Zxid(stat.mzxid))},
                               {"pzxid", zxid_text(wire::Zxid(stat.pzxid))},
                               {"ctime", time_text(stat.ctime)},
                               {"mtime", time_text(stat.mtime)},
                               {"version", stat.version},
                               {"cversion", stat.cversion},
                               {"aversion", stat.aversion}};
    if (data) object["data_base64"] = toolbox::base64(*data);
    switch (tree::kind_of(stat.ephemeral_owner)) {
      case tree::NodeKind::kPersistent:
        break;
      case tree::NodeKind::kEphemeral:
        object["ephemeral_owner"] =
            fmt::format("0x{:x}", static_cast<std::uint64_t>(stat.ephemeral_owner));
        break;
      case tree::NodeKind::kContainer:
        object["container"] = true;
        break;
      case tree::NodeKind::kTtl:
        object["ttl_ms"] = tree::ttl_ms_of(stat.ephemeral_owner);
        break;
    }
    return object;
  }

  const SnapshotDumpOptions& options_;
  std::map<std::int64_t, std::string> acls_;
  std::int64_t lines_ = 0;
};

struct Below {
  std::int64_t nodes = 0;  // the znode itself not counted
  std::int64_t bytes = 0;  // its own data counted
};

// Children in the order of their names: no two runs, and no two servers, print another order.
std::vector<tree::NodeId> sorted_children(const tree::Tree& tree, tree::NodeId node) {
  std::vector<tree::NodeId> children;
  for (auto child = tree.first_child(node); child != tree::kNoNode;
       child = tree.next_sibling(child)) {
    children.push_back(child);
  }
  std::sort(children.begin(), children.end(),
            [&tree](tree::NodeId a, tree::NodeId b) { return tree.name(a) < tree.name(b); });
  return children;
}

std::string path_of(const tree::Tree& tree, tree::NodeId node) {
  std::string path;
  tree.append_path(node, path);
  return path;
}

// Depth first without recursion: a tree may be as deep as a path is long.
class Summary {
 public:
  Summary(const tree::Tree& tree, std::int64_t depth, bool json)
      : tree_(tree), depth_(depth), json_(json) {}

  std::string of(tree::NodeId top) {
    collect(top);
    // Lines come before those of what is below, figures after: so a second pass.
    struct Place {
      tree::NodeId node;
      std::int64_t level;
    };
    std::vector<Place> open{{top, 0}};
    while (!open.empty()) {
      const Place place = open.back();
      open.pop_back();
      if (tree_.num_children(place.node) == 0 && place.node != top) continue;
      print(place.node, place.level);
      if (depth_ > 0 && place.level >= depth_) continue;
      const auto children = sorted_children(tree_, place.node);
      for (auto child = children.rbegin(); child != children.rend(); ++child) {
        open.push_back({*child, place.level + 1});
      }
    }
    return json_ ? boost::json::serialize(lines_) + "\n" : std::move(text_);
  }

 private:
  void collect(tree::NodeId top) {
    std::vector<tree::NodeId> order{top};
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (auto child = tree_.first_child(order[i]); child != tree::kNoNode;
           child = tree_.next_sibling(child)) {
        order.push_back(child);
      }
    }
    for (auto node = order.rbegin(); node != order.rend(); ++node) {
      Below& below = below_[*node];
      below.bytes += static_cast<std::int64_t>(tree_.data(*node).value_or("").size());
      if (*node == top) continue;
      Below& parent = below_[tree_.parent(*node)];
      parent.nodes += below.nodes + 1;
      parent.bytes += below.bytes;
    }
  }

  void print(tree::NodeId node, std::int64_t level) {
    const Below& below = below_[node];
    const std::string path = toolbox::utf8_or_replaced(path_of(tree_, node));
    if (json_) {
      lines_.push_back({{"path", path}, {"descendants", below.nodes}, {"bytes", below.bytes}});
    } else {
      text_ +=
          fmt::format("{:>12} {:>14}  {:{}}{}\n", below.nodes, below.bytes, "", level * 2, path);
    }
  }

  const tree::Tree& tree_;
  std::int64_t depth_;
  bool json_;
  std::map<tree::NodeId, Below> below_;
  std::string text_ = fmt::format("{:>12} {:>14}  {}\n", "descendants", "bytes", "znode");
  boost::json::array lines_;
};

class Comparison {
 public:
  Comparison(const SnapshotTree& left, const SnapshotTree& right, std::int64_t limit)
      : left_(left.tree), right_(right.tree), limit_(limit) {}

  SnapshotComparison run() {
    std::vector<std::pair<tree::NodeId, tree::NodeId>> open{{tree::kRoot, tree::kRoot}};
    while (!open.empty()) {
      const auto [left, right] = open.back();
      open.pop_back();
      both(left, right);
      children(left, right, open);
    }
    return std::move(result_);
  }

 private:
  void children(tree::NodeId left, tree::NodeId right,
                std::vector<std::pair<tree::NodeId, tree::NodeId>>& open) {
    const auto lefts = sorted_children(left_, left);
    const auto rights = sorted_children(right_, right);
    auto l = lefts.begin();
    auto r = rights.begin();
    while (l != lefts.end() || r != rights.end()) {
      const bool l_left =
          r == rights.end() || (l != lefts.end() && left_.name(*l) < right_.name(*r));
      const bool r_left =
          l == lefts.end() || (r != rights.end() && right_.name(*r) < left_.name(*l));
      if (l_left) {
        alone(left_, *l++, "-", "left", result_.only_left);
      } else if (r_left) {
        alone(right_, *r++, "+", "right", result_.only_right);
      } else {
        open.emplace_back(*l++, *r++);
      }
    }
  }

  void alone(const tree::Tree& tree, tree::NodeId node, std::string_view sign, const char* side,
             std::int64_t& counter) {
    const std::int64_t below = tree.count_descendants(node);
    counter += 1 + below;
    const std::string path = toolbox::utf8_or_replaced(path_of(tree, node));
    say(fmt::format("{} {}{}\n", sign, path,
                    below == 0 ? "" : fmt::format(" and {} below it", counted(below, "znode"))),
        {{"path", path}, {"only", side}, {"descendants", below}});
  }

  void both(tree::NodeId left, tree::NodeId right) {
    std::vector<std::string> changes;
    const auto data = left_.data(left);
    const auto other = right_.data(right);
    if (data != other) {
      changes.push_back(fmt::format("data {} -> {}", data ? data_text(*data, 32) : "null",
                                    other ? data_text(*other, 32) : "null"));
    }
    const std::string acl = acl_of(left_, left);
    const std::string other_acl = acl_of(right_, right);
    if (acl != other_acl) changes.push_back(fmt::format("acl {} -> {}", acl, other_acl));
    stats(left_.node_stat(left), right_.node_stat(right), changes);
    if (changes.empty()) {
      ++result_.same;
      return;
    }
    ++result_.changed;
    const std::string path = toolbox::utf8_or_replaced(path_of(left_, left));
    std::string text = "~ " + path;
    boost::json::array list;
    for (const auto& change : changes) {
      text += fmt::format("{}{}", list.empty() ? ": " : "; ", change);
      list.emplace_back(change);
    }
    say(text + "\n", {{"path", path}, {"changed", std::move(list)}});
  }

  static void stats(const tree::NodeStat& left, const tree::NodeStat& right,
                    std::vector<std::string>& changes) {
    const auto number = [&](std::string_view name, std::int64_t a, std::int64_t b) {
      if (a != b) changes.push_back(fmt::format("{} {} -> {}", name, a, b));
    };
    const auto zxid = [&](std::string_view name, std::int64_t a, std::int64_t b) {
      if (a != b) changes.push_back(fmt::format("{} 0x{:x} -> 0x{:x}", name, a, b));
    };
    number("version", left.version, right.version);
    number("cversion", left.cversion, right.cversion);
    number("aversion", left.aversion, right.aversion);
    zxid("czxid", left.czxid, right.czxid);
    zxid("mzxid", left.mzxid, right.mzxid);
    zxid("pzxid", left.pzxid, right.pzxid);
    number("ctime", left.ctime, right.ctime);
    number("mtime", left.mtime, right.mtime);
    zxid("ephemeralOwner", left.ephemeral_owner, right.ephemeral_owner);
  }

  static std::string acl_of(const tree::Tree& tree, tree::NodeId node) {
    const auto list = tree.acl(tree.acl_key(node));
    return list ? list_line(*list) : "world:anyone:cdrwa";
  }

  void say(const std::string& text, boost::json::object object) {
    if (told_++ >= limit_) {
      result_.cut = true;
      return;
    }
    result_.text += text;
    result_.differences.push_back(std::move(object));
  }

  const tree::Tree& left_;
  const tree::Tree& right_;
  std::int64_t limit_;
  std::int64_t told_ = 0;
  SnapshotComparison result_;
};

}  // namespace

Result<void> print_snapshot(storage::Disk& disk, const SnapshotInput& input,
                            const SnapshotDumpOptions& options) {
  Printer printer(options);
  const auto content =
      storage::read_snapshot(disk, input.dir, input.name, options.length_max, printer);
  if (!content) return std::unexpected(content.error());
  return {};
}

Result<std::string> snapshot_summary(const SnapshotTree& snapshot, const std::string& znode,
                                     std::int64_t depth, bool json) {
  const tree::NodeId top = snapshot.tree.find(znode);
  if (top == tree::kNoNode) {
    return failure(fmt::format("{}: there is no znode {} in it", snapshot.input.path, znode));
  }
  return Summary(snapshot.tree, depth, json).of(top);
}

SnapshotComparison compare_snapshots(const SnapshotTree& left, const SnapshotTree& right,
                                     std::int64_t limit) {
  return Comparison(left, right, limit).run();
}

}  // namespace drover::file_tools
