#pragma once
// One txn of the log, decoded and as people and programs read it.

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "storage/log_reader.h"
#include "wire/txn_records.h"

namespace drover::file_tools {

// Views into the entry's bytes.
using LogRecord = std::variant<wire::CreateTxn, wire::DeleteTxn, wire::SetDataTxn, wire::SetAclTxn,
                               wire::CheckTxn, wire::ErrorTxn, wire::CreateSessionTxn,
                               wire::CloseSessionTxn, wire::MultiTxn>;

struct DecodedTxn {
  LogRecord record;
  std::optional<wire::TxnDigest> digest;
};

// What stands behind the header of one txn. nullopt: a type that no server writes, or fewer bytes
// than the type needs.
[[nodiscard]] std::optional<DecodedTxn> decode_txn(wire::OpCode type, std::string_view body);
// The same for one part of a multi.
[[nodiscard]] std::optional<LogRecord> decode_record(wire::OpCode type, std::string_view record);
[[nodiscard]] inline std::string_view body_of(std::string_view payload) {
  return payload.substr(wire::TxnHeader::kSize);
}
[[nodiscard]] bool is_known_type(wire::OpCode type);

// Paths that the txn is about, those of a multi's parts included.
[[nodiscard]] std::vector<std::string_view> paths_of(const LogRecord& record);
[[nodiscard]] std::string_view data_of(const LogRecord& record);

// How much of a znode's data is shown.
enum class DataShown { kLength, kBeginning, kAll };

// `0x5 2026-01-02T03:04:05.678Z session=0x10.. cxid=3 create /a 5 bytes ...`, one line.
[[nodiscard]] std::string txn_line(const storage::LogEntry& entry, DataShown shown);
[[nodiscard]] boost::json::object txn_json(const storage::LogEntry& entry);

// ms since 1970 in UTC: 2026-01-02T03:04:05.678Z. Any value.
[[nodiscard]] std::string time_text(std::int64_t ms);
// world:anyone:cdrwa, commas between entries.
[[nodiscard]] std::string acl_line(const std::vector<wire::AclView>& acl);
// Text as it is, quoted, when it is printable UTF-8; otherwise hex.
[[nodiscard]] std::string data_text(std::string_view data, std::size_t bytes_max);

}  // namespace drover::file_tools
