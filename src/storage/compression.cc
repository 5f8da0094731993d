#include "storage/compression.h"

#include <algorithm>
#include <string>

namespace drover::storage {

std::optional<Compression> parse_compression(std::string_view method) {
  std::string lower(method);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (lower.empty()) return Compression::kNone;
  if (lower == "gz") return Compression::kGzip;
  if (lower == "snappy") return Compression::kSnappy;
  return std::nullopt;
}

std::string_view suffix(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return "";
    case Compression::kGzip:
      return ".gz";
    case Compression::kSnappy:
      return ".snappy";
  }
  return "";
}

}  // namespace drover::storage
