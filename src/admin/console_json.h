#pragma once
// What the console's API says, as JSON. Pure. 64-bit numbers that are names (zxids, sessions) are
// text, `0x...`, as JavaScript's numbers end at 2^53; times are ms since 1970; data is base64.

#include <drover/acl.h>
#include <drover/stat.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace drover::admin {

[[nodiscard]] std::string hex_text(std::int64_t value);                      // 0x1f
[[nodiscard]] std::optional<std::int64_t> parse_hex(std::string_view text);  // with 0x
[[nodiscard]] std::string base64_text(std::string_view bytes);
[[nodiscard]] std::optional<std::string> parse_base64(std::string_view text);  // padded

[[nodiscard]] boost::json::object stat_json(const Stat& stat);
[[nodiscard]] boost::json::array acl_json(const AclList& acl);  // perms as `cdrwa`
// Error: one sentence.
[[nodiscard]] std::expected<AclList, std::string> parse_acl(const boost::json::value& value);
[[nodiscard]] boost::json::array identities_json(const std::vector<Id>& ids);

}  // namespace drover::admin
