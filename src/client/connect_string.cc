#include "client/connect_string.h"

#include <fmt/format.h>

#include <charconv>

#include "client/path.h"

namespace drover::client {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

Result<std::uint16_t> parse_port(std::string_view digits, std::string_view part) {
  if (digits.empty()) return kDefaultClientPort;
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port > 65535) {
    return failure(fmt::format("'{}': port '{}' is not a number from 0 to 65535", part, digits),
                   ErrorCode::kBadArguments);
  }
  return static_cast<std::uint16_t>(port);
}

Result<HostPort> parse_bracketed(std::string_view part) {
  const auto close = part.find(']');
  if (close == std::string_view::npos || close == 1) {
    return failure(fmt::format("'{}': needs an address in brackets", part),
                   ErrorCode::kBadArguments);
  }
  HostPort result{.host = std::string(part.substr(1, close - 1))};
  const auto rest = part.substr(close + 1);
  if (rest.empty()) return result;
  if (rest[0] != ':' || rest.size() == 1) {
    return failure(fmt::format("'{}': only :port may follow the bracket", part),
                   ErrorCode::kBadArguments);
  }
  const auto port = parse_port(rest.substr(1), part);
  if (!port) return std::unexpected(port.error());
  result.port = *port;
  return result;
}

Result<HostPort> parse_host(std::string_view part) {
  if (part[0] == '[') return parse_bracketed(part);
  const auto colon = part.rfind(':');
  // Several colons without brackets: an IPv6 address and no port.
  if (colon == std::string_view::npos || part.find(':') != colon) {
    return HostPort{.host = std::string(part)};
  }
  const auto port = parse_port(part.substr(colon + 1), part);
  if (!port) return std::unexpected(port.error());
  if (colon == 0) {
    return failure(fmt::format("'{}': no host before the colon", part), ErrorCode::kBadArguments);
  }
  return HostPort{.host = std::string(part.substr(0, colon)), .port = *port};
}

}  // namespace

Result<ConnectString> parse_connect_string(std::string_view text) {
  ConnectString result;
  const auto slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto chroot = trimmed(text.substr(slash));
    if (const auto problem = path_problem(chroot)) {
      return failure(*problem, ErrorCode::kBadArguments);
    }
    if (chroot != "/") result.chroot = chroot;
    text = text.substr(0, slash);
  }
  while (!text.empty()) {
    const auto comma = text.find(',');
    const auto part = trimmed(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    if (part.empty()) continue;
    auto host = parse_host(part);
    if (!host) return std::unexpected(host.error());
    result.hosts.push_back(std::move(*host));
  }
  if (result.hosts.empty()) {
    return failure("connect string names no server", ErrorCode::kBadArguments);
  }
  return result;
}

}  // namespace drover::client
