#include "recipes/queue_frame.h"

#include <cstdint>

namespace drover::recipes {
namespace {

constexpr std::uint32_t kVersion = 0x00010001;
constexpr std::byte kItem{1};
constexpr std::byte kEnd{2};

void put_uint32(Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::byte>(value >> shift & 0xff));
  }
}

std::optional<std::uint32_t> take_uint32(BytesView& in) {
  if (in.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const std::byte byte : in.first(4)) value = value << 8 | static_cast<std::uint32_t>(byte);
  in = in.subspan(4);
  return value;
}

}  // namespace

Bytes frame_items(const std::vector<Bytes>& items) {
  Bytes frame;
  put_uint32(frame, kVersion);
  for (const Bytes& item : items) {
    frame.push_back(kItem);
    put_uint32(frame, static_cast<std::uint32_t>(item.size()));
    frame.insert(frame.end(), item.begin(), item.end());
  }
  frame.push_back(kEnd);
  return frame;
}

std::optional<std::vector<Bytes>> unframe_items(BytesView frame) {
  if (take_uint32(frame) != kVersion) return std::nullopt;
  std::vector<Bytes> items;
  while (!frame.empty()) {
    const std::byte mark = frame.front();
    frame = frame.subspan(1);
    if (mark == kEnd) return items;
    if (mark != kItem) return std::nullopt;
    const auto length = take_uint32(frame);
    if (!length || *length > frame.size()) return std::nullopt;
    items.emplace_back(frame.begin(), frame.begin() + *length);
    frame = frame.subspan(*length);
  }
  return std::nullopt;
}

}  // namespace drover::recipes
