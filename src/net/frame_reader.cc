#include "net/frame_reader.h"

#include <algorithm>

#include "base/assert.h"

namespace drover::net {

namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kReadBytesMin = 4096;

std::int32_t length_word(std::string_view bytes) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i)
    word = word << 8 | static_cast<unsigned char>(bytes[i]);
  return static_cast<std::int32_t>(word);
}

}  // namespace

std::span<char> FrameReader::room(std::span<char> scratch) {
  DROVER_ASSERT(cut_ == 0, "room asked for before settle");
  if (kept_.empty()) {
    room_ = scratch.data();
    return scratch;
  }
  // As much again as has come, so a large frame costs few reads and no more memory than it proved
  // to need.
  const auto [at, size] = kept_.spare(std::max(kReadBytesMin, kept_.size()));
  room_ = at;
  live_ = kept_.view();
  return {at, size};
}

void FrameReader::arrived(std::size_t n) {
  if (kept_.empty()) {
    live_ = {room_, n};
    return;
  }
  kept_.commit(n);
  live_ = kept_.view();
}

FrameReader::Cut FrameReader::next(std::string_view& payload) {
  const std::string_view rest = unread();
  if (rest.size() < kLengthBytes) return Cut::kIncomplete;
  const std::int32_t length = length_word(rest);
  if (length < 0 || length > payload_bytes_max_) return Cut::kBadLength;
  const std::size_t frame = kLengthBytes + static_cast<std::size_t>(length);
  if (rest.size() < frame) return Cut::kIncomplete;
  payload = rest.substr(kLengthBytes, static_cast<std::size_t>(length));
  cut_ += frame;
  return Cut::kFrame;
}

void FrameReader::settle() {
  if (kept_.empty()) {
    kept_.append(unread());
  } else {
    kept_.consume(cut_);
  }
  if (kept_.empty()) kept_.shrink(0);
  live_ = kept_.view();
  cut_ = 0;
}

void FrameReader::clear() {
  kept_.clear();
  kept_.shrink(0);
  live_ = {};
  cut_ = 0;
}

}  // namespace drover::net
