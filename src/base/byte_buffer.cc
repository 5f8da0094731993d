#include "base/byte_buffer.h"

#include <algorithm>

namespace drover::base {

void ByteBuffer::grow(std::size_t n) {
  const std::size_t used = size();
  if (begin_ > 0 && capacity_ - used >= n && begin_ >= used) {
    std::memmove(bytes_.get(), bytes_.get() + begin_, used);
    begin_ = 0;
    end_ = used;
    return;
  }
  const std::size_t wanted = std::max({capacity_ * 2, used + n, std::size_t{256}});
  auto bigger = std::make_unique_for_overwrite<char[]>(wanted);
  if (used > 0) std::memcpy(bigger.get(), data(), used);
  bytes_ = std::move(bigger);
  capacity_ = wanted;
  begin_ = 0;
  end_ = used;
}

}  // namespace drover::base
