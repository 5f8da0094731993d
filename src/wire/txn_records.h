#pragma once
// A txn as it stands in the log and travels between servers: TxnHeader, record, optional TxnDigest
// (zookeeper.jute, package txn). Views into the bytes they were decoded from.

#include <drover/error_code.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "wire/client_records.h"

namespace drover::wire {

struct TxnHeader {
  SessionId session;  // 0 when the server itself made the txn (container reaper)
  std::int32_t cxid = 0;
  Zxid zxid;
  base::WallTime time;
  OpCode type = OpCode::kError;

  static constexpr std::size_t kSize = 32;
  static TxnHeader decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

struct TxnDigest {
  static constexpr std::int32_t kVersion = 2;
  static constexpr std::size_t kSize = 12;
  std::int32_t version = kVersion;
  std::uint64_t tree_digest = 0;

  static TxnDigest decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

// create, create2, createContainer, createTTL. Which fields are on the wire depends on the type.
struct CreateTxn {
  std::string_view path;
  NullableBytes data;
  std::vector<AclView> acl;
  bool ephemeral = false;             // create, create2 only
  std::int32_t parent_cversion = -1;  // persisted form (creates only); -1: "the parent's plus one"
  std::int64_t ttl_ms = 0;            // createTTL only

  // A create without parentCVersion (written before 3.4) decodes with -1.
  static CreateTxn decode(OpCode type, JuteReader& in);
  void encode(OpCode type, JuteWriter& out) const;
};

struct DeleteTxn {  // delete, deleteContainer
  std::string_view path;
  static DeleteTxn decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

struct SetDataTxn {  // setData, reconfig
  std::string_view path;
  NullableBytes data;
  std::int32_t version = 0;  // the new one
  static SetDataTxn decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

struct SetAclTxn {
  std::string_view path;
  std::vector<AclView> acl;
  std::int32_t version = 0;  // the new aversion
  static SetAclTxn decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

struct CheckTxn {
  std::string_view path;
  std::int32_t version = -1;
  static CheckTxn decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

struct ErrorTxn {
  ErrorCode error = ErrorCode::kOk;
  static ErrorTxn decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

struct CreateSessionTxn {
  std::int32_t timeout_ms = 0;
  static CreateSessionTxn decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

struct CloseSessionTxn {
  std::vector<std::string_view> paths;  // ephemerals to delete
  bool has_paths = true;  // false: written by a server older than 3.6, without a record
  static CloseSessionTxn decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

struct MultiTxn {
  struct Op {
    OpCode type = OpCode::kError;
    std::string_view record;
  };
  std::vector<Op> ops;
  static MultiTxn decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

// One txn as bytes: header, record and digest, what the log stores and a proposal carries.
struct TxnBytes {
  Zxid zxid;
  std::string_view bytes;
};

}  // namespace drover::wire
