#pragma once
// A subtree in a file, for `export` and `import`: JSON, one object a line, so that writing it never
// takes more memory than a line.
//
//   {"drover-subtree": 1, "root": "/app"}
//   {"path": "", "data": "aGVsbG8=", "acl": [{"scheme": "world", "id": "anyone", "perms":
//   "cdrwa"}]}
//   {"path": "/member", "data": null, "acl": [...], "ephemeral": true}
//   {"znodes": 2}
//
// Whether a znode is a container or has a TTL no server tells its clients. Paths are relative to
// the root and come parents first; data is base64. The last line counts, so that a file that was
// cut off is told from a whole one.

#include <drover/acl.h>

#include <expected>
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

namespace drover::shell {

struct SubtreeNode {
  std::string path;  // below the root; "" for the root itself
  std::optional<std::string> data;
  AclList acl;
  bool is_ephemeral = false;
};

[[nodiscard]] std::string subtree_header(std::string_view root);
[[nodiscard]] std::string subtree_line(const SubtreeNode& node);
[[nodiscard]] std::string subtree_trailer(std::size_t znodes);

// Reads a whole file; `on_node` is called for each znode, and may end the reading with an error.
// Answers the root that was exported. Errors begin with the line's number.
[[nodiscard]] std::expected<std::string, std::string> read_subtree(
    std::istream& file,
    const std::function<std::expected<void, std::string>(SubtreeNode)>& on_node);

}  // namespace drover::shell
