#include "client/host_list.h"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace drover::client {
namespace {

// std::ranges::contains is not there yet.
bool contains(const std::vector<HostPort>& hosts, const HostPort& host) {
  return std::ranges::find(hosts, host) != hosts.end();
}

void shuffle(std::vector<std::size_t>& indices, base::Prng& prng) {
  for (std::size_t i = indices.size(); i > 1; --i) {
    std::swap(indices[i - 1], indices[static_cast<std::size_t>(prng.below(i))]);
  }
}

// With probability numerator / denominator; everything from 1 on is certain.
bool chance(std::size_t numerator, std::size_t denominator, base::Prng& prng) {
  return numerator >= denominator || prng.chance(numerator, denominator);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535) {
    return std::nullopt;
  }
  return static_cast<std::uint16_t>(port);
}

// What stands before the port: a name, an address, an address in brackets.
std::string without_brackets(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return std::string(host);
}

bool is_wildcard(std::string_view host) {
  return host.empty() || host == "0.0.0.0" || host == "::" || host == "0:0:0:0:0:0:0:0";
}

std::optional<HostPort> host_of_line(std::string_view line) {
  if (!line.starts_with("server.")) return std::nullopt;
  const auto equals = line.find('=');
  const auto semicolon = line.find(';');
  if (equals == std::string_view::npos || semicolon == std::string_view::npos) return std::nullopt;
  const auto client = line.substr(semicolon + 1);
  const auto colon = client.rfind(':');
  const auto port = parse_port(colon == std::string_view::npos ? client : client.substr(colon + 1));
  if (!port) return std::nullopt;
  auto host = colon == std::string_view::npos ? "" : without_brackets(client.substr(0, colon));
  if (is_wildcard(host)) {
    const auto quorum = line.substr(equals + 1, semicolon - equals - 1);
    const auto end = quorum.starts_with('[') ? quorum.find(']') + 1 : quorum.find(':');
    host = without_brackets(quorum.substr(0, end));
  }
  if (host.empty()) return std::nullopt;
  return HostPort{.host = std::move(host), .port = *port};
}

}  // namespace

HostPlan rebalanced(const std::vector<HostPort>& before, const std::vector<HostPort>& now,
                    const std::optional<HostPort>& current, base::Prng& prng) {
  std::vector<std::size_t> kept;
  std::vector<std::size_t> added;
  for (std::size_t i = 0; i < now.size(); ++i) {
    (contains(before, now[i]) ? kept : added).push_back(i);
  }
  shuffle(kept, prng);
  shuffle(added, prng);
  const std::size_t size_before = before.size();
  const bool is_current_kept = current && contains(now, *current);
  HostPlan plan;
  plan.leaves = current && !is_current_kept;
  bool goes_to_added = true;
  if (now.size() > size_before) {
    // With probability 1 - before/now.
    if (is_current_kept) {
      plan.leaves = !added.empty() && chance(now.size() - size_before, now.size(), prng);
    }
  } else if (!is_current_kept) {
    const std::size_t lost = size_before - kept.size();
    goes_to_added =
        lost == 0 || !chance(kept.size() * (size_before - now.size()), now.size() * lost, prng);
  }
  plan.order = goes_to_added ? added : kept;
  const auto& others = goes_to_added ? kept : added;
  plan.order.insert(plan.order.end(), others.begin(), others.end());
  return plan;
}

std::vector<HostPort> hosts_of_config(std::string_view config) {
  std::vector<HostPort> hosts;
  while (!config.empty()) {
    const auto end = config.find('\n');
    if (auto host = host_of_line(config.substr(0, end))) hosts.push_back(std::move(*host));
    config = end == std::string_view::npos ? std::string_view() : config.substr(end + 1);
  }
  std::ranges::sort(hosts, {}, [](const HostPort& host) { return std::tie(host.host, host.port); });
  return hosts;
}

}  // namespace drover::client
