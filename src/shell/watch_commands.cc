// addWatch, removewatches, printwatches.

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "shell/command.h"
#include "shell/format.h"

namespace drover::shell {
namespace {

constexpr OptionSpec kAddOptions[] = {{"m", true, "mode"}};
constexpr std::string_view kAddSyntax =
    "[-m mode] path # optional mode is one of [PERSISTENT, PERSISTENT_RECURSIVE] - default is "
    "PERSISTENT_RECURSIVE";

CommandResult add_watch(ShellSession& session, const ParsedWords& words) {
  if (words.has("m")) {
    auto mode = words.value("m");
    std::transform(mode.begin(), mode.end(), mode.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (mode != "PERSISTENT" && mode != "PERSISTENT_RECURSIVE") {
      return command_error(fmt::format("addWatch {}", kAddSyntax));
    }
    session.adds_recursive_watches = mode == "PERSISTENT_RECURSIVE";
  }
  if (auto good = check_path(words.args[1]); !good) return good;
  const auto done = session.client().add_watch(words.args[1], session.adds_recursive_watches);
  if (!done) return command_error(done.error());
  return {};
}

constexpr OptionSpec kRemoveOptions[] = {
    {"c", false, "child watcher type"},
    {"d", false, "data watcher type"},
    {"p", false, "persistent watcher type"},
    {"r", false, "persistent recursive watcher type"},
    {"a", false, "any watcher type"},
    {"l", false, "remove locally when there is no server connection"}};

client::WatcherType watcher_type(const ParsedWords& words) {
  if (words.has("c")) return client::WatcherType::kChildren;
  if (words.has("d")) return client::WatcherType::kData;
  if (words.has("p")) return client::WatcherType::kPersistent;
  if (words.has("r")) return client::WatcherType::kPersistentRecursive;
  return client::WatcherType::kAny;
}

CommandResult remove_watches(ShellSession& session, const ParsedWords& words) {
  if (auto good = check_path(words.args[1]); !good) return good;
  const auto done =
      session.client().remove_watches(words.args[1], watcher_type(words), words.has("l"));
  if (!done) return command_error(done.error());
  return {};
}

CommandResult print_watches(ShellSession& session, const ParsedWords& words) {
  if (words.args.size() == 1) {
    session.put("printwatches", session.print_watches.load(),
                fmt::format("printwatches is {}\n", session.print_watches ? "on" : "off"));
  } else {
    session.print_watches = words.args[1] == "on";
  }
  say_if_not_connected(session);
  return {};
}

constexpr Command kCommands[] = {
    {.name = "addWatch",
     .syntax = kAddSyntax,
     .options = kAddOptions,
     .args_min = 1,
     .args_max = 1,
     .run = add_watch},
    {.name = "removewatches",
     .syntax = "path [-c|-d|-a] [-l]",
     .options = kRemoveOptions,
     .args_min = 1,
     .run = remove_watches},
    {.name = "printwatches",
     .syntax = "on|off",
     .needs_session = false,
     .has_options = false,
     .run = print_watches},
};

}  // namespace

std::span<const Command> watch_commands() {
  return kCommands;
}

}  // namespace drover::shell
