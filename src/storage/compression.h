#pragma once
// snapshot.compression.method: none, gz (one gzip member, RFC 1952) or snappy (snappy-java's
// stream). The suffix of the file decides on reading.

#include <optional>
#include <string_view>

namespace drover::storage {

enum class Compression { kNone, kGzip, kSnappy };

// "", "gz", "snappy" in any case; nullopt for anything else (Apache then writes uncompressed).
[[nodiscard]] std::optional<Compression> parse_compression(std::string_view method);
[[nodiscard]] std::string_view suffix(Compression compression);  // "", ".gz", ".snappy"

}  // namespace drover::storage
