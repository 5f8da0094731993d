#pragma once
// The JSON of what the shell shows, for programs: numbers as numbers, zxids and session ids as
// "0x..." since they do not fit a double, times in milliseconds.

#include <drover/acl.h>
#include <drover/event.h>
#include <drover/stat.h>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drover::shell {

[[nodiscard]] boost::json::object stat_json(const Stat& stat);
[[nodiscard]] boost::json::object event_json(const WatchedEvent& event);
// [{"scheme": ..., "id": ..., "perms": "cdrwa"}, ...]
[[nodiscard]] boost::json::array acl_json(const AclList& acl);
[[nodiscard]] boost::json::array list_json(const std::vector<std::string>& items);
// A string where the bytes are one in UTF-8, else {"base64": "..."}; null where there is no data.
[[nodiscard]] boost::json::value data_json(const std::optional<std::string>& data);
[[nodiscard]] std::string hexadecimal(std::int64_t value);

}  // namespace drover::shell
