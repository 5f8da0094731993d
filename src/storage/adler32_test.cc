// Adler-32 against zlib's, whole and in pieces.

#include "storage/adler32.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "base/prng.h"

namespace drover::storage {
namespace {

TEST(Adler32Test, EmptyContinues) {
  EXPECT_EQ(adler32(kAdlerStart, ""), 1u);
  EXPECT_EQ(adler32(12345, std::string_view()), 12345u);
}

TEST(Adler32Test, EqualsZlibsInAnyPieces) {
  base::Prng prng(1);
  for (int round = 0; round < 200; ++round) {
    std::string bytes(prng.below(20000), '\0');
    for (char& c : bytes) c = static_cast<char>(prng.next());
    const auto expected =
        ::adler32(1, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
    const std::size_t cut = prng.below(bytes.size() + 1);
    const std::string_view view = bytes;
    EXPECT_EQ(adler32(kAdlerStart, view), expected);
    EXPECT_EQ(adler32(adler32(kAdlerStart, view.substr(0, cut)), view.substr(cut)), expected);
  }
}

}  // namespace
}  // namespace drover::storage
