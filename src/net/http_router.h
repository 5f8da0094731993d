#pragma once
// The table from method and path to handler, and what a request target is made of.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace drover::net {

class HttpRouter {
 public:
  // Requires a path that begins with a slash and stands there once per method.
  void add(HttpRoute route);

  struct Found {
    const HttpRoute* route = nullptr;
    std::string allowed;  // when the path is known but not with this method: the methods, `A, B`
  };
  // An exact path goes before the longest one that ends in `/*`.
  [[nodiscard]] Found find(std::string_view method, std::string_view path) const;
  [[nodiscard]] const std::vector<HttpRoute>& routes() const { return routes_; }

 private:
  std::vector<HttpRoute> routes_;
};

struct HttpTarget {
  std::string path;
  HttpRequest::Fields query;
};
// Of a request line; nullopt when it is no path or badly encoded.
[[nodiscard]] std::optional<HttpTarget> parse_target(std::string_view target);

}  // namespace drover::net
