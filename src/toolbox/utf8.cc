#include "toolbox/utf8.h"

#include <cstdint>

namespace drover::toolbox {
namespace {

// How many bytes at `at` form one UTF-8 character, and whether it is a good one. A broken one is
// as long as its longest correct beginning; a surrogate counts as one, as in Java.
struct Utf8Step {
  std::size_t length = 1;
  bool good = false;
};

Utf8Step utf8_step(std::string_view bytes, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[at + i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xc2 || lead > 0xf4) return {1, false};
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (std::size_t i = 1; i < length; ++i) {
    if (at + i >= bytes.size()) return {i, false};
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    if (i == 1) {  // overlong forms, above U+10FFFF
      if (lead == 0xe0) low = 0xa0;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;
    }
    if (byte(i) < low || byte(i) > high) return {i, false};
  }
  const bool surrogate = lead == 0xed && byte(1) >= 0xa0;
  return {length, !surrogate};
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const Utf8Step step = utf8_step(bytes, at);
    if (!step.good) return false;
    at += step.length;
  }
  return true;
}

std::string utf8_or_replaced(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const Utf8Step step = utf8_step(bytes, at);
    text += step.good ? bytes.substr(at, step.length) : "\xef\xbf\xbd";
    at += step.length;
  }
  return text;
}

}  // namespace drover::toolbox
