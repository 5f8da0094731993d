#include "file_tools/log_record.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "file_tools/finding.h"
#include "toolbox/base64.h"
#include "toolbox/perms_text.h"
#include "toolbox/utf8.h"

namespace drover::file_tools {

namespace {

using wire::OpCode;

constexpr std::size_t kDataShownMax = 64;  // bytes, of DataShown::kBeginning

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

std::optional<LogRecord> decode_from(OpCode type, wire::JuteReader& in) {
  switch (type) {
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl:
      return wire::CreateTxn::decode(type, in);
    case OpCode::kDelete:
    case OpCode::kDeleteContainer:
      return wire::DeleteTxn::decode(in);
    case OpCode::kSetData:
    case OpCode::kReconfig:
      return wire::SetDataTxn::decode(in);
    case OpCode::kSetAcl:
      return wire::SetAclTxn::decode(in);
    case OpCode::kCheck:
      return wire::CheckTxn::decode(in);
    case OpCode::kMulti:
      return wire::MultiTxn::decode(in);
    case OpCode::kCreateSession:
      return wire::CreateSessionTxn::decode(in);
    case OpCode::kCloseSession:
      return wire::CloseSessionTxn::decode(in);
    case OpCode::kError:
      return wire::ErrorTxn::decode(in);
    default:
      return std::nullopt;
  }
}

std::string shown_data(wire::NullableBytes data, DataShown shown) {
  if (!data) return "data=null";
  if (shown == DataShown::kLength) return fmt::format("data={} bytes", data->size());
  return "data=" + data_text(*data, shown == DataShown::kAll ? SIZE_MAX : kDataShownMax);
}

std::string record_text(OpCode type, const LogRecord& record, DataShown shown) {
  return std::visit(
      Overloaded{
          [&](const wire::CreateTxn& t) {
            std::string text = fmt::format("{} {} acl={}", toolbox::utf8_or_replaced(t.path),
                                           shown_data(t.data, shown), acl_line(t.acl));
            if (t.ephemeral) text += " ephemeral";
            if (type == OpCode::kCreateTtl) text += fmt::format(" ttl={}ms", t.ttl_ms);
            return text + fmt::format(" parentCversion={}", t.parent_cversion);
          },
          [&](const wire::DeleteTxn& t) { return toolbox::utf8_or_replaced(t.path); },
          [&](const wire::SetDataTxn& t) {
            return fmt::format("{} {} version={}", toolbox::utf8_or_replaced(t.path),
                               shown_data(t.data, shown), t.version);
          },
          [&](const wire::SetAclTxn& t) {
            return fmt::format("{} acl={} aversion={}", toolbox::utf8_or_replaced(t.path),
                               acl_line(t.acl), t.version);
          },
          [&](const wire::CheckTxn& t) {
            return fmt::format("{} version={}", toolbox::utf8_or_replaced(t.path), t.version);
          },
          [&](const wire::ErrorTxn& t) {
            return fmt::format("{} ({})", error_name(t.error), static_cast<std::int32_t>(t.error));
          },
          [&](const wire::CreateSessionTxn& t) {
            return fmt::format("timeout={}ms", t.timeout_ms);
          },
          [&](const wire::CloseSessionTxn& t) {
            if (!t.has_paths) return std::string("without a record");
            std::string text = "ephemerals=[";
            for (std::size_t i = 0; i < t.paths.size(); ++i) {
              text +=
                  fmt::format("{}{}", i == 0 ? "" : ", ", toolbox::utf8_or_replaced(t.paths[i]));
            }
            return text + "]";
          },
          [&](const wire::MultiTxn& t) {
            std::string text = "[";
            for (std::size_t i = 0; i < t.ops.size(); ++i) {
              const auto part = decode_record(t.ops[i].type, t.ops[i].record);
              text += fmt::format("{}{} {}", i == 0 ? "" : "; ", op_name(t.ops[i].type),
                                  part ? record_text(t.ops[i].type, *part, shown) : "(unreadable)");
            }
            return text + "]";
          }},
      record);
}

boost::json::value data_json(wire::NullableBytes data) {
  if (!data) return nullptr;
  return boost::json::string(toolbox::base64(*data));
}

boost::json::object record_json(const LogRecord& record) {
  using boost::json::object;
  return std::visit(
      Overloaded{
          [](const wire::CreateTxn& t) {
            object o{{"path", toolbox::utf8_or_replaced(t.path)},
                     {"data_base64", data_json(t.data)},
                     {"acl", acl_line(t.acl)},
                     {"ephemeral", t.ephemeral},
                     {"parent_cversion", t.parent_cversion}};
            if (t.ttl_ms != 0) o["ttl_ms"] = t.ttl_ms;
            return o;
          },
          [](const wire::DeleteTxn& t) {
            return object{{"path", toolbox::utf8_or_replaced(t.path)}};
          },
          [](const wire::SetDataTxn& t) {
            return object{{"path", toolbox::utf8_or_replaced(t.path)},
                          {"data_base64", data_json(t.data)},
                          {"version", t.version}};
          },
          [](const wire::SetAclTxn& t) {
            return object{{"path", toolbox::utf8_or_replaced(t.path)},
                          {"acl", acl_line(t.acl)},
                          {"aversion", t.version}};
          },
          [](const wire::CheckTxn& t) {
            return object{{"path", toolbox::utf8_or_replaced(t.path)}, {"version", t.version}};
          },
          [](const wire::ErrorTxn& t) {
            return object{{"error", error_name(t.error)},
                          {"error_code", static_cast<std::int32_t>(t.error)}};
          },
          [](const wire::CreateSessionTxn& t) { return object{{"timeout_ms", t.timeout_ms}}; },
          [](const wire::CloseSessionTxn& t) {
            boost::json::array paths;
            for (const auto path : t.paths) paths.emplace_back(toolbox::utf8_or_replaced(path));
            return object{{"ephemerals", std::move(paths)}};
          },
          [](const wire::MultiTxn& t) {
            boost::json::array ops;
            for (const auto& op : t.ops) {
              const auto part = decode_record(op.type, op.record);
              object o = part ? record_json(*part) : object{{"unreadable", true}};
              o["op"] = op_name(op.type);
              ops.push_back(std::move(o));
            }
            return object{{"ops", std::move(ops)}};
          }},
      record);
}

std::string session_text(wire::SessionId session) {
  return fmt::format("0x{:x}", static_cast<std::uint64_t>(session.value));
}

}  // namespace

bool is_known_type(OpCode type) {
  wire::JuteReader nothing{std::string_view()};
  return decode_from(type, nothing).has_value();
}

std::optional<DecodedTxn> decode_txn(OpCode type, std::string_view body) {
  wire::JuteReader in(body);
  auto record = decode_from(type, in);
  if (!record || !in.ok()) return std::nullopt;
  DecodedTxn txn{.record = std::move(*record), .digest = {}};
  if (in.remaining() == wire::TxnDigest::kSize) txn.digest = wire::TxnDigest::decode(in);
  return txn;
}

std::optional<LogRecord> decode_record(OpCode type, std::string_view record) {
  if (type == OpCode::kMulti)
    return std::nullopt;  // no server writes it, and it could nest for ever
  wire::JuteReader in(record);
  auto decoded = decode_from(type, in);
  if (!in.ok()) return std::nullopt;
  return decoded;
}

std::vector<std::string_view> paths_of(const LogRecord& record) {
  return std::visit(
      Overloaded{[](const wire::ErrorTxn&) { return std::vector<std::string_view>(); },
                 [](const wire::CreateSessionTxn&) { return std::vector<std::string_view>(); },
                 [](const wire::CloseSessionTxn& t) { return t.paths; },
                 [](const wire::MultiTxn& t) {
                   std::vector<std::string_view> paths;
                   for (const auto& op : t.ops) {
                     const auto part = decode_record(op.type, op.record);
                     if (!part) continue;
                     for (const auto path : paths_of(*part)) paths.push_back(path);
                   }
                   return paths;
                 },
                 [](const auto& t) { return std::vector<std::string_view>{t.path}; }},
      record);
}

std::string txn_line(const storage::LogEntry& entry, DataShown shown) {
  const wire::TxnHeader& header = entry.header;
  std::string line =
      fmt::format("{} {} session={} cxid={} {} ", zxid_text(header.zxid), time_text(header.time.ms),
                  session_text(header.session), header.cxid, op_name(header.type));
  const auto txn = decode_txn(header.type, body_of(entry.txn.bytes));
  if (!txn) return line + "(unreadable record)";
  return line + record_text(header.type, txn->record, shown);
}

boost::json::object txn_json(const storage::LogEntry& entry) {
  const wire::TxnHeader& header = entry.header;
  boost::json::object object{{"zxid", zxid_text(header.zxid)},
                             {"offset", entry.offset},
                             {"time", time_text(header.time.ms)},
                             {"session", session_text(header.session)},
                             {"cxid", header.cxid},
                             {"op", op_name(header.type)},
                             {"type", static_cast<std::int32_t>(header.type)}};
  const auto txn = decode_txn(header.type, body_of(entry.txn.bytes));
  if (!txn) {
    object["unreadable"] = true;
    return object;
  }
  const boost::json::object fields = record_json(txn->record);
  object.insert(fields.begin(), fields.end());
  if (txn->digest) object["tree_digest"] = fmt::format("0x{:x}", txn->digest->tree_digest);
  return object;
}

std::string time_text(std::int64_t ms) {
  using namespace std::chrono;
  constexpr std::int64_t kDayMs = 86'400'000;
  const std::int64_t day = ms >= 0 ? ms / kDayMs : (ms - kDayMs + 1) / kDayMs;
  if (day > 3'000'000 || day < -719'162) return fmt::format("{}ms", ms);  // no such date
  const year_month_day date{sys_days(days(day))};
  const std::int64_t rest = ms - day * kDayMs;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     rest / 3'600'000, rest / 60'000 % 60, rest / 1000 % 60, rest % 1000);
}

std::string acl_line(const std::vector<wire::AclView>& acl) {
  std::string text;
  for (const auto& entry : acl) {
    if (!text.empty()) text += ',';
    text += fmt::format("{}:{}:{}", toolbox::utf8_or_replaced(entry.scheme.value_or("")),
                        toolbox::utf8_or_replaced(entry.id.value_or("")),
                        entry.perms == 0 ? "-" : toolbox::perms_text(entry.perms));
  }
  return text.empty() ? "none" : text;
}

std::string data_text(std::string_view data, std::size_t bytes_max) {
  const std::string_view shown = data.substr(0, bytes_max);
  bool printable = toolbox::utf8_or_replaced(shown) == shown;
  for (const char c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) printable = false;
  }
  std::string text;
  if (printable) {
    text = fmt::format("\"{}\"", shown);
  } else {
    text = "0x";
    for (const char c : shown) text += fmt::format("{:02x}", static_cast<std::uint8_t>(c));
  }
  if (shown.size() < data.size()) text += fmt::format("... ({} bytes)", data.size());
  return text;
}

}  // namespace drover::file_tools
