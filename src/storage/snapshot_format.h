#pragma once
// The snapshot on disk, byte for byte in docs/snapshot_format.md. Written by every ZooKeeper
// since 3.0: do not change.
//
//   header    magic "ZKSN" (4), version (4) = 2, dbid (8) = -1
//   sessions  count (4), then { id (8), timeout ms (4) }
//   acls      count (4), then { key (8), vector of ACL }
//   nodes     { path, data, acl key (8), StatPersisted (60) }, parents first, the root is ""
//   end       string "/"
//   seal      Adler-32 of all bytes before it (8), string "/"
//   digest    zxid (8), version (4) = 2, digest (8), seal            since 3.6
//   last zxid zxid (8), seal                                         since 3.9
//
// Nothing says which of the last two parts are there: only the number of bytes left after the first
// seal.

#include <cstdint>
#include <string_view>

namespace drover::storage::snapshot_format {

inline constexpr std::uint32_t kMagic = 0x5a4b534e;  // "ZKSN"
inline constexpr std::int32_t kVersion = 2;
inline constexpr std::int64_t kDbid = -1;
inline constexpr std::string_view kEndMarker = "/";
inline constexpr std::size_t kSealSize = 13;
inline constexpr std::size_t kLastZxidPartSize = 8 + kSealSize;

// snappy-java's stream: this magic, version 1, compatible with 1, then { length (4), raw block }.
inline constexpr std::string_view kSnappyHeader{"\x82SNAPPY\0\0\0\0\1\0\0\0\1", 16};
inline constexpr std::size_t kSnappyBlockSize = 32 * 1024;  // of input, as Apache writes
inline constexpr std::size_t kSnappyBlockMax = 4 << 20;     // of either side, what we accept

}  // namespace drover::storage::snapshot_format
