#pragma once
// For the tests of this room: txns as bytes, a sink that remembers, a log that remembers.

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "storage/log_writer.h"
#include "storage/restore.h"
#include "wire/jute_writer.h"

namespace drover::storage::testing {

inline std::string from_hex(std::string_view hex) {
  std::string bytes;
  int high = -1;
  for (const char c : hex) {
    if (c == ' ' || c == '\n') continue;
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<char>(high * 16 + digit));
      high = -1;
    }
  }
  return bytes;
}

// A txn that owns its bytes.
struct Txn {
  wire::Zxid zxid;
  std::string bytes;
  [[nodiscard]] wire::TxnBytes view() const { return {zxid, bytes}; }
};

inline Txn make_txn(std::int64_t zxid, std::string_view data = "data",
                    wire::OpCode type = wire::OpCode::kSetData) {
  base::ByteBuffer buffer;
  wire::JuteWriter out(buffer);
  wire::TxnHeader{.session = wire::SessionId(0x100001af2be0000),
                  .cxid = 7,
                  .zxid = wire::Zxid(zxid),
                  .time = {1700000000000},
                  .type = type}
      .encode(out);
  if (type == wire::OpCode::kError) {
    wire::ErrorTxn{ErrorCode::kBadArguments}.encode(out);
  } else {
    wire::SetDataTxn{.path = "/a", .data = data, .version = 1}.encode(out);
  }
  return {wire::Zxid(zxid), std::string(buffer.view())};
}

inline std::vector<wire::TxnBytes> views(const std::vector<Txn>& txns) {
  std::vector<wire::TxnBytes> result;
  for (const auto& txn : txns) result.push_back(txn.view());
  return result;
}

// Appends [first, last] one sync per txn.
inline Result<void> write_txns(LogWriter& writer, std::int64_t first, std::int64_t last) {
  for (auto zxid = first; zxid <= last; ++zxid) {
    const std::vector<Txn> batch{make_txn(zxid)};
    if (auto done = writer.append(views(batch)); !done) return done;
    if (auto done = writer.sync(); !done) return done;
  }
  return {};
}

class RecordingSink final : public RestoreSink {
 public:
  struct Node {
    std::optional<std::string> data;
    std::int64_t acl_key = 0;
    wire::StatPersisted stat;
    friend bool operator==(const Node&, const Node&) = default;
  };
  wire::Zxid snapshot_zxid{-1};
  int snapshots_begun = 0;
  bool snapshot_ended = false;
  std::map<std::int64_t, std::int32_t> sessions;
  std::map<std::int64_t, AclList> acls;
  std::map<std::string, Node> nodes;
  std::optional<SnapshotDigest> digest;
  std::vector<std::pair<wire::Zxid, std::string>> txns;
  wire::Zxid refuse{-1};  // txn() answers an error for this one

  [[nodiscard]] std::vector<std::int64_t> zxids() const {
    std::vector<std::int64_t> result;
    for (const auto& [zxid, bytes] : txns) result.push_back(zxid.value);
    return result;
  }

  void begin_snapshot(wire::Zxid zxid) override {
    snapshot_zxid = zxid;
    ++snapshots_begun;
    snapshot_ended = false;
    sessions.clear();
    acls.clear();
    nodes.clear();
  }
  void session(wire::SessionId id, std::int32_t timeout_ms) override {
    sessions[id.value] = timeout_ms;
  }
  void acl(std::int64_t key, AclList list) override { acls[key] = std::move(list); }
  Result<void> node(std::string_view path, wire::NullableBytes data, std::int64_t acl_key,
                    const wire::StatPersisted& stat) override {
    std::optional<std::string> copy;
    if (data) copy = std::string(*data);
    nodes[std::string(path)] = Node{std::move(copy), acl_key, stat};
    return {};
  }
  Result<void> end_snapshot(std::optional<SnapshotDigest> read) override {
    digest = read;
    snapshot_ended = true;
    return {};
  }
  Result<void> txn(const wire::TxnBytes& txn) override {
    if (txn.zxid == refuse) return failure("type 99 is not known");
    txns.emplace_back(txn.zxid, std::string(txn.bytes));
    return {};
  }
};

class RecordingLog final : public base::Log {
 public:
  std::vector<std::string> lines;
  bool enabled(base::LogLevel) const override { return true; }
  void line(base::LogLevel, std::string_view text) override { lines.emplace_back(text); }
};

}  // namespace drover::storage::testing
