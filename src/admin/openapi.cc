#include "admin/openapi.h"

#include <fmt/format.h>

#include "admin/commands.h"

namespace drover::admin {

namespace {

namespace json = boost::json;

json::object answers(std::initializer_list<std::pair<int, std::string_view>> statuses) {
  json::object responses;
  for (const auto& [status, what] : statuses)
    responses[std::to_string(status)] = {{"description", what}};
  return responses;
}

std::string lower(std::string_view method) {
  return method == "POST"     ? "post"
         : method == "PUT"    ? "put"
         : method == "DELETE" ? "delete"
                              : "get";
}

std::string names_of(const Command& command) {
  std::string text;
  for (std::size_t i = 1; i < command.names.size(); ++i)
    text += fmt::format("{}{}", i == 1 ? "; also called " : ", ", command.names[i]);
  return text;
}

json::object operation_of(const PathInfo& info) {
  json::object operation{{"summary", info.summary}};
  const bool api = info.path.starts_with("/console/api/");
  if (!api) {
    operation["responses"] =
        answers({{200, "Done, or it holds"},
                 {503, "It does not hold, or a thread did not answer in time"}});
    return operation;
  }
  operation["tags"] = {"console"};
  operation["responses"] = answers({{200, "Done"},
                                    {400, "A bad argument"},
                                    {401, "No identity, or one that is not known"},
                                    {403, "NOAUTH"},
                                    {404, "NONODE"},
                                    {503, "Nobody is served"}});
  if (info.method != "GET") {
    json::object& responses = operation["responses"].as_object();
    responses["409"] = {{"description", "NODEEXISTS, NOTEMPTY, BADVERSION or another count"}};
    responses["413"] = {{"description", "More than jute.maxbuffer"}};
    if (info.method == "POST") responses["201"] = {{"description", "Created"}};
  }
  if (info.needs_identity) operation["security"] = {{{"zookeeper", json::array()}}};
  json::array parameters;
  for (std::string_view name : info.parameters) {
    const bool required = name.ends_with('!');
    if (required) name.remove_suffix(1);
    parameters.push_back({{"name", name},
                          {"in", "query"},
                          {"required", required},
                          {"schema", {{"type", "string"}}}});
  }
  if (!parameters.empty()) operation["parameters"] = std::move(parameters);
  return operation;
}

json::object operation_of(const Command& command) {
  const std::string_view name = command.names.front();
  json::object operation{
      {"operationId", name},
      {"summary", fmt::format("Apache ZooKeeper's {}{}", name, names_of(command))},
      {"tags", {"commands"}}};
  if (!command.authenticated) {
    operation["responses"] = answers(
        {{200, "Its fields, `command` and `error`"}, {503, "A thread did not answer in time"}});
  } else {
    operation["security"] = {{{"zookeeper", json::array()}}};
    operation["responses"] = answers({{200, "Done"},
                                      {400, "The body is not what is needed"},
                                      {401, "No identity, or one that is not known"},
                                      {403, "Not all permissions on `/`"},
                                      {429, "Too soon after the last one"},
                                      {500, "It failed; `error` says why"},
                                      {409, "Not on a member of an ensemble (restore)"},
                                      {503, "Switched off in zoo.cfg"}});
  }
  if (name == "set_trace_mask") {
    operation["parameters"] = {{{"name", "traceMask"},
                                {"in", "query"},
                                {"schema", {{"type", "integer"}, {"format", "int64"}}}}};
  }
  if (name == "snapshot") {
    operation["parameters"] = {{{"name", "streaming"},
                                {"in", "query"},
                                {"description", "false: only write the file"},
                                {"schema", {{"type", "boolean"}, {"default", true}}}}};
  }
  if (name == "restore") {
    operation["requestBody"] = {
        {"required", true},
        {"description", "A snapshot file: plain, gzip or snappy"},
        {"content",
         {{"application/octet-stream", {{"schema", {{"type", "string"}, {"format", "binary"}}}}}}}};
  }
  if (name == "shed_connections") {
    operation["requestBody"] = {
        {"content",
         {{"application/json",
           {{"schema",
             {{"type", "object"},
              {"required", {"percentage"}},
              {"properties",
               {{"percentage", {{"type", "integer"}, {"minimum", 0}, {"maximum", 100}}}}}}}}}}}};
  }
  return operation;
}

}  // namespace

json::object openapi(std::span<const PathInfo> paths, std::string_view command_url,
                     std::string_view version) {
  json::object all;
  const auto add = [&all](const std::string& path, std::string_view method, json::object what) {
    if (!all.contains(path)) all[path] = json::object();
    all[path].as_object()[lower(method)] = std::move(what);
  };
  for (const PathInfo& info : paths) {
    add(info.path, info.method, operation_of(info));
  }
  for (const Command& command : commands()) {
    add(fmt::format("{}/{}", command_url, command.names.front()), command.post ? "POST" : "GET",
        operation_of(command));
  }
  return {{"openapi", "3.0.3"},
          {"info",
           {{"title", "Drover's admin port"},
            {"version", version},
            {"description", "HTTP for operators: docs/admin.md"},
            {"license", {{"name", "Apache-2.0"}}}}},
          {"paths", std::move(all)},
          {"components",
           {{"securitySchemes",
             {{"zookeeper",
               {{"type", "apiKey"},
                {"in", "header"},
                {"name", "Authorization"},
                {"description",
                 "`<scheme> <auth>` as a client's addauth: `digest user:password`"}}}}}}}};
}

}  // namespace drover::admin
