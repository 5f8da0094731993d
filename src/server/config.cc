#include "server/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <map>

#include "server/config_keys.h"
#include "server/config_members.h"
#include "server/properties.h"

namespace drover::server {

namespace {

constexpr std::size_t kShownMax = 200;

// For a message: one line, not too long.
std::string shown(std::string_view text) {
  std::string result(text.substr(0, kShownMax));
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  }
  if (text.size() > kShownMax) result += "...";
  return result;
}

// One property. Answers the error sentence, empty when all is well.
std::string take(const Property& property, const std::string& where, Config& config) {
  const Key* key = find_key(property.key);
  if (key != nullptr && key->of_members) return {};
  if (key == nullptr) {
    const auto nearest = nearest_key(property.key);
    config.warnings.push_back(
        fmt::format("{}: {}: unknown key{}", where, shown(property.key),
                    nearest.empty() ? std::string() : fmt::format("; did you mean {}?", nearest)));
    return {};
  }
  if (!key->set) {
    config.warnings.push_back(fmt::format("{}: {} has no meaning here: {}", where,
                                          shown(property.key), key->why_ignored));
    return {};
  }
  const auto warnings_before = config.warnings.size();
  if (!key->set(property.value, config)) {
    const bool refused = key->allowed.starts_with("refused");
    return fmt::format("{}: {}: {}{}{}", where, shown(property.key), refused ? "" : "must be ",
                       key->allowed,
                       refused ? "" : fmt::format(", not '{}'", shown(property.value)));
  }
  for (auto i = warnings_before; i < config.warnings.size(); ++i) {
    config.warnings[i] = fmt::format("{}: {}", where, config.warnings[i]);
  }
  return {};
}

// What one key alone cannot tell. `lines` says where keys stood.
std::string check_together(const Config& config, const std::map<std::string, int>& lines,
                           std::string_view file) {
  const auto at = [&](const char* key) {
    const auto found = lines.find(key);
    return found == lines.end() ? std::string(file) : fmt::format("{}:{}", file, found->second);
  };
  if (config.data_dir.empty()) return fmt::format("{}: dataDir is not set", file);
  // A member's own line may name the port: check_ensemble and settle_self see to that.
  const bool others_may_tell =
      !config.ensemble.members.empty() || !config.dynamic_config_file.empty();
  if (config.client_port < 0 && !others_may_tell) {
    return config.client_port_address.empty()
               ? fmt::format("{}: clientPort is not set: nothing would be served", file)
               : fmt::format("{}: clientPortAddress is set but clientPort is not set",
                             at("clientPortAddress"));
  }
  const auto [min, max] = config.session_timeouts();
  if (min > max) {
    return fmt::format("{}: minSessionTimeout must not be larger than maxSessionTimeout ({} > {})",
                       at("minSessionTimeout"), min, max);
  }
  if (config.enforce_auth && config.enforce_auth_schemes.empty()) {
    return fmt::format("{}: enforce.auth.schemes is not set, but enforce.auth.enabled is true",
                       at("enforce.auth.enabled"));
  }
  return {};
}

// For operators to read over the network, so without what opens doors.
void keep_source(std::string_view text, const std::vector<Property>& properties, Config& config) {
  constexpr std::string_view kHidden = "<hidden>";
  config.source_text = text;
  std::map<std::string, std::string> keys;
  for (const Property& property : properties) {
    std::string lower_key = property.key;
    std::ranges::transform(lower_key, lower_key.begin(),
                           [](unsigned char c) { return std::tolower(c); });
    const bool secret = lower_key.find("passw") != std::string::npos ||
                        lower_key.find("superdigest") != std::string::npos;
    keys[property.key] = secret ? std::string(kHidden) : property.value;
    if (!secret || property.value.empty()) continue;
    for (auto at = config.source_text.find(property.value); at != std::string::npos;
         at = config.source_text.find(property.value, at + kHidden.size())) {
      config.source_text.replace(at, property.value.size(), kHidden);
    }
  }
  config.source_keys.assign(keys.begin(), keys.end());
}

}  // namespace

Config::Timeouts Config::session_timeouts() const {
  const auto ticks = [this](std::int64_t n) { return static_cast<std::int32_t>(tick_ms * n); };
  return {session_timeout_ms_min == -1 ? ticks(2) : session_timeout_ms_min,
          session_timeout_ms_max == -1 ? ticks(20) : session_timeout_ms_max};
}

std::int32_t Config::length_max() const {
  const std::int64_t extra =
      std::max<std::int64_t>(frame_extra_bytes == -1 ? frame_bytes_max : frame_extra_bytes, 1024);
  return static_cast<std::int32_t>(
      std::min<std::int64_t>(frame_bytes_max + extra, std::numeric_limits<std::int32_t>::max()));
}

bool Config::distributed() const {
  const std::size_t voters = ensemble.voters().size();
  return !ensemble.members.empty() && (voters > 1 || !standalone_enabled);
}

Result<Config> parse_config(std::string_view text, std::string_view file, Config config) {
  const auto properties = parse_properties(text);
  if (!properties) return failure(fmt::format("{}:{}", file, properties.error().message));
  // The last of equal keys counts, the earlier ones are not even looked at, as in Apache.
  std::map<std::string, int> lines;
  for (const Property& property : *properties) lines[property.key] = property.line;
  std::vector<Property> members;
  for (const Property& property : *properties) {
    if (lines[property.key] != property.line) continue;
    const Key* key = find_key(property.key);
    if (key != nullptr && key->of_members) members.push_back(property);
    if (const auto error = take(property, fmt::format("{}:{}", file, property.line), config);
        !error.empty()) {
      return failure(error);
    }
  }
  if (!members.empty() && !config.dynamic_config_file.empty()) {
    return failure(fmt::format("{}:{}: {}: must stand in the dynamicConfigFile, {}", file,
                               members[0].line, shown(members[0].key), config.dynamic_config_file));
  }
  if (auto read = read_members(members, file, config); !read) return std::unexpected(read.error());
  if (const auto error = check_together(config, lines, file); !error.empty()) return failure(error);
  keep_source(text, *properties, config);
  return config;
}

Result<void> set_property(std::string_view name_and_value, Config& config) {
  // Where Apache looks up properties: all others in a JVM's environment are Java's.
  constexpr std::array<std::string_view, 4> kOurs = {"zookeeper.", "jute.", "znode.container.",
                                                     "readonlymode."};
  const auto equals = std::min(name_and_value.find('='), name_and_value.size());
  const std::string_view name = name_and_value.substr(0, equals);
  const auto is_prefix = [name](std::string_view prefix) { return name.starts_with(prefix); };
  if (std::ranges::none_of(kOurs, is_prefix)) return {};
  const Property property{
      .key = std::string(name),
      .value = std::string(name_and_value.substr(std::min(equals + 1, name_and_value.size())))};
  const auto error = take(property, "command line", config);
  return error.empty() ? Result<void>{} : failure(error);
}

Config default_config() {
  Config config;
  config.client_port = 2181;
  config.client_port_address = "127.0.0.1";
  config.data_dir = "./drover-data";
  return config;
}

}  // namespace drover::server
