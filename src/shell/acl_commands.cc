// getAcl, setAcl, addauth.

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "shell/command.h"
#include "shell/format.h"
#include "shell/json.h"

namespace drover::shell {
namespace {

constexpr OptionSpec kGetAclOptions[] = {{"s", false, "stats"}};

CommandResult get_acl(ShellSession& session, const ParsedWords& words) {
  if (auto good = check_path(words.args[1]); !good) return good;
  const auto found = session.client().get_acl(words.args[1]);
  if (!found) return command_error(found.error());
  session.put("acl", acl_json(found->acl), acl_text(found->acl));
  if (words.has("s")) session.put(found->stat);
  return {};
}

// Calls `visit` on everything below `path` in the order of zkCli: all children of a znode, sorted,
// then each one's own.
CommandResult visit_below(ShellSession& session, const std::string& path,
                          const std::function<void(const std::string&)>& visit) {
  auto found = session.client().get_children(path);
  if (!found && found.error().code == ErrorCode::kNoNode) return {};
  if (!found) return command_error(found.error());
  std::sort(found->children.begin(), found->children.end());
  for (const auto& name : found->children) visit(child_path(path, name));
  for (const auto& name : found->children) {
    if (auto done = visit_below(session, child_path(path, name), visit); !done) return done;
  }
  return {};
}

constexpr OptionSpec kSetAclOptions[] = {
    {"s", false, "stats"}, {"v", true, "version"}, {"R", false, "recursive"}};

CommandResult set_acl(ShellSession& session, const ParsedWords& words) {
  const auto& path = words.args[1];
  const auto parsed = parse_acl(words.args[2]);
  for (const auto& complaint : parsed.complaints) session.note(complaint);
  const auto version = version_of(words);
  if (!version) return std::unexpected(version.error());
  if (auto good = check_path(path); !good) return good;
  if (parsed.acl.empty()) return command_error(Error{ErrorCode::kInvalidAcl, ""});

  if (!words.has("R")) {
    const auto done = session.client().set_acl(path, parsed.acl, *version);
    if (!done) return command_error(done.error());
    if (words.has("s")) session.put(*done);
    return {};
  }
  if (const auto there = session.client().exists(path); !there) return command_error(there.error());
  std::vector<std::string> failures;
  const auto set_one = [&](const std::string& at) {
    const auto done = session.client().set_acl(at, parsed.acl, *version);
    if (done) return;
    const auto text = keeper_error_text(done.error());
    failures.push_back(text);
    if (!session.is_json()) session.out_line(text);
  };
  set_one(path);
  auto visited = visit_below(session, path, set_one);
  if (session.is_json()) session.put("failures", list_json(failures), "");
  return visited;
}

CommandResult add_auth(ShellSession& session, const ParsedWords& words) {
  const auto auth = words.args.size() > 2 ? std::optional(words.args[2]) : std::nullopt;
  session.client().add_auth({.scheme = words.args[1], .auth = auth});
  return {};
}

constexpr Command kCommands[] = {
    {.name = "getAcl",
     .syntax = "[-s] path",
     .options = kGetAclOptions,
     .args_min = 1,
     .run = get_acl},
    {.name = "setAcl",
     .syntax = "[-s] [-v version] [-R] path acl",
     .options = kSetAclOptions,
     .args_min = 2,
     .run = set_acl},
    {.name = "addauth", .syntax = "scheme auth", .args_min = 1, .run = add_auth},
};

}  // namespace

std::span<const Command> acl_commands() {
  return kCommands;
}

}  // namespace drover::shell
