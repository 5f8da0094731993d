#include "file_tools/java_text.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <ctime>

#include "file_tools/finding.h"
#include "toolbox/utf8.h"

namespace drover::file_tools {

namespace {

using wire::OpCode;

std::tm local_time(std::int64_t ms) {
  // Java rounds down, also before 1970.
  const std::time_t seconds = ms >= 0 ? ms / 1000 : (ms - 999) / 1000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return local;
}

std::string formatted(const char* format, const std::tm& time) {
  char text[128];
  const std::size_t size = std::strftime(text, sizeof text, format, &time);
  return {text, size};
}

// ToStringOutputArchive's string.
std::string csv(wire::NullableBytes text) {
  if (!text) return {};
  std::string out = "'";
  for (const char c : toolbox::utf8_or_replaced(*text)) {
    switch (c) {
      case '\0':
        out += "%00";
        break;
      case '\n':
        out += "%0A";
        break;
      case '\r':
        out += "%0D";
        break;
      case ',':
        out += "%2C";
        break;
      case '}':
        out += "%7D";
        break;
      case '%':
        out += "%25";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string acl_csv(const wire::AclView& acl) {
  return fmt::format("{},s{{{},{}}}", acl.perms, csv(acl.scheme), csv(acl.id));
}

// List.toString of records, each of which ends its text with a newline.
std::string acl_list(const std::vector<wire::AclView>& acls) {
  std::string text = "[";
  for (const auto& acl : acls) {
    if (text.size() > 1) text += ", ";
    text += acl_csv(acl) + "\n";
  }
  return text + "]";
}

std::string data_as_text(wire::NullableBytes data) {
  return toolbox::utf8_or_replaced(data.value_or(""));
}

std::string create_text(OpCode type, const wire::CreateTxn& t) {
  std::string text = fmt::format("{},{},{}", toolbox::utf8_or_replaced(t.path),
                                 data_as_text(t.data), acl_list(t.acl));
  if (type == OpCode::kCreate || type == OpCode::kCreate2) {
    text += t.ephemeral ? ",true" : ",false";
  }
  text += fmt::format(",{}", t.parent_cversion);
  if (type == OpCode::kCreateTtl) text += fmt::format(",{}", t.ttl_ms);
  return text;
}

std::string record_text(OpCode type, const LogRecord& record) {
  if (const auto* t = std::get_if<wire::CreateTxn>(&record)) return create_text(type, *t);
  if (const auto* t = std::get_if<wire::SetDataTxn>(&record)) {
    return fmt::format("{},{},{}", toolbox::utf8_or_replaced(t->path), data_as_text(t->data),
                       t->version);
  }
  if (const auto* t = std::get_if<wire::DeleteTxn>(&record)) return csv(t->path);
  if (const auto* t = std::get_if<wire::CheckTxn>(&record)) {
    return fmt::format("{},{}", csv(t->path), t->version);
  }
  if (const auto* t = std::get_if<wire::ErrorTxn>(&record)) {
    return fmt::format("{}", static_cast<std::int32_t>(t->error));
  }
  if (const auto* t = std::get_if<wire::CreateSessionTxn>(&record)) {
    return fmt::format("{}", t->timeout_ms);
  }
  if (const auto* t = std::get_if<wire::SetAclTxn>(&record)) {
    std::string text = csv(t->path) + ",v{";
    for (std::size_t i = 0; i < t->acl.size(); ++i) {
      text += fmt::format("{}s{{{}}}", i == 0 ? "" : ",", acl_csv(t->acl[i]));
    }
    return text + fmt::format("}},{}", t->version);
  }
  if (const auto* t = std::get_if<wire::CloseSessionTxn>(&record)) {
    if (!t->has_paths) return {};
    std::string text = "v{";
    for (std::size_t i = 0; i < t->paths.size(); ++i) {
      text += fmt::format("{}{}", i == 0 ? "" : ",", csv(t->paths[i]));
    }
    return text + "}";
  }
  std::string text;
  for (const auto& op : std::get<wire::MultiTxn>(record).ops) {
    if (!text.empty()) text += ";";
    text += java_op_name(op.type) + ":" + data_as_text(op.record);
  }
  return text;
}

}  // namespace

std::string java_short_date(std::int64_t ms) {
  const std::tm time = local_time(ms);
  const int hour = time.tm_hour % 12 == 0 ? 12 : time.tm_hour % 12;
  return fmt::format("{}/{}/{:02}, {}:{:02}:{:02} {} {}", time.tm_mon + 1, time.tm_mday,
                     (time.tm_year + 1900) % 100, hour, time.tm_min, time.tm_sec,
                     time.tm_hour < 12 ? "AM" : "PM", formatted("%Z", time));
}

std::string java_date(std::int64_t ms) {
  return formatted("%a %b %d %H:%M:%S %Z %Y", local_time(ms));
}

std::string java_hex(std::int64_t value) {
  return fmt::format("0x{:014x}", static_cast<std::uint64_t>(value));
}

std::string java_op_name(OpCode type) {
  const std::string_view name = op_name(type);
  if (name == "unknown") return fmt::format("unknown {}", static_cast<std::int32_t>(type));
  return std::string(name);
}

std::string java_record_text(OpCode type, std::string_view body) {
  const auto txn = decode_txn(type, body);
  return txn ? record_text(type, txn->record) : std::string();
}

std::int32_t java_hash(std::string_view utf8) {
  std::uint32_t hash = 0;
  const auto unit = [&](std::uint32_t u) { hash = 31 * hash + u; };
  const std::string text = toolbox::utf8_or_replaced(utf8);
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[at + i]); };
    if (byte(0) < 0x80) {
      unit(byte(0));
      at += 1;
    } else if (byte(0) < 0xe0) {
      unit((byte(0) & 0x1fU) << 6 | (byte(1) & 0x3fU));
      at += 2;
    } else if (byte(0) < 0xf0) {
      unit((byte(0) & 0x0fU) << 12 | (byte(1) & 0x3fU) << 6 | (byte(2) & 0x3fU));
      at += 3;
    } else {
      const std::uint32_t point = ((byte(0) & 0x07U) << 18 | (byte(1) & 0x3fU) << 12 |
                                   (byte(2) & 0x3fU) << 6 | (byte(3) & 0x3fU)) -
                                  0x10000;
      unit(0xd800 + (point >> 10));
      unit(0xdc00 + (point & 0x3ff));
      at += 4;
    }
  }
  return static_cast<std::int32_t>(hash);
}

std::int32_t java_hash(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(bits ^ (bits >> 32)));
}

// A bucket keeps its keys in order of insertion, also when the table doubles: so the order is that
// of the final table.
std::vector<std::size_t> java_hash_order(const std::vector<std::int32_t>& hashes,
                                         std::size_t capacity) {
  while (hashes.size() > capacity / 4 * 3) capacity *= 2;
  std::vector<std::vector<std::size_t>> buckets(capacity);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const auto hash = static_cast<std::uint32_t>(hashes[i]);
    buckets[(hash ^ (hash >> 16)) & (capacity - 1)].push_back(i);
  }
  std::vector<std::size_t> order;
  order.reserve(hashes.size());
  for (const auto& bucket : buckets) order.insert(order.end(), bucket.begin(), bucket.end());
  return order;
}

std::optional<std::int32_t> java_int(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value);
  if (text.empty() || error != std::errc() || end != text.end()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> java_long_decode(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    base = 16;
  } else if (text.starts_with('#')) {
    text.remove_prefix(1);
    base = 16;
  } else if (text.size() > 1 && text.starts_with('0')) {
    text.remove_prefix(1);
    base = 8;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value, base);
  if (text.empty() || error != std::errc() || end != text.end() || value < 0) return std::nullopt;
  return negative ? -value : value;
}

}  // namespace drover::file_tools
