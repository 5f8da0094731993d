// tree and find: what is there, drawn and searched. Beyond Apache's shell.

#include <fmt/format.h>
#include <fnmatch.h>
#include <regex.h>

#include <boost/json/array.hpp>
#include <charconv>
#include <limits>
#include <memory>
#include <utility>

#include "shell/command.h"
#include "shell/format.h"
#include "shell/json.h"
#include "shell/screen.h"
#include "shell/walk.h"

namespace drover::shell {
namespace {

std::string_view name_in(std::string_view path) {
  return path == "/" ? path : path.substr(path.rfind('/') + 1);
}

// The path that a command is about: its argument, or the root.
std::string path_of(const ParsedWords& words) {
  return words.args.size() > 1 ? words.args[1] : "/";
}

std::expected<std::size_t, CommandError> depth_of(const ParsedWords& words) {
  if (!words.has("d")) return std::numeric_limits<std::size_t>::max();
  const auto depth = parse_number<std::int32_t>(words.value("d"));
  if (!depth || *depth < 0) {
    return bad_value(words.args[0], "-d", words.value("d"), "a depth: 0 or a whole number above");
  }
  return static_cast<std::size_t>(*depth);
}

// --- tree

constexpr OptionSpec kTreeOptions[] = {
    {"d", true, "no deeper than that many levels below the path", "depth"},
    {"s", false, "tell sizes, versions and owners", "stat"}};

// The lines that lead from a znode's ancestors to its name.
class Branches {
 public:
  std::string before(const Visited& visited) {
    if (visited.depth == 0) return "";
    const bool drawn = Screen::instance().has_unicode();
    is_last_.resize(visited.depth - 1);
    std::string text;
    for (const bool last : is_last_) text += last ? "    " : drawn ? "│   " : "|   ";
    is_last_.push_back(visited.is_last);
    if (visited.is_last) return text + (drawn ? "└── " : "`-- ");
    return text + (drawn ? "├── " : "|-- ");
  }

 private:
  std::vector<bool> is_last_;  // by level: whether that ancestor was its parent's last child
};

std::string details(const Stat& stat) {
  auto text =
      fmt::format("  {}, version {}", counted(static_cast<std::size_t>(stat.data_length), "byte"),
                  stat.version);
  if (stat.ephemeral_owner != 0) {
    text += fmt::format(", ephemeral of {}", hexadecimal(stat.ephemeral_owner));
  }
  return text;
}

std::string tree_line(const Visited& visited, Branches& branches, bool with_details) {
  const auto& screen = Screen::instance();
  std::string name(name_in(visited.path));
  if (visited.depth == 0) name = visited.path;
  if (!visited.found)
    return branches.before(visited) + name + screen.in(Colour::kDim, "  (no permission)");
  const auto& stat = visited.found->stat;
  if (stat.ephemeral_owner != 0) name = screen.in(Colour::kYellow, name);
  if (stat.num_children > 0) name = screen.in(Colour::kBlue, name);
  return branches.before(visited) + name +
         (with_details ? screen.in(Colour::kDim, details(stat)) : "");
}

boost::json::object node_json(const Visited& visited) {
  boost::json::object node{{"path", visited.path}, {"depth", visited.depth}};
  if (visited.found) {
    node["stat"] = stat_json(visited.found->stat);
  } else {
    node["readable"] = false;
  }
  return node;
}

CommandResult tree(ShellSession& session, const ParsedWords& words) {
  const auto path = path_of(words);
  if (auto good = check_path(path); !good) return good;
  const auto depth = depth_of(words);
  if (!depth) return std::unexpected(depth.error());
  Branches branches;
  boost::json::array nodes;
  std::size_t count = 0;
  auto walked = walk(session, path, [&](const Visited& visited) {
    ++count;
    if (session.is_json()) {
      nodes.push_back(node_json(visited));
    } else {
      session.out_line(tree_line(visited, branches, words.has("s")));
    }
    return visited.depth < *depth ? Onward::kBelow : Onward::kBeside;
  });
  if (session.is_json()) session.put("nodes", std::move(nodes), "");
  if (walked) session.put("count", count, counted(count, "znode") + "\n");
  return walked;
}

// --- find

constexpr OptionSpec kFindOptions[] = {
    {"name", true, "its name matches a pattern: * ? [a-z]", "name"},
    {"path", true, "its whole path does; * crosses /", "path"},
    {"size", true, "bytes of data: n, +n more, -n less; k and m multiply", "size"},
    {"children", true, "number of children: n, +n more, -n less", "children"},
    {"data", true, "its data contains an extended regular expression", "data"},
    {"owner", true, "ephemeral of that session, 0x...", "owner"},
    {"ephemeral", false, "ephemeral, whoever owns it", "ephemeral"},
    {"d", true, "no deeper than that many levels below the path", "depth"},
    {"s", false, "tell sizes, versions and owners", "stat"}};

// n, +n or -n.
struct Bound {
  enum class Kind { kExactly, kMore, kLess } kind = Kind::kExactly;
  std::int64_t value = 0;

  [[nodiscard]] bool holds(std::int64_t other) const {
    if (kind == Kind::kMore) return other > value;
    return kind == Kind::kLess ? other < value : other == value;
  }
};

std::optional<Bound> parse_bound(std::string_view text) {
  Bound bound;
  if (text.starts_with('+')) bound.kind = Bound::Kind::kMore;
  if (text.starts_with('-')) bound.kind = Bound::Kind::kLess;
  if (bound.kind != Bound::Kind::kExactly) text.remove_prefix(1);
  std::int64_t factor = 1;
  if (text.ends_with('k') || text.ends_with('K')) factor = 1024;
  if (text.ends_with('m') || text.ends_with('M')) factor = 1024 * 1024;
  if (factor > 1) text.remove_suffix(1);
  const auto number = parse_number<std::int32_t>(text);
  if (!number || *number < 0 || text.starts_with('+')) return std::nullopt;
  bound.value = *number * factor;
  return bound;
}

// POSIX's engine and not std::regex: its memory does not grow with what it searches.
class Pattern {
 public:
  // Error: what is wrong with the expression.
  static std::expected<Pattern, std::string> compile(const std::string& text) {
    Pattern pattern;
    const int error =
        regcomp(pattern.compiled_.get(), text.c_str(), REG_EXTENDED | REG_NOSUB | REG_NEWLINE);
    if (error == 0) {
      pattern.is_compiled_ = true;
      return pattern;
    }
    char why[128];
    regerror(error, pattern.compiled_.get(), why, sizeof why);
    return std::unexpected(std::string(why));
  }
  Pattern(Pattern&& other) noexcept
      : compiled_(std::move(other.compiled_)),
        is_compiled_(std::exchange(other.is_compiled_, false)) {}
  Pattern& operator=(Pattern&&) = delete;
  ~Pattern() {
    if (is_compiled_) regfree(compiled_.get());
  }

  [[nodiscard]] bool is_in(std::string_view bytes) const {
    regmatch_t range{.rm_so = 0, .rm_eo = static_cast<regoff_t>(bytes.size())};
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): REG_STARTEND takes the size
    return regexec(compiled_.get(), bytes.data(), 0, &range, REG_STARTEND) == 0;
  }

 private:
  Pattern() = default;
  std::unique_ptr<regex_t> compiled_ = std::make_unique<regex_t>();
  bool is_compiled_ = false;
};

struct Criteria {
  std::optional<std::string> name;
  std::optional<std::string> path;
  std::optional<Bound> size;
  std::optional<Bound> children;
  std::optional<Pattern> data;
  std::optional<std::int64_t> owner;
  bool is_ephemeral = false;
};

std::optional<std::int64_t> parse_session(std::string_view text) {
  if (!text.starts_with("0x")) return std::nullopt;
  std::uint64_t value = 0;
  text.remove_prefix(2);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

CommandResult parse_bounds(const ParsedWords& words, Criteria& criteria) {
  constexpr std::string_view kAllowed = "a number, +number for more or -number for less";
  if (words.has("size")) {
    criteria.size = parse_bound(words.value("size"));
    if (!criteria.size) return bad_value("find", "-size", words.value("size"), kAllowed);
  }
  if (words.has("children")) {
    criteria.children = parse_bound(words.value("children"));
    if (!criteria.children)
      return bad_value("find", "-children", words.value("children"), kAllowed);
  }
  return {};
}

std::expected<Criteria, CommandError> parse_criteria(const ParsedWords& words) {
  Criteria criteria;
  if (words.has("name")) criteria.name = words.value("name");
  if (words.has("path")) criteria.path = words.value("path");
  criteria.is_ephemeral = words.has("ephemeral");
  if (auto good = parse_bounds(words, criteria); !good) return std::unexpected(good.error());
  if (words.has("owner")) {
    criteria.owner = parse_session(words.value("owner"));
    if (!criteria.owner) {
      return bad_value("find", "-owner", words.value("owner"), "a session id: 0x and hexadecimal");
    }
  }
  if (words.has("data")) {
    auto pattern = Pattern::compile(words.value("data"));
    if (!pattern) {
      return bad_value("find", "-data", words.value("data"),
                       fmt::format("a regular expression ({})", pattern.error()));
    }
    criteria.data.emplace(std::move(*pattern));
  }
  return criteria;
}

// What needs no more than the stat.
bool matches_outside(const Criteria& criteria, const Visited& visited) {
  const auto matches = [](const std::optional<std::string>& pattern, std::string_view text) {
    return !pattern || fnmatch(pattern->c_str(), std::string(text).c_str(), 0) == 0;
  };
  if (!matches(criteria.name, name_in(visited.path)) || !matches(criteria.path, visited.path)) {
    return false;
  }
  if (!visited.found)
    return !criteria.size && !criteria.children && !criteria.data && !criteria.owner &&
           !criteria.is_ephemeral;
  const auto& stat = visited.found->stat;
  if (criteria.size && !criteria.size->holds(stat.data_length)) return false;
  if (criteria.children && !criteria.children->holds(stat.num_children)) return false;
  if (criteria.owner && stat.ephemeral_owner != *criteria.owner) return false;
  return !criteria.is_ephemeral || stat.ephemeral_owner != 0;
}

CommandResult find(ShellSession& session, const ParsedWords& words) {
  const auto path = path_of(words);
  if (auto good = check_path(path); !good) return good;
  const auto depth = depth_of(words);
  if (!depth) return std::unexpected(depth.error());
  const auto criteria = parse_criteria(words);
  if (!criteria) return std::unexpected(criteria.error());
  boost::json::array matches;
  auto walked = walk(session, path, [&](const Visited& visited) {
    const auto onward = visited.depth < *depth ? Onward::kBelow : Onward::kBeside;
    if (!matches_outside(*criteria, visited)) return onward;
    if (criteria->data) {
      const auto data = session.client().get_data(visited.path);
      if (!data || !data->data || !criteria->data->is_in(*data->data)) return onward;
    }
    if (session.is_json()) {
      matches.push_back(node_json(visited));
    } else {
      const bool tells = words.has("s") && visited.found;
      session.out_line(visited.path + (tells ? details(visited.found->stat) : ""));
    }
    return onward;
  });
  if (session.is_json()) session.put("nodes", std::move(matches), "");
  return walked;
}

constexpr Command kCommands[] = {
    {.name = "tree",
     .syntax = "[path] [-d depth] [-s]",
     .options = kTreeOptions,
     .args_max = 1,
     .run = tree,
     .is_ours = true},
    {.name = "find",
     .syntax = "[path] [-name glob] [-path glob] [-size [+|-]n] [-children [+|-]n] [-data regex] "
               "[-owner 0xsession] [-ephemeral] [-d depth] [-s]",
     .options = kFindOptions,
     .args_max = 1,
     .run = find,
     .is_ours = true},
};

}  // namespace

std::span<const Command> tree_commands() {
  return kCommands;
}

}  // namespace drover::shell
