#include "shell/json.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "shell/format.h"
#include "toolbox/base64.h"
#include "toolbox/perms_text.h"
#include "toolbox/utf8.h"

namespace drover::shell {
std::string hexadecimal(std::int64_t value) {
  return fmt::format("0x{:x}", static_cast<std::uint64_t>(value));
}

boost::json::object stat_json(const Stat& stat) {
  return {{"cZxid", hexadecimal(stat.czxid)},
          {"ctime", stat.ctime},
          {"mZxid", hexadecimal(stat.mzxid)},
          {"mtime", stat.mtime},
          {"pZxid", hexadecimal(stat.pzxid)},
          {"cversion", stat.cversion},
          {"dataVersion", stat.version},
          {"aclVersion", stat.aversion},
          {"ephemeralOwner", hexadecimal(stat.ephemeral_owner)},
          {"dataLength", stat.data_length},
          {"numChildren", stat.num_children}};
}

boost::json::object event_json(const WatchedEvent& event) {
  boost::json::object json{{"state", state_name(event.state)}, {"type", type_name(event.type)}};
  if (event.type != EventType::kNone) json["path"] = event.path;
  if (event.zxid != -1) json["zxid"] = hexadecimal(event.zxid);
  return json;
}

boost::json::array acl_json(const AclList& acl) {
  boost::json::array all;
  for (const auto& entry : acl) {
    all.push_back(boost::json::object{{"scheme", entry.id.scheme},
                                      {"id", entry.id.id},
                                      {"perms", toolbox::perms_text(entry.perms)}});
  }
  return all;
}

boost::json::array list_json(const std::vector<std::string>& items) {
  boost::json::array all;
  for (const auto& item : items) all.emplace_back(item);
  return all;
}

boost::json::value data_json(const std::optional<std::string>& data) {
  if (!data) return nullptr;
  if (toolbox::is_utf8(*data)) return boost::json::string(*data);
  return boost::json::object{{"base64", toolbox::base64(*data)}};
}

}  // namespace drover::shell
