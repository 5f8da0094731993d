// ls, get, stat, sync, getEphemerals, getAllChildrenNumber, whoami, version.

#include <fmt/format.h>

#include <algorithm>

#include "cli/shell_command.h"
#include "cli/shell_format.h"

namespace drover::cli {
namespace {

// Old scripts write `ls path watch`: any second argument asks for a watch, with a reminder.
bool wants_watch(ShellSession& session, const ParsedWords& words, std::string_view new_form) {
  if (words.args.size() > 2) {
    session.err_line(fmt::format("'{} path [watch]' has been deprecated. Please use '{}' instead.",
                                 words.args[0], new_form));
    return true;
  }
  return words.has("w");
}

std::string child_path(std::string_view parent, std::string_view name) {
  return fmt::format("{}/{}", parent == "/" ? "" : parent, name);
}

// The order of zkCli's `ls -R`: all children of a znode, sorted, then each one's own.
CommandResult list_below(ShellSession& session, const std::string& path, bool watch) {
  auto found = session.client().get_children(path, watch);
  if (!found && found.error().code == ErrorCode::kNoNode) return {};  // gone meanwhile
  if (!found) return command_error(found.error());
  std::sort(found->children.begin(), found->children.end());
  std::string text;
  for (const auto& name : found->children) text += child_path(path, name) + "\n";
  session.out(text);
  for (const auto& name : found->children) {
    if (auto listed = list_below(session, child_path(path, name), watch); !listed) return listed;
  }
  return {};
}

constexpr OptionSpec kLsOptions[] = {
    {"?", false, "help"}, {"R", false, "recurse"}, {"s", false, "stat"}, {"w", false, "watch"}};

CommandResult ls(ShellSession& session, const ParsedWords& words) {
  if (words.has("?")) {
    session.out("usage: ls [options] path\n -?   help\n -R   recurse\n -s   stat\n -w   watch\n");
  }
  const auto& path = words.args[1];
  const bool watch = wants_watch(session, words, "ls [-w] path");
  if (auto good = check_path(path); !good) return good;
  if (words.has("R")) {
    if (const auto there = session.client().get_data(path, watch); !there) {
      return command_error(there.error());
    }
    session.out_line(path);
    return list_below(session, path, watch);
  }
  auto found = session.client().get_children(path, watch);
  if (!found) return command_error(found.error());
  std::sort(found->children.begin(), found->children.end());
  session.out_line(list_text(found->children));
  if (words.has("s")) session.out(stat_text(found->stat));
  return {};
}

constexpr OptionSpec kGetOptions[] = {{"b", false, "Output data in base64 format"},
                                      {"s", false, "Print znode stats additionally"},
                                      {"w", false, "Watch for changes on the znode"},
                                      {"x", false, "Output data in hexdump format"}};

CommandResult get(ShellSession& session, const ParsedWords& words) {
  const auto& path = words.args[1];
  const bool watch = wants_watch(session, words, "get [-s] [-w] path");
  if (auto good = check_path(path); !good) return good;
  const auto found = session.client().get_data(path, watch);
  if (!found) return command_error(found.error());
  const std::string data = found->data.value_or("null");
  session.out_line(words.has("x") ? hex_dump(data) : words.has("b") ? base64(data) : data);
  if (words.has("s")) session.out(stat_text(found->stat));
  return {};
}

constexpr OptionSpec kStatOptions[] = {{"w", false, "watch"}};

CommandResult stat(ShellSession& session, const ParsedWords& words) {
  const auto& path = words.args[1];
  const bool watch = wants_watch(session, words, "stat [-w] path");
  if (auto good = check_path(path); !good) return good;
  const auto found = session.client().exists(path, watch);
  if (!found) return command_error(found.error());
  session.out(stat_text(*found));
  return {};
}

CommandResult sync(ShellSession& session, const ParsedWords& words) {
  if (auto good = check_path(words.args[1]); !good) return good;
  const auto done = session.client().sync(words.args[1]);
  const int code = done ? 0 : static_cast<int>(done.error().code);
  session.out_line(done ? "Sync is OK" : fmt::format("Sync has failed. rc={}", code));
  return {};
}

CommandResult get_ephemerals(ShellSession& session, const ParsedWords& words) {
  const std::string prefix = words.args.size() > 1 ? words.args[1] : "/";
  if (auto good = check_path(prefix); !good) return good;
  const auto found = session.client().get_ephemerals(prefix);
  if (!found) return command_error(found.error());
  session.out_line(list_text(*found));
  return {};
}

CommandResult get_all_children_number(ShellSession& session, const ParsedWords& words) {
  if (auto good = check_path(words.args[1]); !good) return good;
  const auto found = session.client().get_all_children_number(words.args[1]);
  if (!found) return command_error(found.error());
  session.out_line(fmt::format("{}", *found));
  return {};
}

CommandResult whoami(ShellSession& session, const ParsedWords&) {
  const auto found = session.client().who_am_i();
  if (!found) return command_error(found.error());
  session.out_line("Auth scheme: User");
  for (const auto& id : *found) session.out_line(fmt::format("{}: {}", id.scheme, id.id));
  return {};
}

CommandResult version(ShellSession& session, const ParsedWords&) {
  session.out_line("ZooKeeper CLI version: drover-" DROVER_VERSION);
  return {};
}

constexpr ShellCommand kCommands[] = {
    {"ls", "[-s] [-w] [-R] path", kLsOptions, 1, true, ls},
    {"get", "[-s] [-w] [-b] [-x] path", kGetOptions, 1, true, get, true},
    {"stat", "[-w] path", kStatOptions, 1, true, stat},
    {"sync", "path", {}, 1, true, sync},
    {"getEphemerals", "path", {}, 0, true, get_ephemerals},
    {"getAllChildrenNumber", "path", {}, 1, true, get_all_children_number},
    {"whoami", "", {}, 0, true, whoami},
    {"version", "", {}, 0, true, version},
};

}  // namespace

std::span<const ShellCommand> read_commands() {
  return kCommands;
}

}  // namespace drover::cli
