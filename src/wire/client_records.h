#pragma once
// The records of the client protocol, as views into the frame they came in (zookeeper.jute, package
// proto). decode() fills a record from a reader, whose ok() then tells; encode() appends it.
// Layouts are written out in docs/client_protocol.md.

#include <drover/acl.h>
#include <drover/error_code.h>
#include <drover/event.h>
#include <drover/stat.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wire/jute_reader.h"
#include "wire/jute_writer.h"
#include "wire/op_code.h"
#include "wire/zxid.h"

namespace drover::wire {

inline constexpr std::size_t kStatSize = 68;
inline constexpr std::size_t kReplyHeaderSize = 16;
inline constexpr std::size_t kPasswordSize = 16;

struct ConnectRequest {
  std::int32_t protocol_version = 0;
  Zxid last_zxid_seen;
  std::int32_t timeout_ms = 0;
  SessionId session_id;
  NullableBytes password;
  std::optional<bool> read_only;  // absent from clients older than 3.4: answer without it too

  static ConnectRequest decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

struct ConnectResponse {
  std::int32_t timeout_ms =
      0;  // 0 with session_id 0 and a password of zeros: the session is not valid
  SessionId session_id;
  std::string_view password;      // kPasswordSize bytes
  std::optional<bool> read_only;  // absent when the request had none

  static ConnectResponse decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

struct RequestHeader {
  std::int32_t xid = 0;
  OpCode op = OpCode::kNotification;  // any number: validate before use

  static RequestHeader decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

struct ReplyHeader {
  std::int32_t xid = 0;
  Zxid zxid;
  ErrorCode error = ErrorCode::kOk;

  static ReplyHeader decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

// An ACL entry as a view; null strings are legal on the wire.
struct AclView {
  std::int32_t perms = 0;
  NullableBytes scheme;
  NullableBytes id;
};

// create, create2, createContainer; with ttl also createTTL.
struct CreateRequest {
  NullableBytes path;
  NullableBytes data;
  std::optional<std::vector<AclView>> acl;  // nullopt: a null vector
  std::int32_t flags = 0;
  std::int64_t ttl_ms = -1;  // only createTTL carries it

  static CreateRequest decode(JuteReader& in, bool with_ttl);
  void encode(JuteWriter& out, bool with_ttl) const;
};

// delete, setData's and check's common shape: a path and an expected version.
struct PathVersionRequest {
  NullableBytes path;
  std::int32_t version = -1;

  static PathVersionRequest decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

struct SetDataRequest {
  NullableBytes path;
  NullableBytes data;
  std::int32_t version = -1;

  static SetDataRequest decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

struct SetAclRequest {
  NullableBytes path;
  std::optional<std::vector<AclView>> acl;
  std::int32_t version = -1;

  static SetAclRequest decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

// exists, getData, getChildren, getChildren2.
struct PathWatchRequest {
  NullableBytes path;
  bool watch = false;

  static PathWatchRequest decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

// addWatch, checkWatches, removeWatches: a path and a number.
struct PathModeRequest {
  NullableBytes path;
  std::int32_t mode = 0;

  static PathModeRequest decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

struct AuthRequest {
  std::int32_t type = 0;  // ignored
  NullableBytes scheme;
  NullableBytes auth;

  static AuthRequest decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

// setWatches (three lists) and setWatches2 (five).
struct SetWatchesRequest {
  using Paths = std::optional<std::vector<NullableBytes>>;
  Zxid relative_zxid;
  Paths data, exist, child, persistent, persistent_recursive;

  static SetWatchesRequest decode(JuteReader& in, bool with_persistent);
  void encode(JuteWriter& out, bool with_persistent) const;
};

// In front of each operation of a multi; done ends it.
struct MultiHeader {
  OpCode op = OpCode::kError;
  bool done = false;
  std::int32_t error = -1;

  static MultiHeader decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

struct WatcherEvent {
  EventType type = EventType::kNone;
  KeeperState state = KeeperState::kSyncConnected;
  NullableBytes path;

  static WatcherEvent decode(JuteReader& in);
  void encode(JuteWriter& out) const;
};

Stat decode_stat(JuteReader& in);
void encode_stat(const Stat& stat, JuteWriter& out);

std::optional<std::vector<AclView>> decode_acl(JuteReader& in);
void encode_acl(const std::optional<std::vector<AclView>>& acl, JuteWriter& out);
void encode_acl(const AclList& acl, JuteWriter& out);

}  // namespace drover::wire
