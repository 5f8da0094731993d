// Apache's SnapshotComparer: two trees, level by level.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <unordered_map>

#include "file_tools/finding.h"
#include "file_tools/input.h"
#include "file_tools/java_text.h"
#include "file_tools/snapshot_toolkit.h"
#include "toolbox/utf8.h"

namespace drover::file_tools {

namespace {

constexpr int kUnexpectedError = 1;
constexpr int kInvalidInvocation = 2;

constexpr const char* kUsage =
    "usage: java -cp <classPath> org.apache.zookeeper.server.SnapshotComparer\n"
    " -b,--bytes <BYTETHRESHOLD>   (Required) The node data delta size threshold, in bytes, for "
    "printing the node.\n"
    " -d,--debug                   Use debug output.\n"
    " -i,--interactive             Enter interactive mode.\n"
    " -l,--left <LEFT>             (Required) The left snapshot file.\n"
    " -n,--nodes <NODETHRESHOLD>   (Required) The descendant node delta size threshold, in nodes, "
    "for printing the node.\n"
    " -r,--right <RIGHT>           (Required) The right snapshot file.\n";

struct Words {
  std::optional<std::string> left;
  std::optional<std::string> right;
  std::optional<std::string> bytes;
  std::optional<std::string> nodes;
  bool debug = false;
  bool interactive = false;
};

// As commons-cli's BasicParser. A sentence: what is wrong.
std::optional<std::string> parse(const std::vector<std::string>& given, Words& words) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    const std::string& word = given[i];
    if (!word.starts_with('-') || word == "-") continue;  // arguments nobody asked for
    if (word == "--") break;
    const auto is = [&](std::string_view letter, std::string_view name) {
      return word == fmt::format("-{}", letter) || word == fmt::format("--{}", name) ||
             word == fmt::format("-{}", name);
    };
    struct Taking {
      const char* letter;
      const char* name;
      std::optional<std::string>* into;
    };
    const Taking takings[] = {{"l", "left", &words.left},
                              {"r", "right", &words.right},
                              {"b", "bytes", &words.bytes},
                              {"n", "nodes", &words.nodes}};
    const auto* const taking = std::find_if(std::begin(takings), std::end(takings),
                                            [&](const Taking& t) { return is(t.letter, t.name); });
    if (taking != std::end(takings)) {
      if (i + 1 == given.size())
        return fmt::format("Missing argument for option: {}", taking->letter);
      *taking->into = given[++i];
    } else if (is("d", "debug")) {
      words.debug = true;
    } else if (is("i", "interactive")) {
      words.interactive = true;
    } else {
      return "Unrecognized option: " + word;
    }
  }
  std::string missing;
  std::size_t count = 0;
  const auto need = [&](const std::optional<std::string>& word, std::string_view letter) {
    if (word) return;
    missing += fmt::format("{}{}", count++ == 0 ? "" : ", ", letter);
  };
  need(words.left, "l");
  need(words.right, "r");
  need(words.bytes, "b");
  need(words.nodes, "n");
  if (count == 0) return std::nullopt;
  return fmt::format("Missing required option{}: {}", count == 1 ? "" : "s", missing);
}

struct Node {
  std::string path;  // empty: the root
  std::int64_t size = 0;
  std::int64_t descendant_size = 0;   // its own counted
  std::int64_t descendant_count = 0;  // itself not counted
};

// A snapshot as levels of paths in alphabetic order.
class Levels {
 public:
  explicit Levels(const tree::Tree& tree) {
    std::vector<std::pair<tree::NodeId, std::size_t>> order{{tree::kRoot, 0}};
    std::unordered_map<tree::NodeId, Node> nodes;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const auto [id, depth] = order[i];
      Node node;
      if (id != tree::kRoot) tree.append_path(id, node.path);
      node.size = static_cast<std::int64_t>(tree.data(id).value_or("").size());
      nodes[id] = std::move(node);
      for (auto child = tree.first_child(id); child != tree::kNoNode;
           child = tree.next_sibling(child)) {
        order.emplace_back(child, depth + 1);
      }
    }
    count_ = static_cast<std::int64_t>(order.size());
    for (auto it = order.rbegin(); it != order.rend(); ++it) {
      Node& node = nodes[it->first];
      node.descendant_size += node.size;
      if (it->first == tree::kRoot) continue;
      Node& parent = nodes[tree.parent(it->first)];
      parent.descendant_size += node.descendant_size;
      parent.descendant_count += node.descendant_count + 1;
    }
    for (const auto& [id, depth] : order) {
      if (depth >= levels_.size()) levels_.emplace_back();
      levels_[depth].push_back(std::move(nodes[id]));
    }
    for (auto& level : levels_) {
      std::sort(level.begin(), level.end(),
                [](const Node& a, const Node& b) { return a.path < b.path; });
    }
  }

  [[nodiscard]] std::string text() const {
    std::string text = fmt::format("Node count: {}\nTotal size: {}\nMax depth: {}\n", count_,
                                   levels_.front().front().descendant_size, levels_.size());
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      text += fmt::format("Count of nodes at depth {}: {}\n", i, levels_[i].size());
    }
    return text;
  }
  [[nodiscard]] std::size_t depth() const { return levels_.size(); }
  [[nodiscard]] std::vector<const Node*> level(std::size_t depth) const {
    std::vector<const Node*> found;
    if (depth >= levels_.size()) return found;
    for (const Node& node : levels_[depth]) found.push_back(&node);
    return found;
  }
  [[nodiscard]] bool contains(const std::string& path) const {
    const auto depth = static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
    for (const Node* node : level(depth)) {
      if (node->path == path) return true;
    }
    return false;
  }
  [[nodiscard]] std::vector<const Node*> children(const std::string& path) const {
    const auto depth = static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
    std::vector<const Node*> found;
    for (const Node* node : level(depth + 1)) {
      if (node->path.starts_with(path + "/")) found.push_back(node);
    }
    return found;
  }

 private:
  std::int64_t count_ = 0;
  std::vector<std::vector<Node>> levels_;
};

class Comparer {
 public:
  Comparer(const Levels& left, const Levels& right, std::int64_t bytes, std::int64_t nodes,
           bool debug, bool interactive)
      : left_(left),
        right_(right),
        bytes_(bytes),
        nodes_(nodes),
        debug_(debug),
        interactive_(interactive) {}

  int run() {
    const std::size_t end = std::max(left_.depth(), right_.depth());
    if (interactive_) {
      if (!ask_until(end)) return kUnexpectedError;
    } else {
      print_what_is_printed();
      for (std::size_t depth = 0; depth < end; ++depth) compare_level(depth);
    }
    fmt::print("All layers compared.\n");
    return 0;
  }

 private:
  void print_what_is_printed() const {
    fmt::print(
        "Printing analysis for nodes difference larger than {} bytes or node count difference "
        "larger "
        "than {}.\n",
        bytes_, nodes_);
  }

  // False: the input ended first.
  bool ask_until(std::size_t end) {
    for (std::size_t depth = 0; depth < end;) {
      fmt::print(
          "Current depth is {}\n"
          "- Press enter to move to print current depth layer;\n"
          "- Type a number to jump to and print all nodes at a given depth;\n"
          "- Enter an ABSOLUTE path to print the immediate subtree of a node. Path must start with "
          "'/'.\n",
          depth);
      std::fflush(stdout);
      std::string line;
      if (!std::getline(std::cin, line)) {
        fmt::print(stderr, "java.util.NoSuchElementException: No line found\n");
        return false;
      }
      print_what_is_printed();
      const auto number = java_int(line);
      if (line.empty()) {
        compare_level(depth++);
      } else if (number) {
        if (*number < 0 || static_cast<std::size_t>(*number) >= end) {
          fmt::print("Depth must be in range [0, {}]\n", end - 1);
          continue;
        }
        depth = static_cast<std::size_t>(*number);
        compare_level(depth);
      } else if (line.front() == '/') {
        compare_subtree(line);
      } else {
        fmt::print(
            "Input {} is not valid. Depth must be in range [0, {}]. Path must be an absolute path "
            "which starts with '/'.\n",
            line, end - 1);
      }
      fmt::print("\n");
    }
    return true;
  }

  void compare_level(std::size_t depth) const {
    fmt::print("Analysis for depth {}\n", depth);
    compare(left_.level(depth), right_.level(depth));
  }

  void compare_subtree(const std::string& path) const {
    fmt::print("Analysis for node {}\n", path);
    if (!left_.contains(path) && !right_.contains(path)) {
      fmt::print("Path {} is neither found in left tree nor right tree.\n", path);
      return;
    }
    compare(left_.children(path), right_.children(path));
  }

  void compare(const std::vector<const Node*>& left, const std::vector<const Node*>& right) const {
    auto l = left.begin();
    auto r = right.begin();
    while (l != left.end() || r != right.end()) {
      const bool pair = l != left.end() && r != right.end();
      if (pair && debug_) fmt::print("Comparing {} to {}\n", shown(**l), shown(**r));
      if (r == right.end() || (pair && (*l)->path < (*r)->path)) {
        if (pair && debug_) fmt::print("left is less\n");
        print_alone(**l++, "left");
      } else if (l == left.end() || (*r)->path < (*l)->path) {
        if (pair && debug_) fmt::print("right is less\n");
        print_alone(**r++, "right");
      } else {
        if (debug_) fmt::print("same\n");
        print_both(**l++, **r++);
      }
    }
  }

  static std::string shown(const Node& node) { return toolbox::utf8_or_replaced(node.path); }

  void print_alone(const Node& node, const char* side) const {
    if (node.descendant_size > bytes_ || node.descendant_count > nodes_) {
      fmt::print("Node {} found only in {} tree. Descendant size: {}. Descendant count: {}\n",
                 shown(node), side, node.descendant_size, node.descendant_count);
    } else if (debug_ || interactive_) {
      fmt::print("Filtered {} node {} of size {}\n", side, shown(node), node.descendant_size);
    }
  }

  void print_both(const Node& left, const Node& right) const {
    const std::int64_t bytes = right.descendant_size - left.descendant_size;
    const std::int64_t nodes = right.descendant_count - left.descendant_count;
    if (std::abs(bytes) > bytes_ || std::abs(nodes) > nodes_) {
      fmt::print("Node {} found in both trees. Delta: {} bytes, {} descendants\n", shown(left),
                 bytes, nodes);
    } else if (debug_ || interactive_) {
      fmt::print("Filtered node {} of left size {}, right size {}\n", shown(left),
                 left.descendant_size, right.descendant_size);
    }
  }

  const Levels& left_;
  const Levels& right_;
  std::int64_t bytes_;
  std::int64_t nodes_;
  bool debug_;
  bool interactive_;
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::optional<Levels> load(const std::string& path) {
  const auto began = std::chrono::steady_clock::now();
  const auto loaded = load_as_apache(path);
  if (!loaded) return std::nullopt;
  fmt::print("Deserialized snapshot in {} in {:f} seconds\n", base_name(path),
             seconds_since(began));
  const auto read = std::chrono::steady_clock::now();
  Levels levels(loaded->tree);
  fmt::print("Processed data tree in {:f} seconds\n", seconds_since(read));
  return levels;
}

}  // namespace

int snapshot_comparer(const std::vector<std::string>& given) {
  Words words;
  if (const auto wrong = parse(given, words)) {
    fmt::print(stderr, "{}\n", *wrong);
    fmt::print("{}", kUsage);
    return kInvalidInvocation;
  }
  const auto bytes = java_int(*words.bytes);
  const auto nodes = java_int(*words.nodes);
  if (!bytes || !nodes) {
    fmt::print(stderr, "java.lang.NumberFormatException: For input string: \"{}\"\n",
               bytes ? *words.nodes : *words.bytes);
    return kUnexpectedError;
  }
  fmt::print("Successfully parsed options!\n");
  const auto left = load(*words.left);
  if (!left) return kUnexpectedError;
  const auto right = load(*words.right);
  if (!right) return kUnexpectedError;
  fmt::print("{}\n{}\n", left->text(), right->text());
  return Comparer(*left, *right, *bytes, *nodes, words.debug, words.interactive).run();
}

}  // namespace drover::file_tools
