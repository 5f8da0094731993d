// Goal: the CRC is zlib's, for every length and alignment that takes another way through the code.

#include "tree/crc32.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "base/prng.h"

namespace drover::tree {
namespace {

std::uint32_t zlib_crc(std::uint32_t crc, std::string_view bytes) {
  return static_cast<std::uint32_t>(
      ::crc32(crc, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

TEST(Crc32Test, PublishedCheckValue) {
  EXPECT_EQ(crc32(0, "123456789"), 0xcbf43926u);
}

TEST(Crc32Test, NothingChangesNothing) {
  EXPECT_EQ(crc32(0, ""), 0u);
  EXPECT_EQ(crc32(0x12345678, ""), 0x12345678u);
}

TEST(Crc32Test, EqualsZlibForEveryLengthAlignmentAndStart) {
  base::Prng prng(3);
  std::string bytes(5000, '\0');
  for (char& c : bytes) c = static_cast<char>(prng.next());
  for (std::size_t size = 0; size < 700; ++size) {
    for (std::size_t from = 0; from < 17; ++from) {
      const auto part = std::string_view(bytes).substr(from, size);
      const auto start = static_cast<std::uint32_t>(prng.next());
      ASSERT_EQ(crc32(start, part), zlib_crc(start, part)) << size << " from " << from;
    }
  }
  EXPECT_EQ(crc32(0, bytes), zlib_crc(0, bytes));
}

TEST(Crc32Test, ContinuesWhereItStopped) {
  const std::string bytes(300, 'q');
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const std::string_view view(bytes);
    ASSERT_EQ(crc32(crc32(0, view.substr(0, cut)), view.substr(cut)), crc32(0, view)) << cut;
  }
}

}  // namespace
}  // namespace drover::tree
