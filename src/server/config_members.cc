#include "server/config_members.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/config_keys.h"

namespace drover::server {

namespace {

constexpr std::size_t kVotersMax = 64;
constexpr std::int64_t kWeightMax = 1'000'000'000;  // sums must not overflow
// The low byte of a server's number is the high byte of its sessions' ids.
constexpr std::int64_t kSessionIdByte = 0xff;
constexpr std::int64_t kSidMaxWithTtl = 254;

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::string shown(std::string_view text) {
  std::string result(text.substr(0, 100));
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  }
  return result;
}

std::string sids_text(const zab::EnsembleConfig& ensemble) {
  std::vector<std::int64_t> sids;
  for (const auto& [sid, member] : ensemble.members) sids.push_back(sid.value);
  return fmt::format("{}", fmt::join(sids, ", "));
}

// Reads the lines one after another; the keys are known to be of members.
class MemberLines {
 public:
  MemberLines(std::string_view file, Config& config) : file_(file), config_(config) {}

  Result<void> take(const Property& property) {
    where_line_ = fmt::format("{}:{}", file_, property.line);
    where_ = fmt::format("{}: {}", where_line_, shown(property.key));
    const std::string_view key = property.key;
    const auto dot = key.rfind('.');
    const auto number = parse_number(key.substr(dot + 1));
    if (!number) return failure(fmt::format("{}: a number from 0 must follow the dot", where_));
    const std::string_view kind = find_key(key)->name;
    if (kind == "server.") return take_server(zab::ServerId(*number), property.value);
    hierarchical_ = true;
    if (kind == "group.") return take_group(*number, property.value);
    return take_weight(zab::ServerId(*number), property.value);
  }

  Result<void> finish() {
    if (!hierarchical_) return {};
    for (const auto sid : config_.ensemble.voters()) {
      if (!config_.ensemble.groups.contains(sid)) {
        return failure(fmt::format("{}: server {} is in no group, but there are groups or weights",
                                   file_, sid.value));
      }
      config_.ensemble.weights.try_emplace(sid, 1);
    }
    return {};
  }

 private:
  Result<void> take_server(zab::ServerId sid, std::string_view value) {
    auto member = zab::parse_member(sid, value);
    if (!member) {  // the message begins with the key
      return failure(
          fmt::format("{}: {}, not '{}'", where_line_, member.error().message, shown(value)));
    }
    if (!config_.ensemble.members.try_emplace(sid, std::move(*member)).second) {
      return failure(fmt::format("{}: server {} is there twice", where_, sid.value));
    }
    return {};
  }

  Result<void> take_group(std::int64_t group, std::string_view value) {
    for (std::string_view rest = value; !rest.empty() || value.empty();) {
      const auto colon = rest.find(':');
      const auto sid = parse_number(rest.substr(0, colon));
      if (!sid) {
        return failure(fmt::format("{}: must be server numbers with colons between them, not '{}'",
                                   where_, shown(value)));
      }
      if (!config_.ensemble.groups.try_emplace(zab::ServerId(*sid), group).second) {
        return failure(fmt::format("{}: server {} is in two groups", where_, *sid));
      }
      rest = colon == std::string_view::npos ? "" : rest.substr(colon + 1);
    }
    return {};
  }

  Result<void> take_weight(zab::ServerId sid, std::string_view value) {
    const auto weight = parse_number(value);
    if (!weight || *weight > kWeightMax) {
      return failure(fmt::format("{}: must be an integer, 0 to {}, not '{}'", where_, kWeightMax,
                                 shown(value)));
    }
    config_.ensemble.weights[sid] = *weight;
    return {};
  }

  std::string_view file_;
  Config& config_;
  std::string where_line_;
  std::string where_;
  bool hierarchical_ = false;
};

// Session ids of two servers must never meet, and TTL znodes need a value of that byte.
Result<void> check_sids(std::string_view file, const Config& config) {
  std::map<std::int64_t, zab::ServerId> by_byte;
  for (const auto& [sid, member] : config.ensemble.members) {
    const auto [other, fresh] = by_byte.try_emplace(sid.value & kSessionIdByte, sid);
    if (!fresh) {
      return failure(fmt::format(
          "{}: server.{} and server.{} have the same low byte, so their session ids would collide",
          file, other->second.value, sid.value));
    }
    if (config.extended_types_enabled && sid.value > kSidMaxWithTtl) {
      return failure(
          fmt::format("{}: server.{}: with extendedTypesEnabled a server number must be at most {}",
                      file, sid.value, kSidMaxWithTtl));
    }
  }
  return {};
}

Result<void> check_roles(std::string_view file, Config& config) {
  const auto& members = config.ensemble.members;
  const std::size_t voters = config.ensemble.voters().size();
  const std::size_t observers = members.size() - voters;
  if (voters == 0 && !members.empty()) {
    return failure(fmt::format("{}: Observers w/o participants is an invalid configuration", file));
  }
  if (voters == 0 && !config.standalone_enabled) {
    return failure(fmt::format("{}: standaloneEnabled is false, but there is no server.N", file));
  }
  if (voters == 1 && config.standalone_enabled) {
    if (observers > 0) {
      return failure(fmt::format("{}: Observers w/o quorum is an invalid configuration", file));
    }
    config.warnings.push_back(
        fmt::format("{}: only one server specified (ignoring): it is standalone", file));
    return {};
  }
  if (voters > kVotersMax) {
    return failure(
        fmt::format("{}: at most {} servers may vote, not {}", file, kVotersMax, voters));
  }
  if (voters == 1 || voters == 2) {
    config.warnings.push_back(
        fmt::format("{}: No server failure will be tolerated. You need at least 3 servers.", file));
  } else if (voters > 0 && voters % 2 == 0) {
    config.warnings.push_back(
        fmt::format("{}: Non-optimal configuration, consider an odd number of servers.", file));
  }
  return {};
}

// The member's own line and clientPort may both name the port; then they must agree.
Result<void> settle_client_port(const zab::Member& me, std::string_view file, Config& config) {
  if (!me.client) return {};
  const bool wildcard = config.client_port_address.empty() ||
                        config.client_port_address == "0.0.0.0" ||
                        config.client_port_address == "::";
  if (config.client_port >= 0 && (config.client_port != me.client->port ||
                                  (!wildcard && config.client_port_address != me.client->host))) {
    return failure(fmt::format("{}: clientPort says {}:{}, but server.{} says {}", file,
                               wildcard ? "*" : config.client_port_address, config.client_port,
                               me.sid.value, me.client->text()));
  }
  config.client_port = me.client->port;
  config.client_port_address = me.client->host == "0.0.0.0" ? "" : me.client->host;
  return {};
}

}  // namespace

Result<void> read_members(std::span<const Property> properties, std::string_view file,
                          Config& config) {
  MemberLines lines(file, config);
  for (const Property& property : properties) {
    if (auto taken = lines.take(property); !taken) return taken;
  }
  return lines.finish();
}

Result<void> parse_dynamic_config(std::string_view text, Config& config) {
  const std::string& file = config.dynamic_config_file;
  const auto properties = parse_properties(text);
  if (!properties) return failure(fmt::format("{}:{}", file, properties.error().message));
  std::map<std::string, const Property*> last;  // of equal keys the last counts
  for (const Property& property : *properties) last[property.key] = &property;
  std::vector<Property> members;
  for (const Property& property : *properties) {
    if (last[property.key] != &property) continue;
    const Key* key = find_key(property.key);
    if (key == nullptr || !key->of_members) {
      return failure(fmt::format("{}:{}: {}: only server.N, group.N and weight.N may stand here",
                                 file, property.line, shown(property.key)));
    }
    members.push_back(property);
  }
  if (auto read = read_members(members, file, config); !read) return read;
  // `zoo.cfg.dynamic.<hex>`: what follows the last dot is the version; anything else is version 0.
  const std::string_view suffix = std::string_view(file).substr(file.rfind('.') + 1);
  std::int64_t version = 0;
  const auto [end, error] =
      std::from_chars(suffix.data(), suffix.data() + suffix.size(), version, 16);
  const bool whole = error == std::errc() && end == suffix.data() + suffix.size();
  config.ensemble.version = whole && version >= 0 ? version : 0;
  return {};
}

Result<void> check_ensemble(std::string_view file, Config& config) {
  if (auto good = check_roles(file, config); !good) return good;
  if (!config.distributed()) {
    if (config.client_port < 0) {
      return failure(fmt::format("{}: clientPort is not set: nothing would be served", file));
    }
    return {};
  }
  if (auto good = check_sids(file, config); !good) return good;
  if (config.init_limit == 0) return failure(fmt::format("{}: initLimit is not set", file));
  if (config.sync_limit == 0) return failure(fmt::format("{}: syncLimit is not set", file));
  if (config.notification_interval_ms_min > config.notification_interval_ms_max) {
    return failure(fmt::format(
        "{}: fastleader.minNotificationInterval must not be larger than "
        "fastleader.maxNotificationInterval ({} > {})",
        file, config.notification_interval_ms_min, config.notification_interval_ms_max));
  }
  return {};
}

Result<void> settle_self(std::string_view text, std::string_view path, std::string_view file,
                         Config& config) {
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  const auto number = parse_number(line);
  if (!number) {
    return failure(
        fmt::format("{}:1: must be the number of this server, not '{}'", path, shown(line)));
  }
  config.self = zab::ServerId(*number);
  const zab::Member* me = config.ensemble.find(config.self);
  if (me == nullptr) {
    return failure(fmt::format(
        "{}:1: {} is none of the servers {} in {}", path, *number, sids_text(config.ensemble),
        config.dynamic_config_file.empty() ? file : config.dynamic_config_file));
  }
  if (me->observer != config.observer) {
    config.warnings.push_back(fmt::format("{}: peerType: the list of servers says {}, which counts",
                                          file, me->observer ? "observer" : "participant"));
    config.observer = me->observer;
  }
  if (auto settled = settle_client_port(*me, file, config); !settled) return settled;
  if (config.client_port < 0) {
    return failure(fmt::format("{}: clientPort is not set, nor does server.{} name a client port",
                               file, *number));
  }
  return {};
}

}  // namespace drover::server
