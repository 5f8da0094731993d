// config, reconfig: the members of the ensemble.

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

#include "shell/command.h"
#include "shell/format.h"

namespace drover::shell {
namespace {

constexpr OptionSpec kConfigOptions[] = {
    {"s", false, "stats"}, {"w", false, "watch"}, {"c", false, "client connection string"}};

// What `config -c` makes of the configuration: its version and where clients connect.
std::string client_config_text(std::string_view config) {
  std::string version;
  std::string servers;
  while (!config.empty()) {
    const auto end = config.find('\n');
    const auto line = config.substr(0, end);
    config = end == std::string_view::npos ? std::string_view() : config.substr(end + 1);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const auto value = line.substr(equals + 1);
    if (line.starts_with("version=")) version = value;
    if (!line.starts_with("server.")) continue;
    const auto semicolon = value.find(';');
    if (semicolon == std::string_view::npos) continue;
    auto address = std::string(value.substr(semicolon + 1));
    address = address.substr(0, address.find(';'));  // behind it, the secure one
    if (address.find(':') == std::string::npos) {
      address = fmt::format("{}:{}", value.substr(0, value.find(':')), address);
    }
    servers += (servers.empty() ? "" : ",") + address;
  }
  return fmt::format("{} {}", version, servers);
}

CommandResult config(ShellSession& session, const ParsedWords& words) {
  const auto found = session.client().get_config(words.has("w"));
  if (!found) return command_error(found.error());
  const std::string text = found->data.value_or("null");
  const auto shown = words.has("c") ? client_config_text(text) : text;
  session.put("config", shown, shown + "\n");
  if (words.has("s")) session.put(found->stat);
  return {};
}

constexpr std::string_view kReconfigSyntax =
    "[-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]] | "
    "[-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]";
constexpr OptionSpec kReconfigOptions[] = {
    {"s", false, "stats"},
    {"v", true, "required current config version"},
    {"file", true, "path of config file to parse for membership"},
    {"members", true, "comma-separated list of config strings for non-incremental reconfig"},
    {"add", true, "comma-separated list of config strings for new servers"},
    {"remove", true, "comma-separated list of server IDs to remove"}};

std::optional<std::string> lower_case_value(const ParsedWords& words, std::string_view option) {
  if (!words.has(option)) return std::nullopt;
  auto text = words.value(option);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::optional<std::int64_t> parse_hexadecimal(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The members in a configuration file, as -members takes them. The server judges them.
std::expected<std::string, CommandError> members_of_file(const std::string& name) {
  std::ifstream file(name);
  // A folder can be opened; only reading it fails.
  if (file) file.peek();
  if (!file && !file.eof()) {
    // Apache's shell puts the exception's text right behind the name.
    return command_error(fmt::format("Error processing {0}{0} ({1})", name, std::strerror(errno)));
  }
  std::string members;
  for (std::string line; std::getline(file, line);) {
    std::erase_if(line, [](unsigned char c) { return std::isspace(c) != 0; });
    if (!line.starts_with("server.") && !line.starts_with("group.") &&
        !line.starts_with("weight.")) {
      continue;
    }
    members += (members.empty() ? "" : ",") + line;
  }
  return members;
}

CommandResult reconfig(ShellSession& session, const ParsedWords& words) {
  const bool is_whole = words.has("file") || words.has("members");
  const bool is_incremental = words.has("add") || words.has("remove");
  if (!is_whole && !is_incremental) {
    return command_error(fmt::format("reconfig {}", kReconfigSyntax));
  }
  std::int64_t version = -1;
  if (words.has("v")) {
    const auto given = parse_hexadecimal(words.value("v"));
    if (!given) return command_error("-v must be followed by a long (configuration version)");
    version = *given;
  }
  if (is_whole && is_incremental) {
    return command_error(
        "Can't use -file or -members together with -add or -remove (mixing incremental and "
        "non-incremental modes is not allowed)");
  }
  if (words.has("file") && words.has("members")) {
    return command_error(
        "Can't use -file and -members together (conflicting non-incremental modes)");
  }
  auto members = lower_case_value(words, "members");
  if (words.has("file")) {
    const auto read = members_of_file(words.value("file"));
    if (!read) return std::unexpected(read.error());
    members = *read;
  }
  const auto done = session.client().reconfig({.joining = lower_case_value(words, "add"),
                                               .leaving = lower_case_value(words, "remove"),
                                               .new_members = members,
                                               .version = version});
  if (!done) return command_error(done.error());
  const auto config = done->data.value_or("");
  session.put("config", config, fmt::format("Committed new configuration:\n{}\n", config));
  if (words.has("s")) session.put(done->stat);
  return {};
}

constexpr Command kCommands[] = {
    {.name = "config", .syntax = "[-c] [-w] [-s]", .options = kConfigOptions, .run = config},
    {.name = "reconfig", .syntax = kReconfigSyntax, .options = kReconfigOptions, .run = reconfig},
};

}  // namespace

std::span<const Command> config_commands() {
  return kCommands;
}

}  // namespace drover::shell
