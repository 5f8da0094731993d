#include "storage/adler32.h"

#include <libdeflate.h>

namespace drover::storage {

std::uint32_t adler32(std::uint32_t sum, std::string_view bytes) {
  // libdeflate takes a null pointer for the start of a new checksum, whatever `sum` says.
  if (bytes.empty()) return sum;
  return libdeflate_adler32(sum, bytes.data(), bytes.size());
}

}  // namespace drover::storage
