#pragma once
// What the admin port answers to, as an OpenAPI 3 description.

#include <boost/json/object.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drover::admin {

struct PathInfo {
  std::string method;  // GET, POST
  std::string path;    // with `{name}` for what varies
  std::string summary;
  std::vector<std::string> parameters{};  // of the query; one that has to be there ends in `!`
  bool needs_identity = false;
};

// `paths` beside Apache's commands, which are told by themselves, below `command_url`.
[[nodiscard]] boost::json::object openapi(std::span<const PathInfo> paths,
                                          std::string_view command_url, std::string_view version);

}  // namespace drover::admin
