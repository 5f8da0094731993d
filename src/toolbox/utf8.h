#pragma once
// Whether bytes are text. UTF-8 as Java knows it: no overlong forms, no surrogates, nothing above
// U+10FFFF.

#include <string>
#include <string_view>

namespace drover::toolbox {

[[nodiscard]] bool is_utf8(std::string_view bytes);
// Bytes of a path, a name or data as JSON can carry them: not UTF-8 becomes U+FFFD, as Java shows
// it (one for each maximal part of a broken sequence).
[[nodiscard]] std::string utf8_or_replaced(std::string_view bytes);

}  // namespace drover::toolbox
