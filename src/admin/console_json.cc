#include "admin/console_json.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace drover::admin {

namespace json = boost::json;

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::pair<char, std::int32_t>, 5> kPermissions{{{'c', perms::kCreate},
                                                                     {'d', perms::kDelete},
                                                                     {'r', perms::kRead},
                                                                     {'w', perms::kWrite},
                                                                     {'a', perms::kAdmin}}};

std::string perms_text(std::int32_t perms) {
  std::string text;
  for (const auto& [letter, bit] : kPermissions) {
    if ((perms & bit) != 0) text += letter;
  }
  return text;
}

std::optional<std::int32_t> parse_perms(std::string_view text) {
  std::int32_t perms = 0;
  for (const char c : text) {
    std::int32_t found = 0;
    for (const auto& [letter, bit] : kPermissions) {
      if (c == letter) found = bit;
    }
    if (found == 0) return std::nullopt;
    perms |= found;
  }
  return perms;
}

}  // namespace

std::string hex_text(std::int64_t value) {
  return fmt::format("0x{:x}", static_cast<std::uint64_t>(value));
}

std::optional<std::int64_t> parse_hex(std::string_view text) {
  if (!text.starts_with("0x")) return std::nullopt;
  text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::string base64_text(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      const bool there = i + k <= bytes.size();
      text += there ? kAlphabet[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

std::optional<std::string> parse_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t group = 0;
    std::size_t padding = 0;
    for (const char c : text.substr(i, 4)) {
      const auto digit = kAlphabet.find(c);
      if (c == '=') {
        ++padding;
      } else if (digit == std::string_view::npos || padding != 0) {
        return std::nullopt;
      }
      group = group << 6 | (c == '=' ? 0u : static_cast<std::uint32_t>(digit));
    }
    const bool last = i + 4 == text.size();
    if (padding > 2 || (padding != 0 && !last)) return std::nullopt;
    for (std::size_t k = 0; k < 3 - padding; ++k) {
      bytes += static_cast<char>(group >> (16 - 8 * k) & 255);
    }
  }
  return bytes;
}

json::object stat_json(const Stat& stat) {
  return {{"czxid", hex_text(stat.czxid)},
          {"mzxid", hex_text(stat.mzxid)},
          {"pzxid", hex_text(stat.pzxid)},
          {"ctime", stat.ctime},
          {"mtime", stat.mtime},
          {"version", stat.version},
          {"cversion", stat.cversion},
          {"aversion", stat.aversion},
          {"ephemeral_owner", hex_text(stat.ephemeral_owner)},
          {"data_length", stat.data_length},
          {"num_children", stat.num_children}};
}

json::array acl_json(const AclList& acl) {
  json::array list;
  for (const Acl& entry : acl) {
    list.push_back(json::object{
        {"scheme", entry.id.scheme}, {"id", entry.id.id}, {"perms", perms_text(entry.perms)}});
  }
  return list;
}

std::expected<AclList, std::string> parse_acl(const json::value& value) {
  const auto refuse = [] {
    return std::unexpected<std::string>(
        "`acl` is a list of {\"scheme\", \"id\", \"perms\"}, perms being letters of cdrwa");
  };
  const auto* list = value.if_array();
  if (list == nullptr) return refuse();
  AclList acl;
  for (const json::value& entry : *list) {
    const auto* object = entry.if_object();
    if (object == nullptr) return refuse();
    const auto text = [object](std::string_view key) -> const json::string* {
      const auto* found = object->if_contains(key);
      return found == nullptr ? nullptr : found->if_string();
    };
    const auto* scheme = text("scheme");
    const auto* id = text("id");
    const auto* letters = text("perms");
    if (scheme == nullptr || id == nullptr || letters == nullptr) return refuse();
    const auto bits = parse_perms(*letters);
    if (!bits) return refuse();
    acl.push_back({*bits, {std::string(*scheme), std::string(*id)}});
  }
  return acl;
}

json::array identities_json(const std::vector<Id>& ids) {
  json::array list;
  for (const Id& id : ids) list.push_back(json::object{{"scheme", id.scheme}, {"id", id.id}});
  return list;
}

}  // namespace drover::admin
