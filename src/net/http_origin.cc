#include "net/http_origin.h"

#include <boost/asio/ip/address.hpp>

namespace drover::net {

std::string host_name(std::string_view host) {
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') - 1);
  } else if (const auto colon = host.find(':'); colon != std::string_view::npos) {
    host = host.substr(0, colon);
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string name(host);
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  return name;
}

bool is_plain_host(std::string_view name) {
  if (name == "localhost" || name.ends_with(".localhost")) return true;
  boost::system::error_code error;
  boost::asio::ip::make_address(std::string(name), error);
  return !error;
}

bool is_cross_site(const HttpRequest& request) {
  if (const auto origin = request.header("origin")) {
    // `null` is a page without a site: a file, a frame in a box.
    const auto slashes = origin->find("//");
    if (slashes == std::string_view::npos) return true;
    const std::string_view whose = origin->substr(slashes + 2);
    // Ports count: two servers of one machine are two sites.
    return whose != request.header("host").value_or("");
  }
  return request.header("sec-fetch-site") == "cross-site" &&
         request.header("sec-fetch-mode") != "navigate";
}

}  // namespace drover::net
