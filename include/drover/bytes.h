#pragma once
// A znode's data: bytes without a meaning of their own.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace drover {

using Bytes = std::vector<std::byte>;
using BytesView = std::span<const std::byte>;

// The same bytes under another type; the view lives as long as what it was made from.
[[nodiscard]] inline BytesView as_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span(text.data(), text.size()));
}
[[nodiscard]] inline std::string_view as_text(BytesView bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
// A copy.
[[nodiscard]] inline Bytes to_bytes(std::string_view text) {
  const BytesView view = as_bytes(text);
  return {view.begin(), view.end()};
}

}  // namespace drover
