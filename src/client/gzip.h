#pragma once
// Data as Curator's GzipCompressionProvider stores it: one gzip member, nothing in the znode says
// so.

#include <drover/bytes.h>

#include <optional>
#include <string>

namespace drover::client {

[[nodiscard]] std::string gzip(BytesView data);

// nullopt: not exactly one gzip member with the right checksum and length, or more than `bytes_max`
// when unpacked.
[[nodiscard]] std::optional<Bytes> gunzip(BytesView packed, std::size_t bytes_max);

}  // namespace drover::client
