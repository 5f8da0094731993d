#pragma once
// The digest of one znode (DigestCalculator, version 2): CRC-32 over path, data and 60 bytes of
// Stat. The tree's digest is their sum. Path and data come first, so their CRC is kept and a change
// of Stat costs 60 bytes of CRC only.

#include <cstdint>
#include <string_view>

#include "tree/crc32.h"
#include "tree/node_stat.h"
#include "wire/jute_reader.h"

namespace drover::tree {

// "" for the root. Null data counts as no bytes.
[[nodiscard]] std::uint32_t content_crc(std::string_view path, wire::NullableBytes data);

[[nodiscard]] std::uint32_t node_digest(std::uint32_t content_crc, const NodeStat& stat);

// Znodes below /zookeeper change on each server by itself (quotas, configuration) and are left out.
[[nodiscard]] constexpr bool has_digest(std::string_view path) {
  return !path.starts_with("/zookeeper/");
}

}  // namespace drover::tree
