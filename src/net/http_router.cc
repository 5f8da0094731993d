#include "net/http_router.h"

namespace drover::net {

namespace {

// How well a route's path fits: 0 not at all; the longer the better; an exact one is best.
std::size_t fit(std::string_view pattern, std::string_view path) {
  if (pattern == path) return std::string_view::npos;
  if (!pattern.ends_with("/*")) return 0;
  pattern.remove_suffix(1);
  return path.starts_with(pattern) ? pattern.size() : 0;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool decode(std::string_view text, bool plus_is_blank, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return false;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return false;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return true;
}

}  // namespace

void HttpRouter::add(HttpRoute route) {
  routes_.push_back(std::move(route));
}

HttpRouter::Found HttpRouter::find(std::string_view method, std::string_view path) const {
  std::size_t best = 0;
  for (const HttpRoute& route : routes_) best = std::max(best, fit(route.path, path));
  Found found;
  if (best == 0) return found;
  for (const HttpRoute& route : routes_) {
    if (fit(route.path, path) != best) continue;
    if (route.method == method) {
      found.route = &route;
      return found;
    }
    if (!found.allowed.empty()) found.allowed += ", ";
    found.allowed += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  return found;
}

std::optional<HttpTarget> parse_target(std::string_view target) {
  if (!target.starts_with('/')) return std::nullopt;
  const auto mark = target.find('?');
  HttpTarget result;
  if (!decode(target.substr(0, mark), false, result.path)) return std::nullopt;
  if (mark == std::string_view::npos) return result;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto& [name, value] = result.query.emplace_back();
    if (!decode(pair.substr(0, equals), true, name)) return std::nullopt;
    if (equals != std::string_view::npos && !decode(pair.substr(equals + 1), true, value)) {
      return std::nullopt;
    }
  }
  return result;
}

}  // namespace drover::net
