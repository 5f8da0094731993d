#include "tree/node_digest.h"

#include "wire/jute_writer.h"

namespace drover::tree {

std::uint32_t content_crc(std::string_view path, wire::NullableBytes data) {
  const std::uint32_t crc = crc32(0, path);
  return data ? crc32(crc, *data) : crc;
}

std::uint32_t node_digest(std::uint32_t content_crc, const NodeStat& stat) {
  char bytes[60];
  char* at = bytes;
  const auto put = [&at](auto value) {
    wire::store_big_endian(at, value);
    at += sizeof(value);
  };
  put(static_cast<std::uint64_t>(stat.czxid));
  put(static_cast<std::uint64_t>(stat.mzxid));
  put(static_cast<std::uint64_t>(stat.pzxid));
  put(static_cast<std::uint64_t>(stat.ctime));
  put(static_cast<std::uint64_t>(stat.mtime));
  put(static_cast<std::uint32_t>(stat.version));
  put(static_cast<std::uint32_t>(stat.cversion));
  put(static_cast<std::uint32_t>(stat.aversion));
  put(static_cast<std::uint64_t>(stat.ephemeral_owner));
  return crc32(content_crc, {bytes, sizeof(bytes)});
}

}  // namespace drover::tree
