#pragma once
// What the admin port answers to, as an OpenAPI 3 description.

#include <boost/json/object.hpp>
#include <span>
#include <string>
#include <string_view>

namespace drover::admin {

struct PathInfo {
  std::string method;  // GET, POST
  std::string path;    // with `{name}` for what varies
  std::string summary;
};

// `paths` beside Apache's commands, which are told by themselves, below `command_url`.
[[nodiscard]] boost::json::object openapi(std::span<const PathInfo> paths,
                                          std::string_view command_url, std::string_view version);

}  // namespace drover::admin
