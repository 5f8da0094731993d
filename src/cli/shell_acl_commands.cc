// getAcl, setAcl, addauth.

#include <fmt/format.h>

#include <functional>

#include "cli/shell_command.h"
#include "cli/shell_format.h"

namespace drover::cli {
namespace {

constexpr OptionSpec kGetAclOptions[] = {{"s", false, "stats"}};

CommandResult get_acl(ShellSession& session, const ParsedWords& words) {
  if (auto good = check_path(words.args[1]); !good) return good;
  const auto found = session.client().get_acl(words.args[1]);
  if (!found) return command_error(found.error());
  session.out(acl_text(found->acl));
  if (words.has("s")) session.out(stat_text(found->stat));
  return {};
}

// Calls `visit` on `path` and everything below it, parents first.
CommandResult visit_tree(ShellSession& session, const std::string& path,
                         const std::function<void(const std::string&)>& visit) {
  visit(path);
  const auto found = session.client().get_children(path);
  if (!found && found.error().code == ErrorCode::kNoNode) return {};
  if (!found) return command_error(found.error());
  const std::string prefix = path == "/" ? "" : path;
  for (const auto& name : found->children) {
    if (auto done = visit_tree(session, prefix + "/" + name, visit); !done) return done;
  }
  return {};
}

constexpr OptionSpec kSetAclOptions[] = {
    {"s", false, "stats"}, {"v", true, "version"}, {"R", false, "recursive"}};

CommandResult set_acl(ShellSession& session, const ParsedWords& words) {
  const auto& path = words.args[1];
  const auto parsed = parse_acl(words.args[2]);
  for (const auto& complaint : parsed.complaints) session.err_line(complaint);
  std::int32_t version = -1;
  if (words.has("v")) {
    const auto given = parse_number<std::int32_t>(words.value("v"));
    if (!given) {
      return command_error(fmt::format("java.lang.NumberFormatException: For input string: \"{}\"",
                                       words.value("v")));
    }
    version = *given;
  }
  if (auto good = check_path(path); !good) return good;
  if (parsed.acl.empty()) return command_error(Error{ErrorCode::kInvalidAcl, ""});

  const auto set_one = [&](const std::string& at) -> Result<void> {
    const auto done = session.client().set_acl(at, parsed.acl, version);
    if (!done) return std::unexpected(done.error());
    if (words.has("s")) session.out(stat_text(*done));
    return {};
  };
  if (!words.has("R")) {
    if (const auto done = set_one(path); !done) return command_error(done.error());
    return {};
  }
  if (const auto there = session.client().exists(path); !there) return command_error(there.error());
  return visit_tree(session, path, [&](const std::string& at) {
    if (const auto done = set_one(at); !done) session.err_line(keeper_error_text(done.error()));
  });
}

CommandResult add_auth(ShellSession& session, const ParsedWords& words) {
  session.client().add_auth(words.args[1], words.args.size() > 2 ? words.args[2] : "");
  return {};
}

constexpr ShellCommand kCommands[] = {
    {"getAcl", "[-s] path", kGetAclOptions, 1, true, get_acl},
    {"setAcl", "[-s] [-v version] [-R] path acl", kSetAclOptions, 2, true, set_acl},
    {"addauth", "scheme auth", {}, 1, true, add_auth},
};

}  // namespace

std::span<const ShellCommand> acl_commands() {
  return kCommands;
}

}  // namespace drover::cli
