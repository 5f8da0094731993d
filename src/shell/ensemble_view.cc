#include "shell/ensemble_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <thread>

#include "toolbox/four_letter_word.h"

namespace drover::shell {
namespace {

constexpr std::int64_t kCounterBits = 32;

// Calls `take` for every line, without its end.
template <typename F>
void for_each_line(std::string_view text, F take) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    take(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

std::int64_t parse_hexadecimal(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return static_cast<std::int64_t>(value);
}

std::string_view value_after(std::string_view line, std::string_view key) {
  return line.starts_with(key) ? line.substr(key.size()) : std::string_view();
}

void look_at_one(ServerView& server, std::chrono::milliseconds timeout) {
  const auto srvr = toolbox::four_letter_word(server.address, "srvr", timeout);
  if (!srvr) {
    server.problem = srvr.error().message;
    return;
  }
  const auto mntr = toolbox::four_letter_word(server.address, "mntr", timeout);
  server.when = std::chrono::steady_clock::now();
  if (read_answers(*srvr, mntr.value_or(""), server)) return;
  // "... is not executed because it is not in the whitelist.", "This ZooKeeper instance is not
  // currently serving requests"
  server.problem = srvr->substr(0, srvr->find('\n'));
}

}  // namespace

std::optional<double> ServerView::figure(std::string_view name) const {
  const auto found = figures.find(std::string(name));
  if (found == figures.end()) return std::nullopt;
  const auto& text = found->second;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool read_answers(std::string_view srvr, std::string_view mntr, ServerView& server) {
  for_each_line(srvr, [&](std::string_view line) {
    if (const auto role = value_after(line, "Mode: "); !role.empty()) server.role = role;
    if (const auto zxid = value_after(line, "Zxid: "); !zxid.empty()) {
      server.zxid = parse_hexadecimal(zxid);
    }
    if (const auto version = value_after(line, "Zookeeper version: "); !version.empty()) {
      server.version = version.substr(0, version.find_first_of(", "));
    }
  });
  for_each_line(mntr, [&](std::string_view line) {
    const auto tab = line.find('\t');
    if (tab == std::string_view::npos || !line.starts_with("zk_")) return;
    server.figures.emplace(line.substr(3, tab - 3), line.substr(tab + 1));
  });
  return !server.role.empty();
}

EnsembleView look_at(const std::vector<client::HostPort>& servers,
                     std::chrono::milliseconds timeout) {
  EnsembleView view;
  for (const auto& address : servers) {
    ServerView server;
    server.address = address;
    view.push_back(std::move(server));
  }
  std::vector<std::jthread> asking;
  asking.reserve(view.size());
  for (auto& server : view) {
    asking.emplace_back([&server, timeout] { look_at_one(server, timeout); });
  }
  asking.clear();  // joins
  return view;
}

std::optional<double> requests_per_second(const ServerView& before, const ServerView& now) {
  const auto then = before.figure("packets_received");
  const auto since = now.figure("packets_received");
  if (!then || !since || *since < *then || now.when <= before.when) return std::nullopt;
  return (*since - *then) / std::chrono::duration<double>(now.when - before.when).count();
}

std::optional<std::int64_t> zxid_lag(const EnsembleView& view, const ServerView& server) {
  std::int64_t newest = server.zxid;
  for (const auto& other : view) {
    if (other.problem.empty()) newest = std::max(newest, other.zxid);
  }
  if (newest >> kCounterBits != server.zxid >> kCounterBits) return std::nullopt;
  return newest - server.zxid;
}

std::vector<client::HostPort> client_addresses(std::string_view config) {
  std::vector<client::HostPort> all;
  for_each_line(config, [&](std::string_view line) {
    const auto equals = line.find('=');
    const auto semicolon = line.find(';');
    if (!line.starts_with("server.") || equals == std::string_view::npos ||
        semicolon == std::string_view::npos) {
      return;
    }
    auto address = std::string(line.substr(semicolon + 1));
    address = address.substr(0, address.find(';'));  // behind it, the secure one
    const auto member = line.substr(equals + 1);
    const auto host =
        member.substr(0, member.starts_with('[') ? member.find(']') + 1 : member.find(':'));
    const auto port_at = address.rfind(':');
    const auto client_host = port_at == std::string::npos ? "" : address.substr(0, port_at);
    // A server that listens everywhere is found where its peers find it.
    const bool is_anywhere = client_host.empty() || client_host == "0.0.0.0" ||
                             client_host == "[::]" || client_host == "::" ||
                             client_host == "0:0:0:0:0:0:0:0" || client_host == "[0:0:0:0:0:0:0:0]";
    const auto port = port_at == std::string::npos ? address : address.substr(port_at + 1);
    const auto parsed = client::parse_connect_string(
        fmt::format("{}:{}", is_anywhere ? std::string(host) : client_host, port));
    if (parsed) all.push_back(parsed->hosts.front());
  });
  return all;
}

}  // namespace drover::shell
