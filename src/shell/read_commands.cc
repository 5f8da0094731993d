// ls, get, stat, sync, getEphemerals, getAllChildrenNumber, whoami, version.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "shell/command.h"
#include "shell/format.h"
#include "shell/json.h"
#include "toolbox/base64.h"

namespace drover::shell {
namespace {

// The order of zkCli's `ls -R`: all children of a znode, sorted, then each one's own.
CommandResult list_below(ShellSession& session, const std::string& path, bool watch,
                         std::vector<std::string>& listed) {
  auto found = session.client().get_children(path, watch);
  if (!found && found.error().code == ErrorCode::kNoNode) return {};  // gone meanwhile
  if (!found) return command_error(found.error());
  std::sort(found->children.begin(), found->children.end());
  std::string text;
  for (const auto& name : found->children) {
    text += child_path(path, name) + "\n";
    if (session.is_json()) listed.push_back(child_path(path, name));
  }
  if (!session.is_json()) session.out(text);
  for (const auto& name : found->children) {
    if (auto done = list_below(session, child_path(path, name), watch, listed); !done) return done;
  }
  return {};
}

CommandResult list_tree(ShellSession& session, const std::string& path, bool watch) {
  if (const auto there = session.client().get_data(path, watch); !there) {
    return command_error(there.error());
  }
  std::vector<std::string> listed{path};
  if (!session.is_json()) session.out_line(path);
  auto done = list_below(session, path, watch, listed);
  if (session.is_json()) session.put("paths", list_json(listed), "");
  return done;
}

constexpr OptionSpec kLsOptions[] = {
    {"?", false, "help"}, {"R", false, "recurse"}, {"s", false, "stat"}, {"w", false, "watch"}};

CommandResult ls(ShellSession& session, const ParsedWords& words) {
  const auto& path = words.args[1];
  if (auto good = check_path(path); !good) return good;
  if (words.has("R")) return list_tree(session, path, words.has("w"));
  auto found = session.client().get_children(path, words.has("w"));
  if (!found) return command_error(found.error());
  std::sort(found->children.begin(), found->children.end());
  session.put("children", list_json(found->children), list_text(found->children) + "\n");
  if (words.has("s")) session.put(found->stat);
  return {};
}

constexpr OptionSpec kGetOptions[] = {{"b", false, "Output data in base64 format"},
                                      {"s", false, "Print znode stats additionally"},
                                      {"w", false, "Watch for changes on the znode"},
                                      {"x", false, "Output data in hexdump format"}};

CommandResult get(ShellSession& session, const ParsedWords& words) {
  const auto& path = words.args[1];
  if (auto good = check_path(path); !good) return good;
  const auto found = session.client().get_data(path, words.has("w"));
  if (!found) return command_error(found.error());
  const std::string data = found->data.value_or("null");
  const auto text = words.has("x") ? hex_dump(data) : words.has("b") ? toolbox::base64(data) : data;
  const bool is_encoded = words.has("b") || words.has("x");
  session.put("data", is_encoded ? boost::json::string(text) : data_json(found->data), text + "\n");
  if (words.has("s")) session.put(found->stat);
  return {};
}

constexpr OptionSpec kStatOptions[] = {{"w", false, "watch"}};

CommandResult stat(ShellSession& session, const ParsedWords& words) {
  const auto& path = words.args[1];
  if (auto good = check_path(path); !good) return good;
  const auto found = session.client().exists(path, words.has("w"));
  if (!found) return command_error(found.error());
  session.put(*found);
  return {};
}

CommandResult sync(ShellSession& session, const ParsedWords& words) {
  if (auto good = check_path(words.args[1]); !good) return good;
  const auto done = session.client().sync(words.args[1]);
  const int code = done ? 0 : static_cast<int>(done.error().code);
  session.put("rc", code, done ? "Sync is OK\n" : fmt::format("Sync has failed. rc={}\n", code));
  return {};
}

CommandResult get_ephemerals(ShellSession& session, const ParsedWords& words) {
  const std::string prefix = words.args.size() > 1 ? words.args[1] : "/";
  if (auto good = check_path(prefix); !good) return good;
  const auto found = session.client().get_ephemerals(prefix);
  if (!found) return command_error(found.error());
  session.put("paths", list_json(*found), list_text(*found) + "\n");
  return {};
}

CommandResult get_all_children_number(ShellSession& session, const ParsedWords& words) {
  if (auto good = check_path(words.args[1]); !good) return good;
  const auto found = session.client().get_all_children_number(words.args[1]);
  if (!found) return command_error(found.error());
  session.put("count", *found, fmt::format("{}\n", *found));
  return {};
}

CommandResult whoami(ShellSession& session, const ParsedWords&) {
  const auto found = session.client().who_am_i();
  if (!found) return command_error(found.error());
  std::string text = "Auth scheme: User\n";
  boost::json::array ids;
  for (const auto& id : *found) {
    text += fmt::format("{}: {}\n", id.scheme, id.id);
    ids.push_back(boost::json::object{{"scheme", id.scheme}, {"id", id.id}});
  }
  session.put("identities", std::move(ids), text);
  return {};
}

CommandResult version(ShellSession& session, const ParsedWords&) {
  session.put("version", "drover-" DROVER_VERSION,
              "ZooKeeper CLI version: drover-" DROVER_VERSION "\n");
  return {};
}

constexpr Command kCommands[] = {
    {.name = "ls",
     .syntax = "[-s] [-w] [-R] path",
     .options = kLsOptions,
     .args_min = 1,
     .run = ls,
     .watch_form = "ls [-w] path"},
    {.name = "get",
     .syntax = "[-s] [-w] [-b] [-x] path",
     .options = kGetOptions,
     .args_min = 1,
     .run = get,
     .usage_lists_options = true,
     .watch_form = "get [-s] [-w] path"},
    {.name = "stat",
     .syntax = "[-w] path",
     .options = kStatOptions,
     .args_min = 1,
     .run = stat,
     .watch_form = "stat [-w] path"},
    {.name = "sync", .syntax = "path", .args_min = 1, .run = sync},
    {.name = "getEphemerals", .syntax = "path", .run = get_ephemerals},
    {.name = "getAllChildrenNumber",
     .syntax = "path",
     .args_min = 1,
     .run = get_all_children_number},
    {.name = "whoami", .syntax = "", .has_options = false, .run = whoami},
    {.name = "version", .syntax = "", .args_max = 0, .run = version},
};

}  // namespace

std::span<const Command> read_commands() {
  return kCommands;
}

}  // namespace drover::shell
