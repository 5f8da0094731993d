#pragma once
// One 32-bit hash of a path, good enough in its top bits to choose a slot and as a whole to tell
// paths apart.

#include <cstdint>
#include <cstring>
#include <string_view>

namespace drover::tree {

[[nodiscard]] inline std::uint32_t path_hash(std::string_view path) {
  // Folded 64x64 multiplication of 8-byte words, as in wyhash.
  const auto fold = [](std::uint64_t a, std::uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  constexpr std::uint64_t kWord = 0xa0761d6478bd642fULL;
  constexpr std::uint64_t kTail = 0xe7037ed1a0b428dbULL;
  std::uint64_t hash = path.size() * 0x9e3779b97f4a7c15ULL;
  const char* at = path.data();
  std::size_t left = path.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    hash = fold(hash ^ word, kWord);
  }
  std::uint64_t tail = 0;
  if (left > 0) std::memcpy(&tail, at, left);
  return static_cast<std::uint32_t>(fold(hash ^ tail ^ kTail, kWord) >> 32);
}

}  // namespace drover::tree
