#pragma once
// The txn log on disk, byte for byte in docs/log_format.md. Written by every ZooKeeper since 3.0:
// do not change.
//
//   header   magic "ZKLG" (4), version (4) = 2, dbid (8)
//   entry*   Adler-32 of the payload (8), length (4), payload, 'B' (1)
//   zeros    to the end of the preallocated room, or end of file

#include <cstdint>
#include <optional>

namespace drover::storage::log_format {

inline constexpr std::uint32_t kMagic = 0x5a4b4c47;  // "ZKLG"
inline constexpr std::int32_t kVersion = 2;
inline constexpr std::size_t kHeaderSize = 16;
inline constexpr std::size_t kDbidOffset = 8;
inline constexpr std::size_t kEntryPrefixSize = 12;  // checksum and length
inline constexpr std::size_t kEntryFrameSize = 13;   // with the end byte
inline constexpr char kEndByte = 'B';

// The dbid, which no ZooKeeper reads, carries our synced mark: 'D' 'R' and 48 bits of offset.
// Everything before that offset was durable when the last write began. So a bad place at or after
// it is an unfinished write, whatever readable bytes a reordering disk left behind it; a bad place
// before it is damage. Apache writes 0 here: then only looking for valid entries further on can
// tell the two apart.
inline constexpr std::uint64_t kMarkTag = 0x4452ULL << 48;
inline constexpr std::uint64_t kMarkOffsetMask = (1ULL << 48) - 1;

[[nodiscard]] constexpr std::uint64_t mark_to_dbid(std::uint64_t offset) {
  return kMarkTag | (offset & kMarkOffsetMask);
}
[[nodiscard]] constexpr std::optional<std::uint64_t> mark_of_dbid(std::uint64_t dbid) {
  if ((dbid & ~kMarkOffsetMask) != kMarkTag) return std::nullopt;
  return dbid & kMarkOffsetMask;
}

}  // namespace drover::storage::log_format
