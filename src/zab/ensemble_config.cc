#include "zab/ensemble_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>

namespace drover::zab {

namespace {

constexpr std::size_t kVotersMax = 64;  // Quorum keeps them as bits
// Sums of weights must not overflow; nobody needs more.
constexpr std::int64_t kWeightMax = 1'000'000'000;

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\f";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

// The whole of `text` as a number of min..max.
std::optional<std::int64_t> parse_number(std::string_view text, std::int64_t min, std::int64_t max,
                                         int base = 10) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value < min || value > max) return std::nullopt;
  return value;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto port = parse_number(text, 1, 65535);
  if (!port) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

std::optional<ServerId> parse_sid(std::string_view text) {
  // INT64_MAX means "no sid" in an election's first message.
  const auto sid = parse_number(text, 0, std::numeric_limits<std::int64_t>::max() - 1);
  if (!sid) return std::nullopt;
  return ServerId(*sid);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

// Colon fields, the first of which may be an IPv6 literal in brackets. Empty: the brackets are
// wrong.
std::vector<std::string_view> host_and_fields(std::string_view text) {
  if (!text.starts_with('[')) return split(text, ':');
  const auto end = text.find("]:");
  if (end == std::string_view::npos) return {};
  auto fields = split(text.substr(end + 2), ':');
  fields.insert(fields.begin(), text.substr(1, end - 1));
  return fields;
}

// A line of Java properties: what `\` escapes stands for itself.
struct Property {
  std::string key;
  std::string value;
};

Result<Property> parse_property(std::string_view line) {
  Property property;
  bool in_key = true;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\') {
      if (++i == line.size()) return failure("a line that goes on in the next is not supported");
      (in_key ? property.key : property.value).push_back(line[i]);
    } else if (in_key && (c == '=' || c == ':' || c == ' ' || c == '\t')) {
      in_key = false;
      const auto value = line.find_first_not_of(" \t", i);
      if (value == std::string_view::npos) break;
      i = line[value] == '=' || line[value] == ':' ? value : value - 1;
    } else {
      (in_key ? property.key : property.value).push_back(c);
    }
  }
  property.value = std::string(trim(property.value));
  return property;
}

// One key at a time into a configuration.
class Parser {
 public:
  std::optional<std::string> add(const Property& property) {
    const std::string_view key = property.key;
    const std::string_view value = property.value;
    if (key.starts_with("server.")) return add_member(key, value);
    if (key.starts_with("group.")) return add_group(key, value);
    if (key.starts_with("weight.")) return add_weight(key, value);
    if (key != "version") return "expected server.N, group.N, weight.N or version";
    const auto version = parse_number(value, 0, std::numeric_limits<std::int64_t>::max(), 16);
    if (!version) return "expected a hexadecimal number";
    config.version = *version;
    return std::nullopt;
  }

  // What only the whole can tell.
  std::optional<std::string> finish() {
    std::size_t voters = 0;
    for (const auto& [sid, member] : config.members) voters += member.observer ? 0 : 1;
    if (voters > kVotersMax) {
      return fmt::format("{} voters, more than {} are not supported", voters, kVotersMax);
    }
    if (config.groups.empty()) {
      if (config.weights.empty()) return std::nullopt;
      return "weights without groups";
    }
    for (const auto& [sid, member] : config.members) {
      if (!member.observer && !config.groups.contains(sid)) {
        return fmt::format("server.{} is in no group", sid.value);
      }
    }
    return std::nullopt;
  }

  EnsembleConfig config;

 private:
  std::optional<std::string> add_member(std::string_view key, std::string_view value) {
    const auto sid = parse_sid(key.substr(key.find('.') + 1));
    if (!sid) return "expected a server's number after server.";
    if (config.members.contains(*sid)) return "named twice";
    auto member = parse_member(*sid, value);
    if (!member) return member.error().message.substr(key.size() + 2);  // it names the key
    config.members.emplace(*sid, std::move(*member));
    return std::nullopt;
  }

  std::optional<std::string> add_group(std::string_view key, std::string_view value) {
    const auto group = parse_sid(key.substr(key.find('.') + 1));
    if (!group) return "expected a group's number after group.";
    for (const auto text : split(value, ':')) {
      const auto sid = parse_sid(trim(text));
      if (!sid) return "expected servers' numbers with colons between them";
      if (!config.groups.emplace(*sid, group->value).second) {
        return fmt::format("server {} is in two groups", sid->value);
      }
    }
    return std::nullopt;
  }

  std::optional<std::string> add_weight(std::string_view key, std::string_view value) {
    const auto sid = parse_sid(key.substr(key.find('.') + 1));
    if (!sid) return "expected a server's number after weight.";
    const auto weight = parse_number(value, 0, kWeightMax);
    if (!weight) return fmt::format("expected a weight of 0..{}", kWeightMax);
    if (!config.weights.emplace(*sid, *weight).second) return "named twice";
    return std::nullopt;
  }
};

}  // namespace

std::string Address::text() const {
  if (host.find(':') != std::string::npos) return fmt::format("[{}]:{}", host, port);
  return fmt::format("{}:{}", host, port);
}

std::optional<Address> Address::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  auto host = text.substr(0, colon);
  if (host.starts_with('[') != host.ends_with(']')) return std::nullopt;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  if (!port || host.empty()) return std::nullopt;
  return Address{std::string(host), *port};
}

bool Address::is_wildcard() const {
  return host == "0.0.0.0" || host == "::" || host == "0:0:0:0:0:0:0:0";
}

bool EnsembleConfig::is_voter(ServerId sid) const {
  const auto* member = find(sid);
  return member != nullptr && !member->observer;
}

std::set<ServerId> EnsembleConfig::voters() const {
  std::set<ServerId> result;
  for (const auto& [sid, member] : members) {
    if (!member.observer) result.insert(sid);
  }
  return result;
}

const Member* EnsembleConfig::find(ServerId sid) const {
  const auto at = members.find(sid);
  return at == members.end() ? nullptr : &at->second;
}

std::string EnsembleConfig::text() const {
  std::string out;
  for (const auto& [sid, member] : members) {
    // host:port:port: the host is printed once, in brackets when it is IPv6.
    out += fmt::format("server.{}={}:{}:{}", sid.value, member.quorum.text(), member.election.port,
                       member.observer ? "observer" : "participant");
    if (member.client) out += fmt::format(";{}", member.client->text());
    out += '\n';
  }
  std::map<std::int64_t, std::string> lines;
  for (const auto& [sid, group] : groups) {
    auto& line = lines[group];
    line += fmt::format("{}{}", line.empty() ? "" : ":", sid.value);
  }
  for (const auto& [group, line] : lines) out += fmt::format("group.{}={}\n", group, line);
  for (const auto& [sid, weight] : weights) out += fmt::format("weight.{}={}\n", sid.value, weight);
  out += fmt::format("version={:x}", version);
  return out;
}

Result<EnsembleConfig> EnsembleConfig::parse(std::string_view text) {
  Parser parser;
  int number = 0;
  for (const auto raw : split(text, '\n')) {
    ++number;
    const auto line = trim(raw);
    if (line.empty() || line[0] == '#' || line[0] == '!') continue;
    const auto property = parse_property(line);
    if (!property) return failure(fmt::format("line {}: {}", number, property.error().message));
    if (const auto error = parser.add(*property)) {
      return failure(fmt::format("line {}: {}: {}", number, property->key, *error));
    }
  }
  if (const auto error = parser.finish()) return failure(*error);
  return std::move(parser.config);
}

Result<Member> parse_member(ServerId sid, std::string_view value) {
  const auto refuse = [&](std::string_view why) {
    return failure(fmt::format("server.{}: {}", sid.value, why));
  };
  Member member{.sid = sid, .quorum = {}, .election = {}, .observer = false, .client = {}};
  auto halves = split(trim(value), ';');
  while (halves.size() > 1 && trim(halves.back()).empty()) halves.pop_back();  // as Java splits
  if (halves.size() > 2) return refuse("a secure client port is not supported");
  if (halves[0].find('|') != std::string_view::npos) {
    return refuse("several addresses (|) are not supported");
  }
  const auto fields = host_and_fields(trim(halves[0]));
  if (fields.size() < 3 || fields.size() > 4 || fields[0].empty()) {
    return refuse("expected host:quorumPort:electionPort, then :participant or :observer or none");
  }
  const auto quorum = parse_port(fields[1]);
  const auto election = parse_port(fields[2]);
  if (!quorum || !election) return refuse("expected ports of 1..65535");
  if (*quorum == *election) return refuse("the quorum's and the election's port are the same");
  member.quorum = {std::string(fields[0]), *quorum};
  member.election = {std::string(fields[0]), *election};
  if (fields.size() == 4) {
    const auto role = lower(trim(fields[3]));
    if (role != "participant" && role != "observer") {
      return refuse("expected participant or observer as its role");
    }
    member.observer = role == "observer";
  }
  if (halves.size() == 2) {
    const auto client = trim(halves[1]);
    if (const auto port = parse_port(client)) {
      member.client = Address{"0.0.0.0", *port};
    } else {
      member.client = Address::parse(client);
    }
    if (!member.client) return refuse("expected [host:]clientPort after the semicolon");
  }
  return member;
}

}  // namespace drover::zab
