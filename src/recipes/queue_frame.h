#pragma once
// What Curator's queues write into a znode: one or more items, framed.
//
//   int32 version 0x00010001, for each item: byte 1, int32 length, bytes; byte 2 at the end.
//   Numbers are big-endian.

#include <drover/bytes.h>

#include <optional>
#include <vector>

namespace drover::recipes {

[[nodiscard]] Bytes frame_items(const std::vector<Bytes>& items);

// nullopt: it is no such frame, or is cut short. What comes behind the end mark is ignored.
[[nodiscard]] std::optional<std::vector<Bytes>> unframe_items(BytesView frame);

}  // namespace drover::recipes
