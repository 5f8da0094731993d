#include "tree/crc32.h"

#include <libdeflate.h>

namespace drover::tree {

std::uint32_t crc32(std::uint32_t crc, std::string_view bytes) {
  // libdeflate takes a null pointer for the start of a new checksum, whatever `crc` says.
  if (bytes.empty()) return crc;
  return libdeflate_crc32(crc, bytes.data(), bytes.size());
}

}  // namespace drover::tree
