#pragma once
// What a file tool was pointed at: one file, or a data directory (with version-2 inside or being
// it); and numbers as people type them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/zxid.h"

namespace drover::file_tools {

// Bytes that one entry may have unless --max-entry says otherwise: jute.maxbuffer and its
// extrasize.
inline constexpr std::int32_t kLengthMax = 2097150;

[[nodiscard]] bool is_directory(const std::string& path);
// `<path>/version-2` when there is one, else `path` itself.
[[nodiscard]] std::string version_folder(const std::string& path);
[[nodiscard]] std::string base_name(const std::string& path);
[[nodiscard]] std::uint64_t file_size(const std::string& path);  // 0 when it cannot be told

// Decimal or 0x-hex; nullopt for anything else.
[[nodiscard]] std::optional<wire::Zxid> parse_zxid(std::string_view text);
// Sixteen hex digits with or without 0x, as the server's log and `cons` print them.
[[nodiscard]] std::optional<std::int64_t> parse_session(std::string_view text);

}  // namespace drover::file_tools
