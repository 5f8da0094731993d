#pragma once
// A request frame encoded once, with the few bytes that change marked, so that sending one more is
// a copy and two patched numbers.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"
#include "wire/op_code.h"

namespace drover::load {

// The tree that a benchmark works on: <root>/<directory>/node-<index>, a thousand znodes a
// directory, every path of one length.
struct BenchTree {
  static constexpr std::uint32_t kNodesPerDirectory = 1000;

  std::string root;

  [[nodiscard]] std::string directory(std::uint32_t index) const;
  [[nodiscard]] std::string node(std::uint32_t index) const;
  [[nodiscard]] static std::uint32_t directories_for(std::uint32_t nodes) {
    return (nodes + kNodesPerDirectory - 1) / kNodesPerDirectory;
  }
  // The index in a path that node() made. Requires such a path.
  [[nodiscard]] static std::uint32_t index_of(std::string_view node_path);
};

class RequestTemplate {
 public:
  // `record` is the body after the header and contains `sample` once: the tree's path of node 0, of
  // directory 0, or its root, which leaves nothing to patch.
  RequestTemplate(wire::OpCode op, std::string_view record, std::string_view sample);

  void append_to(base::ByteBuffer& out, std::int32_t xid, std::uint32_t index) const;

 private:
  enum class Patch { kNothing, kDirectory, kNode };

  std::string frame_;         // length word, header, record
  std::size_t path_end_ = 0;  // in frame_, just past the path
  Patch patch_ = Patch::kNothing;
};

// Bodies of the requests that benchmarks send.
[[nodiscard]] std::string create_record(std::string_view path, std::string_view data);
[[nodiscard]] std::string set_data_record(std::string_view path, std::string_view data);
[[nodiscard]] std::string path_watch_record(std::string_view path, bool watch);
[[nodiscard]] std::string delete_record(std::string_view path);

}  // namespace drover::load
