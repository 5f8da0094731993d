#include "tree/crc32.h"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace drover::tree {

namespace {

constexpr std::uint32_t kPolynomial = 0xedb88320;
constexpr std::size_t kSlices = 16;

// Table k holds the CRC of a byte followed by k zero bytes ("slicing by 16", Kounavis and Berry
// 2005).
using Tables = std::array<std::array<std::uint32_t, 256>, kSlices>;
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t crc = tables[slice - 1][byte];
      tables[slice][byte] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  }
  return tables;
}
constexpr Tables kTables = make_tables();

// `kWidth` bytes at once; the state is the complement of the CRC, as in every step below.
template <std::size_t kWidth>
std::uint32_t step(std::uint32_t state, const char* at) {
  std::uint32_t next = 0;
  for (std::size_t word = 0; word < kWidth; word += 4) {
    std::uint32_t four = 0;
    std::memcpy(&four, at + word, 4);
    if (word == 0) four ^= state;
    const auto* tables = &kTables[kWidth - 4 - word];
    next ^= tables[3][four & 0xff] ^ tables[2][four >> 8 & 0xff] ^ tables[1][four >> 16 & 0xff] ^
            tables[0][four >> 24];
  }
  return next;
}

std::uint32_t update_by_tables(std::uint32_t state, const char* at, std::size_t left) {
  for (; left >= 16; left -= 16, at += 16) state = step<16>(state, at);
  if (left >= 8) {
    state = step<8>(state, at);
    left -= 8;
    at += 8;
  }
  if (left >= 4) {
    state = step<4>(state, at);
    left -= 4;
    at += 4;
  }
  for (; left > 0; --left, ++at) {
    state = (state >> 8) ^ kTables[0][(state ^ static_cast<std::uint8_t>(*at)) & 0xff];
  }
  return state;
}

#if defined(__x86_64__)

// Below this the tables are faster.
constexpr std::size_t kFoldedBytesMin = 64;

#define DROVER_CARRYLESS __attribute__((target("pclmul,sse4.1")))

// Moves `block` ahead over as many bits as `constants` stand for, and adds what is there.
DROVER_CARRYLESS inline __m128i fold(__m128i block, __m128i constants, __m128i there) {
  const __m128i low = _mm_clmulepi64_si128(block, constants, 0x00);
  const __m128i high = _mm_clmulepi64_si128(block, constants, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), there);
}

DROVER_CARRYLESS inline __m128i load(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

// Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ" (Intel 2009): four
// blocks of 16 bytes side by side, folded into one, reduced by Barrett's method. Takes whole blocks
// of the first `size` bytes. Requires size >= 64 and a multiple of 16. The constants are x^n mod P,
// reflected.
DROVER_CARRYLESS std::uint32_t update_by_folding(std::uint32_t state, const char* at,
                                                 std::size_t size) {
  const __m128i by_512_bits = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
  const __m128i by_128_bits = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
  const __m128i by_32_bits = _mm_set_epi64x(0, 0x0163cd6124);
  const __m128i barrett = _mm_set_epi64x(0x01f7011641, 0x01db710641);
  const __m128i low_32_bits = _mm_setr_epi32(-1, 0, -1, 0);

  __m128i a = _mm_xor_si128(load(at), _mm_cvtsi32_si128(static_cast<int>(state)));
  __m128i b = load(at + 16);
  __m128i c = load(at + 32);
  __m128i d = load(at + 48);
  at += 64;
  for (size -= 64; size >= 64; size -= 64, at += 64) {
    a = fold(a, by_512_bits, load(at));
    b = fold(b, by_512_bits, load(at + 16));
    c = fold(c, by_512_bits, load(at + 32));
    d = fold(d, by_512_bits, load(at + 48));
  }
  a = fold(fold(fold(a, by_128_bits, b), by_128_bits, c), by_128_bits, d);
  for (; size >= 16; size -= 16, at += 16) a = fold(a, by_128_bits, load(at));

  // 128 bits to 64, to 32.
  __m128i rest = _mm_xor_si128(_mm_srli_si128(a, 8), _mm_clmulepi64_si128(a, by_128_bits, 0x10));
  rest = _mm_xor_si128(_mm_srli_si128(rest, 4),
                       _mm_clmulepi64_si128(_mm_and_si128(rest, low_32_bits), by_32_bits, 0x00));
  __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(rest, low_32_bits), barrett, 0x10);
  quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, low_32_bits), barrett, 0x00);
  return static_cast<std::uint32_t>(_mm_extract_epi32(_mm_xor_si128(rest, quotient), 1));
}

#undef DROVER_CARRYLESS
#endif

}  // namespace

std::uint32_t crc32(std::uint32_t crc, std::string_view bytes) {
  std::uint32_t state = ~crc;
  const char* at = bytes.data();
  std::size_t left = bytes.size();
#if defined(__x86_64__)
  if (left >= kFoldedBytesMin && __builtin_cpu_supports("pclmul") &&
      __builtin_cpu_supports("sse4.1")) {
    const std::size_t whole = left & ~std::size_t{15};
    state = update_by_folding(state, at, whole);
    at += whole;
    left -= whole;
  }
#endif
  return ~update_by_tables(state, at, left);
}

}  // namespace drover::tree
