#include "file_tools/snapshot_toolkit.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "file_tools/finding.h"
#include "file_tools/input.h"
#include "file_tools/java_text.h"
#include "storage/posix_disk.h"
#include "toolbox/base64.h"
#include "toolbox/utf8.h"

namespace drover::file_tools {

namespace {

constexpr int kUnexpectedError = 1;
constexpr int kInvalidInvocation = 2;
constexpr std::size_t kChildrenCapacity = 8;   // of DataNode's HashSet
constexpr std::size_t kSessionsCapacity = 16;  // of a HashMap

std::string path_of(const tree::Tree& tree, tree::NodeId node) {
  std::string path;
  tree.append_path(node, path);
  return path;
}

// ZKUtil.validateFileInput; empty: fine.
std::string file_complaint(const std::string& path) {
  const std::string absolute = std::filesystem::absolute(path).string();
  if (::access(path.c_str(), F_OK) != 0) return fmt::format("File '{}' does not exist.", absolute);
  if (::access(path.c_str(), R_OK) != 0) {
    return fmt::format("Read permission is denied on the file '{}'", absolute);
  }
  if (is_directory(path)) return fmt::format("'{}' is a directory. it must be a file.", absolute);
  return {};
}

std::size_t data_size(const tree::Tree& tree, tree::NodeId node) {
  return tree.data(node).value_or("").size();
}

class Formatter {
 public:
  explicit Formatter(SnapshotTree& snapshot) : snapshot_(snapshot), tree_(snapshot.tree) {}

  void print_details(bool data) {
    // Apache counts the root under both of its names.
    fmt::print("ZNode Details (count={}):\n", tree_.node_count() + 1);
    std::int64_t zxid = 0;
    std::vector<tree::NodeId> open{tree::kRoot};
    while (!open.empty()) {
      const tree::NodeId node = open.back();
      open.pop_back();
      zxid = std::max(zxid, print_node(node, data));
      const auto children = java_children(tree_, node);
      open.insert(open.end(), children.rbegin(), children.rend());
    }
    fmt::print("----\nSession Details (sid, timeout, ephemeralCount):\n");
    print_sessions();
    const std::int64_t named = snapshot_.input.named ? snapshot_.input.name.zxid.value : -1;
    fmt::print("----\nLast zxid: 0x{:x}\n", static_cast<std::uint64_t>(std::max(named, zxid)));
  }

  // ncdu's format.
  void print_json() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    fmt::print(
        "[1,0,{{\"progname\":\"SnapshotFormatter.java\",\"progver\":\"0.01\",\"timestamp\":{}}}",
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    struct Place {
      tree::NodeId node;
      bool close;  // a bracket, not a node
    };
    std::vector<Place> open{{tree::kRoot, false}};
    std::int64_t inode = 1000;
    while (!open.empty()) {
      const Place place = open.back();
      open.pop_back();
      if (place.close) {
        fmt::print("]");
        continue;
      }
      const auto children = java_children(tree_, place.node);
      const std::size_t size = data_size(tree_, place.node);
      const std::string name =
          place.node == tree::kRoot ? "/" : toolbox::utf8_or_replaced(tree_.name(place.node));
      fmt::print(",{}{{\"name\":{},\"asize\":{},\"dsize\":{},\"dev\":0,\"ino\":{}}}",
                 children.empty() ? "" : "[", boost::json::serialize(boost::json::string(name)),
                 size, size, ++inode);
      if (children.empty()) continue;
      open.push_back({place.node, true});
      for (auto child = children.rbegin(); child != children.rend(); ++child) {
        open.push_back({*child, false});
      }
    }
    fmt::print("]");
  }

 private:
  // The newest zxid in its stat.
  std::int64_t print_node(tree::NodeId node, bool data) {
    const tree::NodeStat stat = tree_.node_stat(node);
    fmt::print(
        "----\n{}\n  cZxid = {}\n  ctime = {}\n  mZxid = {}\n  mtime = {}\n  pZxid = {}\n"
        "  cversion = {}\n  dataVersion = {}\n  aclVersion = {}\n  ephemeralOwner = {}\n",
        toolbox::utf8_or_replaced(path_of(tree_, node)), java_hex(stat.czxid),
        java_date(stat.ctime), java_hex(stat.mzxid), java_date(stat.mtime), java_hex(stat.pzxid),
        stat.cversion, stat.version, stat.aversion, java_hex(stat.ephemeral_owner));
    if (data) {
      fmt::print("  data = {}\n", toolbox::base64(tree_.data(node).value_or("")));
    } else {
      fmt::print("  dataLength = {}\n", data_size(tree_, node));
    }
    return std::max(stat.mzxid, stat.pzxid);
  }

  void print_sessions() {
    std::vector<std::int32_t> hashes;
    for (const auto& [id, timeout_ms] : snapshot_.sessions) hashes.push_back(java_hash(id.value));
    for (const std::size_t i : java_hash_order(hashes, kSessionsCapacity)) {
      const auto& [id, timeout_ms] = snapshot_.sessions[i];
      fmt::print("{}, {}, {}\n", java_hex(id.value), timeout_ms, tree_.ephemerals(id).size());
    }
  }

  SnapshotTree& snapshot_;
  tree::Tree& tree_;
};

// Sums of whole subtrees, by node.
struct Sums {
  std::vector<std::int64_t> nodes;
  std::vector<std::int64_t> bytes;
};

Sums sums_below(const tree::Tree& tree, tree::NodeId top) {
  std::vector<tree::NodeId> order{top};
  tree::NodeId largest = top;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, order[i]);
    for (auto child = tree.first_child(order[i]); child != tree::kNoNode;
         child = tree.next_sibling(child)) {
      order.push_back(child);
    }
  }
  Sums sums{.nodes = std::vector<std::int64_t>(largest + std::size_t{1}),
            .bytes = std::vector<std::int64_t>(largest + std::size_t{1})};
  for (auto node = order.rbegin(); node != order.rend(); ++node) {
    sums.nodes[*node] += 1;
    sums.bytes[*node] += static_cast<std::int64_t>(data_size(tree, *node));
    if (*node == top) continue;
    sums.nodes[tree.parent(*node)] += sums.nodes[*node];
    sums.bytes[tree.parent(*node)] += sums.bytes[*node];
  }
  return sums;
}

}  // namespace

std::vector<tree::NodeId> java_children(const tree::Tree& tree, tree::NodeId node) {
  std::vector<tree::NodeId> children;
  for (auto child = tree.first_child(node); child != tree::kNoNode;
       child = tree.next_sibling(child)) {
    children.push_back(child);
  }
  std::reverse(children.begin(), children.end());  // the newest sibling comes first in a tree
  std::vector<std::int32_t> hashes;
  for (const auto child : children) hashes.push_back(java_hash(tree.name(child)));
  std::vector<tree::NodeId> ordered;
  for (const std::size_t i : java_hash_order(hashes, kChildrenCapacity)) {
    ordered.push_back(children[i]);
  }
  return ordered;
}

std::optional<SnapshotTree> load_as_apache(const std::string& path) {
  storage::PosixDisk disk;
  const auto input = find_snapshot(disk, path);
  if (!input) {
    fmt::print(stderr, "{}\n", input.error().message);
    return std::nullopt;
  }
  auto loaded = load_snapshot_tree(disk, *input, kLengthMax);
  if (!loaded) {
    fmt::print(stderr, "{}\n", loaded.error().message);
    return std::nullopt;
  }
  if (loaded->failure && !loaded->end.nodes_complete) {
    fmt::print(stderr, "{}\n", *loaded->failure);
    return std::nullopt;
  }
  return std::move(*loaded);
}

int snapshot_formatter(const std::vector<std::string>& words) {
  bool data = false;
  bool json = false;
  std::string file;
  std::size_t i = 0;
  for (; i < words.size() && file.empty(); ++i) {
    if (words[i] == "-d") {
      data = true;
    } else if (words[i] == "-json") {
      json = true;
    } else {
      file = words[i];
    }
  }
  if (i != words.size() || file.empty()) {
    fmt::print(stderr,
               "USAGE: SnapshotFormatter [-d|-json] snapshot_file\n"
               "       -d dump the data for each znode\n"
               "       -json dump znode info in json format\n");
    return kInvalidInvocation;
  }
  if (const std::string complaint = file_complaint(file); !complaint.empty()) {
    fmt::print(stderr, "{}\n", complaint);
    return kInvalidInvocation;
  }
  if (data && json) {
    fmt::print(stderr, "Cannot specify both data dump (-d) and json mode (-json) in same call\n");
    return kInvalidInvocation;
  }
  auto loaded = load_as_apache(file);
  if (!loaded) return kUnexpectedError;
  Formatter formatter(*loaded);
  if (json) {
    formatter.print_json();
  } else {
    formatter.print_details(data);
  }
  return 0;
}

int snapshot_recursive_summary(const std::vector<std::string>& words) {
  const auto depth = words.size() == 3 ? java_int(words[2]) : std::nullopt;
  if (!depth) {
    fmt::print(
        stderr,
        "USAGE:\n\n\nSnapshotRecursiveSummary  <snapshot_file>  <starting_node>  <max_depth>\n\n\n"
        "snapshot_file:    path to the zookeeper snapshot\n"
        "starting_node:    the path in the zookeeper tree where the traversal should begin\n"
        "max_depth:        defines the depth where the tool still writes to the output. 0 means "
        "there is no depth limit, every non-leaf node's stats will be displayed, 1 means it will "
        "only contain the starting node's and it's children's stats, 2 ads another level and so "
        "on. "
        "This ONLY affects the level of details displayed, NOT the calculation.\n");
    return kInvalidInvocation;
  }
  const auto loaded = load_as_apache(words[0]);
  if (!loaded) return kUnexpectedError;
  const tree::Tree& tree = loaded->tree;
  const tree::NodeId top = tree.find(words[1]);
  if (top == tree::kNoNode) {
    fmt::print(stderr, "{}: there is no znode {} in it\n", words[0], words[1]);
    return kUnexpectedError;
  }
  const Sums sums = sums_below(tree, top);
  struct Place {
    tree::NodeId node;
    std::int32_t level;
  };
  std::vector<Place> open{{top, 0}};
  while (!open.empty()) {
    const Place place = open.back();
    open.pop_back();
    const auto children = java_children(tree, place.node);
    if (children.empty()) continue;
    std::string dashes;
    for (std::int32_t i = 0; i < place.level; ++i) dashes += "--";
    fmt::print("{0} {1}\n{0}   children: {2}\n{0}   data: {3}\n", dashes,
               toolbox::utf8_or_replaced(path_of(tree, place.node)), sums.nodes[place.node] - 1,
               sums.bytes[place.node]);
    if (*depth != 0 && place.level >= *depth) continue;
    for (auto child = children.rbegin(); child != children.rend(); ++child) {
      open.push_back({*child, place.level + 1});
    }
  }
  fmt::print("\n");
  return 0;
}

}  // namespace drover::file_tools
