#pragma once
// SHA-256 (FIPS 180-4), so that the client library need not link a whole cryptographic one.

#include <array>
#include <cstdint>
#include <string_view>

namespace drover::recipes {

[[nodiscard]] std::array<std::uint8_t, 32> sha256(std::string_view text);

}  // namespace drover::recipes
