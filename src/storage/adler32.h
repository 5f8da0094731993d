#pragma once
// Adler-32 (RFC 1950), which guards every log entry and seals every snapshot.

#include <cstdint>
#include <string_view>

namespace drover::storage {

inline constexpr std::uint32_t kAdlerStart = 1;

// Continued from `sum`; kAdlerStart begins one.
[[nodiscard]] std::uint32_t adler32(std::uint32_t sum, std::string_view bytes);

}  // namespace drover::storage
