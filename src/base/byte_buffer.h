#pragma once
// A growing run of bytes. Unlike std::string it does not clear what it is about to overwrite, and
// it can drop a consumed prefix cheaply. Bytes are `char`, the unit that string_view, sockets and
// files share. Not thread-safe. Views into it live until the next call that is not const.

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/assert.h"

namespace drover::base {

class ByteBuffer {
 public:
  ByteBuffer() = default;
  ByteBuffer(ByteBuffer&& other) noexcept { swap(other); }
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ByteBuffer(const ByteBuffer&) = delete;
  ByteBuffer& operator=(const ByteBuffer&) = delete;

  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] bool empty() const { return end_ == begin_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] const char* data() const { return bytes_.get() + begin_; }
  [[nodiscard]] char* data() { return bytes_.get() + begin_; }
  [[nodiscard]] std::string_view view() const { return {data(), size()}; }

  // Appends `n` bytes of unspecified content and returns where they start.
  char* extend(std::size_t n) {
    if (capacity_ - end_ < n) grow(n);
    char* at = bytes_.get() + end_;
    end_ += n;
    return at;
  }
  void append(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
  }

  // Room after the content for at least `n` bytes (>= n may be offered); commit() says how many
  // were filled.
  [[nodiscard]] std::pair<char*, std::size_t> spare(std::size_t n) {
    if (capacity_ - end_ < n) grow(n);
    return {bytes_.get() + end_, capacity_ - end_};
  }
  void commit(std::size_t n) {
    DROVER_ASSERT(n <= capacity_ - end_, "more bytes committed than were spare");
    end_ += n;
  }

  // Drops the first `n` bytes. Requires n <= size().
  void consume(std::size_t n) {
    DROVER_ASSERT(n <= size(), "consumed past the end");
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Keeps the first `n` bytes. Requires n <= size().
  void truncate(std::size_t n) {
    DROVER_ASSERT(n <= size(), "truncated past the end");
    end_ = begin_ + n;
  }
  void clear() { begin_ = end_ = 0; }
  // Gives the memory back when more than `keep` bytes are held. Requires empty().
  void shrink(std::size_t keep) {
    DROVER_ASSERT(empty(), "shrink of a buffer in use");
    if (capacity_ > keep) *this = ByteBuffer();
  }
  void swap(ByteBuffer& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
  }

 private:
  void grow(std::size_t n);

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  // Invariant: begin_ <= end_ <= capacity_
  std::size_t end_ = 0;
};

}  // namespace drover::base
