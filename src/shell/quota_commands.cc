// setquota, listquota, delquota: they keep the znodes below /zookeeper/quota that the server acts
// on.

#include <fmt/format.h>

#include <algorithm>

#include "shell/command.h"
#include "shell/format.h"
#include "shell/quota_text.h"

namespace drover::shell {
namespace {

constexpr std::string_view kQuotaRoot = "/zookeeper/quota";
constexpr std::string_view kLimits = "zookeeper_limits";
constexpr std::string_view kStats = "zookeeper_stats";
constexpr std::string_view kSetSyntax = "-n|-b|-N|-B val path";
constexpr std::string_view kNoLimits = "count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=-1";
constexpr OptionSpec kSetOptions[] = {{"n", true, "num soft quota"},
                                      {"b", true, "bytes soft quota"},
                                      {"N", true, "num hard quota"},
                                      {"B", true, "bytes hard quota"}};
constexpr OptionSpec kDeleteOptions[] = {{"n", false, "num soft quota"},
                                         {"b", false, "bytes soft quota"},
                                         {"N", false, "num hard quota"},
                                         {"B", false, "bytes hard quota"}};

std::string quota_path(std::string_view path) {
  return fmt::format("{}{}", kQuotaRoot, path);
}
std::string limits_path(std::string_view path) {
  return fmt::format("{}{}/{}", kQuotaRoot, path, kLimits);
}
std::string stats_path(std::string_view path) {
  return fmt::format("{}{}/{}", kQuotaRoot, path, kStats);
}

std::string_view key_of(std::string_view option) {
  if (option == "n") return kQuotaCount;
  if (option == "b") return kQuotaBytes;
  return option == "N" ? kQuotaCountHard : kQuotaBytesHard;
}

bool counts_znodes(std::string_view option) {
  return option == "n" || option == "N";
}

// The one option of the four that was given; empty for none.
std::expected<std::string, CommandError> chosen(const ParsedWords& words) {
  if (words.given.size() > 1) {
    return command_error(
        fmt::format("org.apache.commons.cli.AlreadySelectedException: The option '{}' was "
                    "specified but an option "
                    "from this group has already been selected: '{}'",
                    words.given[1].first, words.given[0].first));
  }
  return words.given.empty() ? std::string() : words.given[0].first;
}

// Children of `path`, none if it is not there.
std::expected<std::vector<std::string>, CommandError> children_of(ShellSession& session,
                                                                  const std::string& path) {
  const auto found = session.client().get_children(path);
  if (found) return found->children;
  if (found.error().code == ErrorCode::kNoNode) return std::vector<std::string>();
  return command_error(found.error());
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Quotas do not nest: error when a znode above `path` has one ...
CommandResult check_parents(ShellSession& session, const std::string& path) {
  for (auto slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const auto parent = path.substr(0, slash);
    const auto children = children_of(session, quota_path(parent));
    if (!children) return std::unexpected(children.error());
    if (contains(*children, kLimits)) {
      return command_error(fmt::format("{} has a parent {} which has a quota", path, parent));
    }
  }
  return {};
}

// ... or one below it.
CommandResult check_children(ShellSession& session, const std::string& path,
                             const std::string& at) {
  const auto children = children_of(session, quota_path(at));
  if (!children) return std::unexpected(children.error());
  if (at != path && contains(*children, kLimits)) {
    return command_error(fmt::format("{} has a child {} which has a quota", path, at));
  }
  for (const auto& name : *children) {
    if (name == kLimits || name == kStats) continue;
    if (auto good = check_children(session, path, at + "/" + name); !good) return good;
  }
  return {};
}

CommandResult create_if_absent(ShellSession& session, const std::string& path,
                               std::string_view data) {
  client::CreateOptions options{.acl = {{perms::kAll, {"world", "anyone"}}}};
  if (!data.empty()) options.data = data;
  const auto made = session.client().create(path, options);
  if (!made && made.error().code != ErrorCode::kNodeExists) return command_error(made.error());
  return {};
}

// Writes the limit, making the znodes for it where they are missing.
CommandResult write_limit(ShellSession& session, const std::string& path, std::string_view key,
                          std::int64_t value) {
  const auto below = quota_path(path);
  for (auto slash = below.find('/', kQuotaRoot.size() + 1);; slash = below.find('/', slash + 1)) {
    if (auto made = create_if_absent(session, below.substr(0, slash), ""); !made) return made;
    if (slash == std::string::npos) break;
  }
  const auto old = session.client().get_data(limits_path(path));
  if (!old && old.error().code != ErrorCode::kNoNode) return command_error(old.error());
  QuotaText limits(old ? old->data.value_or("") : kNoLimits);
  limits.set(key, value);
  if (old) {
    const auto done = session.client().set_data(limits_path(path), limits.text(), -1);
    if (!done) return command_error(done.error());
    return {};
  }
  if (auto made = create_if_absent(session, limits_path(path), limits.text()); !made) return made;
  QuotaText usage;
  usage.set(kQuotaCount, 0);
  usage.set(kQuotaBytes, 0);
  return create_if_absent(session, stats_path(path), usage.text());
}

bool is_exceeded(const QuotaText& limits, std::string_view soft, std::string_view hard,
                 std::int64_t used) {
  const auto below = [&](std::int64_t limit) { return limit > -1 && limit < used; };
  return below(limits.get(soft)) || below(limits.get(hard));
}

// Of all limits that are now in force, not only of the one just set.
void warn_if_exceeded(ShellSession& session, const std::string& path) {
  const auto limits_data = session.client().get_data(limits_path(path));
  const auto usage_data = session.client().get_data(stats_path(path));
  if (!limits_data || !usage_data) return;
  const QuotaText limits(limits_data->data.value_or(""));
  const QuotaText usage(usage_data->data.value_or(""));
  const auto warn = [&](std::string_view what, std::int64_t used) {
    session.put(fmt::format("{}_exceeded_by", what), used,
                fmt::format("[Warning]: the {0} quota you create is less than the existing "
                            "{0}:{1}\n",
                            what, used));
  };
  const auto count = usage.get(kQuotaCount);
  const auto bytes = usage.get(kQuotaBytes);
  if (is_exceeded(limits, kQuotaCount, kQuotaCountHard, count)) warn("count", count);
  if (is_exceeded(limits, kQuotaBytes, kQuotaBytesHard, bytes)) warn("bytes", bytes);
}

CommandResult set_quota(ShellSession& session, const ParsedWords& words) {
  const auto option = chosen(words);
  if (!option) return std::unexpected(option.error());
  if (option->empty()) {
    return command_error(
        "org.apache.commons.cli.MissingOptionException: Missing required option: [-n num soft "
        "quota, -b "
        "bytes soft quota, -N num hard quota, -B bytes hard quota]");
  }
  if (words.args.size() < 2) return command_error(fmt::format("setquota {}", kSetSyntax));
  const auto& path = words.args[1];
  if (path.starts_with(kQuotaRoot)) {
    session.note(fmt::format("cannot set a quota under the path: {}", kQuotaRoot));
    return {};
  }
  // Apache counts znodes in 32 bits, bytes in 64.
  const auto limit = parse_number<std::int64_t>(words.value(*option));
  if (!limit || (counts_znodes(*option) && *limit != static_cast<std::int32_t>(*limit)))
    return command_error("NumberFormatException happens when parsing the option value");
  if (counts_znodes(*option) && *limit <= 0) {
    return command_error("the num quota must be greater than zero");
  }
  if (*limit < 0) return command_error("the bytes quota must be greater than or equal to zero");

  if (auto good = check_path(path); !good) return good;
  const auto there = session.client().exists(path);
  if (!there && there.error().code == ErrorCode::kNoNode) {
    return command_error(fmt::format("{} does not exist.", path));
  }
  if (!there) return command_error(there.error());
  if (path == "/") return check_path("//");  // the quota of the root would have such a path
  if (auto good = check_children(session, path, path); !good) return good;
  if (auto good = check_parents(session, path); !good) return good;
  if (auto written = write_limit(session, path, key_of(*option), *limit); !written) return written;
  warn_if_exceeded(session, path);
  return {};
}

CommandResult list_quota(ShellSession& session, const ParsedWords& words) {
  const auto& path = words.args[1];
  if (!session.is_json()) session.note(fmt::format("absolute path is {}", limits_path(path)));
  if (auto good = check_path(limits_path(path)); !good) return good;
  const auto limits = session.client().get_data(limits_path(path));
  if (!limits && limits.error().code == ErrorCode::kNoNode) {
    if (session.is_json()) session.put("quota", nullptr, "");
    if (!session.is_json()) session.note(fmt::format("quota for {} does not exist.", path));
    return {};
  }
  if (!limits) return command_error(limits.error());
  const auto quota = QuotaText(limits->data.value_or("")).text();
  session.put("quota", quota, fmt::format("Output quota for {} {}\n", path, quota));
  const auto usage = session.client().get_data(stats_path(path));
  if (!usage) return command_error(usage.error());
  const auto used = QuotaText(usage->data.value_or("")).text();
  session.put("usage", used, fmt::format("Output stat for {} {}\n", path, used));
  return {};
}

// Deletes the quota's znodes and the parents that they leave empty.
CommandResult remove_quota(ShellSession& session, const std::string& path) {
  auto at = quota_path(path);
  const auto children = children_of(session, at);
  if (!children) return std::unexpected(children.error());
  for (const auto& name : *children) {
    if (const auto done = session.client().remove(at + "/" + name, -1); !done) {
      return command_error(done.error());
    }
  }
  while (at != kQuotaRoot) {
    const auto rest = children_of(session, at);
    if (!rest) return std::unexpected(rest.error());
    if (!rest->empty()) break;
    if (const auto done = session.client().remove(at, -1); !done)
      return command_error(done.error());
    at = at.substr(0, at.rfind('/'));
  }
  return {};
}

CommandResult delete_quota(ShellSession& session, const ParsedWords& words) {
  const auto option = chosen(words);
  if (!option) return std::unexpected(option.error());
  const auto& path = words.args[1];
  if (auto good = check_path(limits_path(path)); !good) return good;
  const auto limits = session.client().get_data(limits_path(path));
  if (!limits && limits.error().code == ErrorCode::kNoNode) {
    session.put("quota", nullptr, fmt::format("Quota does not exist for {}\n", path));
    return {};
  }
  if (!limits) return command_error(limits.error());
  if (option->empty()) return remove_quota(session, path);
  QuotaText changed(limits->data.value_or(""));
  changed.set(key_of(*option), -1);
  const auto done = session.client().set_data(limits_path(path), changed.text(), -1);
  if (!done) return command_error(done.error());
  return {};
}

constexpr Command kCommands[] = {
    {.name = "setquota", .syntax = kSetSyntax, .options = kSetOptions, .run = set_quota},
    {.name = "listquota", .syntax = "path", .args_min = 1, .run = list_quota},
    {.name = "delquota",
     .syntax = "[-n|-b|-N|-B] path",
     .options = kDeleteOptions,
     .args_min = 1,
     .run = delete_quota},
};

}  // namespace

std::span<const Command> quota_commands() {
  return kCommands;
}

}  // namespace drover::shell
