#pragma once
// Cuts a received stream into frames: `[int32 length][payload]`.
//
// Reads go into one scratch buffer that all connections of a reactor share; frames are handed out
// in place. Only what is left over, a frame whose end has not arrived or frames that cannot be
// handled yet, is kept, in a buffer of the connection's own that is given back as soon as it is
// empty. So an idle connection holds no buffer, and a length word alone buys no memory: the kept
// buffer grows as bytes arrive.
//
// Threads: none of its own. Views live until the next call that is not const.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/byte_buffer.h"

namespace drover::net {

class FrameReader {
 public:
  // `payload_bytes_max`: jute.maxbuffer, inclusive.
  explicit FrameReader(std::int32_t payload_bytes_max) : payload_bytes_max_(payload_bytes_max) {}

  // Where the next bytes are to be read to: `scratch`, or room behind what is kept.
  [[nodiscard]] std::span<char> room(std::span<char> scratch);
  // `n` bytes were put into what room() answered.
  void arrived(std::size_t n);

  enum class Cut {
    kFrame,       // `payload` is one frame's
    kIncomplete,  // its end is yet to come
    kBadLength,   // negative or above the maximum: nothing after it can be understood
  };
  [[nodiscard]] Cut next(std::string_view& payload);

  // The bytes not cut yet.
  [[nodiscard]] std::string_view unread() const { return live_.substr(cut_); }

  // To be called when done with cutting for now, before the scratch buffer is used for anything
  // else.
  void settle();
  // Forgets what is left.
  void clear();

  // Memory held, bytes.
  [[nodiscard]] std::size_t bytes_held() const { return kept_.capacity(); }

 private:
  std::int32_t payload_bytes_max_;
  base::ByteBuffer kept_;
  std::string_view live_;  // kept_, or what arrived in the scratch buffer
  std::size_t cut_ = 0;    // how much of live_ is cut. Invariant: 0 after settle()
  const char* room_ = nullptr;
};

}  // namespace drover::net
