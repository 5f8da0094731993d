#include "shell/subtree_file.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <set>

#include "shell/format.h"
#include "shell/json.h"
#include "toolbox/base64.h"

namespace drover::shell {
namespace {

namespace json = boost::json;

constexpr std::string_view kMark = "drover-subtree";
constexpr std::int64_t kVersion = 1;
constexpr std::size_t kLineMax = 128
                                 << 20;  // bytes; the largest znode anyone configures, in base64

using Failed = std::unexpected<std::string>;

std::expected<std::string, std::string> text_of(const json::object& line, std::string_view key) {
  const auto* value = line.if_contains(key);
  if (value == nullptr || !value->is_string()) {
    return Failed(fmt::format("\"{}\" is not a string", key));
  }
  return std::string(value->get_string());
}

std::expected<AclList, std::string> acl_of(const json::object& line) {
  const auto* list = line.if_contains("acl");
  if (list == nullptr || !list->is_array()) return Failed("\"acl\" is not a list");
  AclList acl;
  for (const auto& item : list->get_array()) {
    if (!item.is_object()) return Failed("an entry of \"acl\" is not an object");
    const auto& entry = item.get_object();
    const auto scheme = text_of(entry, "scheme");
    const auto id = text_of(entry, "id");
    const auto perms = text_of(entry, "perms");
    for (const auto* part : {&scheme, &id, &perms}) {
      if (!*part) return Failed(part->error());
    }
    const auto parsed = parse_acl(fmt::format("world:anyone:{}", *perms));
    if (!parsed.complaints.empty())
      return Failed(fmt::format("perms \"{}\": use of cdrwa", *perms));
    acl.push_back({.perms = parsed.acl.front().perms, .id = {.scheme = *scheme, .id = *id}});
  }
  if (acl.empty()) return Failed("\"acl\" is empty");
  return acl;
}

std::expected<std::optional<std::string>, std::string> data_of(const json::object& line) {
  const auto* value = line.if_contains("data");
  if (value == nullptr || value->is_null()) return std::nullopt;
  const auto text = text_of(line, "data");
  if (!text) return Failed(text.error());
  auto bytes = toolbox::from_base64(*text);
  if (!bytes) return Failed("\"data\" is not base64");
  return bytes;
}

std::expected<SubtreeNode, std::string> node_of(const json::object& line) {
  SubtreeNode node;
  auto path = text_of(line, "path");
  if (!path) return Failed(path.error());
  node.path = std::move(*path);
  auto data = data_of(line);
  if (!data) return Failed(data.error());
  node.data = std::move(*data);
  auto acl = acl_of(line);
  if (!acl) return Failed(acl.error());
  node.acl = std::move(*acl);
  if (const auto* is_ephemeral = line.if_contains("ephemeral")) {
    if (!is_ephemeral->is_bool()) return Failed("\"ephemeral\" is neither true nor false");
    node.is_ephemeral = is_ephemeral->get_bool();
  }
  return node;
}

std::expected<std::string, std::string> root_of(const json::object& header) {
  const auto* version = header.if_contains(kMark);
  if (version == nullptr) return Failed("this is no file that `export` wrote");
  if (!version->is_int64() || version->get_int64() != kVersion) {
    return Failed(fmt::format("version {} of the format is not known", json::serialize(*version)));
  }
  return text_of(header, "root");
}

// One file's worth of lines.
class Reader {
 public:
  explicit Reader(std::istream& file) : file_(file) {}

  // The next line as an object; nullopt: there is none.
  std::expected<std::optional<json::object>, std::string> next() {
    std::string text;
    if (!read_line(text)) return std::nullopt;
    ++number_;
    if (text.size() > kLineMax) return Failed(at("too long to be a znode"));
    json::error_code error;
    auto value = json::parse(text, error);
    if (error) return Failed(at(fmt::format("not JSON: {}", error.message())));
    if (!value.is_object()) return Failed(at("not a JSON object"));
    return std::move(value.get_object());
  }
  [[nodiscard]] std::string at(std::string_view what) const {
    return fmt::format("line {}: {}", number_, what);
  }

 private:
  // False: there is none. Stops soon after kLineMax, so that no file costs more memory than that.
  bool read_line(std::string& text) {
    auto* bytes = file_.rdbuf();
    constexpr auto kEnd = std::istream::traits_type::eof();
    int next = bytes->sbumpc();
    if (next == kEnd) return false;
    for (; next != kEnd && next != '\n' && text.size() <= kLineMax; next = bytes->sbumpc()) {
      text += static_cast<char>(next);
    }
    return true;
  }

  std::istream& file_;
  std::size_t number_ = 0;
};

std::string parent_in(std::string_view path) {
  return std::string(path.substr(0, path.rfind('/')));
}

}  // namespace

std::string subtree_header(std::string_view root) {
  return json::serialize(json::object{{kMark, kVersion}, {"root", root}}) + "\n";
}

std::string subtree_line(const SubtreeNode& node) {
  json::object line{{"path", node.path}};
  line["data"] =
      node.data ? json::value(json::string(toolbox::base64(*node.data))) : json::value(nullptr);
  line["acl"] = acl_json(node.acl);
  if (node.is_ephemeral) line["ephemeral"] = true;
  return json::serialize(line) + "\n";
}

std::string subtree_trailer(std::size_t znodes) {
  return json::serialize(json::object{{"znodes", znodes}}) + "\n";
}

std::expected<std::string, std::string> read_subtree(
    std::istream& file,
    const std::function<std::expected<void, std::string>(SubtreeNode)>& on_node) {
  Reader reader(file);
  const auto header = reader.next();
  if (!header) return Failed(header.error());
  if (!*header) return Failed("the file is empty");
  auto root = root_of(**header);
  if (!root) return Failed(reader.at(root.error()));
  std::set<std::string> known;  // paths so far: a parent comes before its children
  for (;;) {
    const auto line = reader.next();
    if (!line) return Failed(line.error());
    if (!*line) return Failed("the file ends early: its last line, which counts, is missing");
    if (const auto* count = (*line)->if_contains("znodes")) {
      if (!count->is_int64() || static_cast<std::size_t>(count->get_int64()) != known.size()) {
        return Failed(reader.at(fmt::format("it counts {} znodes, but {} are there",
                                            json::serialize(*count), known.size())));
      }
      return root;
    }
    auto node = node_of(**line);
    if (!node) return Failed(reader.at(node.error()));
    if (known.empty() != node->path.empty() ||
        (!known.empty() && !known.contains(parent_in(node->path)))) {
      return Failed(reader.at(fmt::format("path \"{}\" comes before its parent", node->path)));
    }
    if (!known.insert(node->path).second) {
      return Failed(reader.at(fmt::format("path \"{}\" is there twice", node->path)));
    }
    if (auto good = on_node(std::move(*node)); !good) return Failed(reader.at(good.error()));
  }
}

}  // namespace drover::shell
