#include "cli/shell_json.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "cli/shell_format.h"

namespace drover::cli {
namespace {

// Bytes that follow a lead byte of UTF-8; nullopt for a byte that leads nothing.
std::optional<std::size_t> followers_of(unsigned char lead) {
  if (lead < 0x80) return 0;
  if (lead >= 0xc2 && lead <= 0xdf) return 1;
  if (lead >= 0xe0 && lead <= 0xef) return 2;
  if (lead >= 0xf0 && lead <= 0xf4) return 3;
  return std::nullopt;
}

// The second byte excludes what the lead byte alone would let through: longer forms than needed,
// surrogates, and what lies beyond Unicode.
bool may_follow(unsigned char lead, unsigned char second) {
  if (lead == 0xe0) return second >= 0xa0;
  if (lead == 0xed) return second < 0xa0;
  if (lead == 0xf0) return second >= 0x90;
  if (lead == 0xf4) return second < 0x90;
  return true;
}

}  // namespace

bool is_utf8(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const auto followers = followers_of(lead);
    if (!followers || bytes.size() - i <= *followers) return false;
    for (std::size_t k = 1; k <= *followers; ++k) {
      const auto next = static_cast<unsigned char>(bytes[i + k]);
      if ((next & 0xc0) != 0x80 || (k == 1 && !may_follow(lead, next))) return false;
    }
    i += *followers;
  }
  return true;
}

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
    all.push_back(boost::json::object{
        {"scheme", entry.id.scheme}, {"id", entry.id.id}, {"perms", perms_text(entry.perms)}});
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
  if (is_utf8(*data)) return boost::json::string(*data);
  return boost::json::object{{"base64", base64(*data)}};
}

}  // namespace drover::cli
