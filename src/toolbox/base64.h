#pragma once
// Bytes as text that JSON and a terminal carry.

#include <optional>
#include <string>
#include <string_view>

namespace drover::toolbox {

[[nodiscard]] std::string base64(std::string_view bytes);
// nullopt: a letter that is none, or a length that cannot be. The '=' at the end may be missing.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace drover::toolbox
