#pragma once
// For the fuzz targets: a reader of the fuzzer's bytes, and the slow way to a tree's digest.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tree/node_digest.h"
#include "tree/tree.h"

namespace drover::fuzz {

// A broken promise ends the process; libFuzzer keeps the input.
inline void require(bool condition, const char* promise) {
  if (condition) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

// Takes numbers and strings off the input; zeros and empty strings when it is used up.
class Input {
 public:
  Input(const unsigned char* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  // Two bytes of length, then that many or what is left.
  std::string_view bytes() {
    const std::size_t high = byte();
    const std::size_t length = high << 8 | byte();
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view rest_;
};

// The digest from its definition: the sum over all znodes that count.
inline std::uint64_t recount_digest(tree::Tree& tree) {
  std::uint64_t sum = 0;
  for (tree::Tree::Walk walk(tree); walk.node() != tree::kNoNode; walk.advance()) {
    std::string path;
    tree.append_path(walk.node(), path);
    if (path == "/") path.clear();
    if (!tree::has_digest(path)) continue;
    sum += tree::node_digest(tree::content_crc(path, tree.data(walk.node())),
                             tree.node_stat(walk.node()));
  }
  return sum;
}

}  // namespace drover::fuzz
