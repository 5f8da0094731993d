#pragma once
// CRC-32 (IEEE 802.3, reflected, as zlib's), by libdeflate. Digests take four of them per write,
// over 60 to a few hundred bytes, where zlib 1.2 spends most of a write's time.

#include <cstdint>
#include <string_view>

namespace drover::tree {

// Continued from `crc`; 0 starts one.
[[nodiscard]] std::uint32_t crc32(std::uint32_t crc, std::string_view bytes);

}  // namespace drover::tree
