#include "wire/client_records.h"

namespace drover::wire {

ConnectRequest ConnectRequest::decode(JuteReader& in) {
  ConnectRequest r;
  r.protocol_version = in.read_int();
  r.last_zxid_seen = Zxid(in.read_long());
  r.timeout_ms = in.read_int();
  r.session_id = SessionId(in.read_long());
  r.password = in.read_bytes();
  if (in.ok() && in.remaining() > 0) r.read_only = in.read_bool();
  return r;
}

void ConnectRequest::encode(JuteWriter& out) const {
  out.write_int(protocol_version);
  out.write_long(last_zxid_seen.value);
  out.write_int(timeout_ms);
  out.write_long(session_id.value);
  out.write_bytes(password);
  if (read_only) out.write_bool(*read_only);
}

ConnectResponse ConnectResponse::decode(JuteReader& in) {
  ConnectResponse r;
  in.read_int();
  r.timeout_ms = in.read_int();
  r.session_id = SessionId(in.read_long());
  r.password = in.read_string();
  if (in.ok() && in.remaining() > 0) r.read_only = in.read_bool();
  return r;
}

void ConnectResponse::encode(JuteWriter& out) const {
  out.write_int(0);
  out.write_int(timeout_ms);
  out.write_long(session_id.value);
  out.write_string(password);
  if (read_only) out.write_bool(*read_only);
}

RequestHeader RequestHeader::decode(JuteReader& in) {
  RequestHeader r;
  r.xid = in.read_int();
  r.op = static_cast<OpCode>(in.read_int());
  return r;
}

void RequestHeader::encode(JuteWriter& out) const {
  out.write_int(xid);
  out.write_int(static_cast<std::int32_t>(op));
}

ReplyHeader ReplyHeader::decode(JuteReader& in) {
  ReplyHeader r;
  r.xid = in.read_int();
  r.zxid = Zxid(in.read_long());
  r.error = static_cast<ErrorCode>(in.read_int());
  return r;
}

void ReplyHeader::encode(JuteWriter& out) const {
  out.write_int(xid);
  out.write_long(zxid.value);
  out.write_int(static_cast<std::int32_t>(error));
}

CreateRequest CreateRequest::decode(JuteReader& in, bool with_ttl) {
  CreateRequest r;
  r.path = in.read_bytes();
  r.data = in.read_bytes();
  r.acl = decode_acl(in);
  r.flags = in.read_int();
  if (with_ttl) r.ttl_ms = in.read_long();
  return r;
}

void CreateRequest::encode(JuteWriter& out, bool with_ttl) const {
  out.write_bytes(path);
  out.write_bytes(data);
  encode_acl(acl, out);
  out.write_int(flags);
  if (with_ttl) out.write_long(ttl_ms);
}

PathVersionRequest PathVersionRequest::decode(JuteReader& in) {
  PathVersionRequest r;
  r.path = in.read_bytes();
  r.version = in.read_int();
  return r;
}

void PathVersionRequest::encode(JuteWriter& out) const {
  out.write_bytes(path);
  out.write_int(version);
}

SetDataRequest SetDataRequest::decode(JuteReader& in) {
  SetDataRequest r;
  r.path = in.read_bytes();
  r.data = in.read_bytes();
  r.version = in.read_int();
  return r;
}

void SetDataRequest::encode(JuteWriter& out) const {
  out.write_bytes(path);
  out.write_bytes(data);
  out.write_int(version);
}

SetAclRequest SetAclRequest::decode(JuteReader& in) {
  SetAclRequest r;
  r.path = in.read_bytes();
  r.acl = decode_acl(in);
  r.version = in.read_int();
  return r;
}

void SetAclRequest::encode(JuteWriter& out) const {
  out.write_bytes(path);
  encode_acl(acl, out);
  out.write_int(version);
}

PathWatchRequest PathWatchRequest::decode(JuteReader& in) {
  PathWatchRequest r;
  r.path = in.read_bytes();
  r.watch = in.read_bool();
  return r;
}

void PathWatchRequest::encode(JuteWriter& out) const {
  out.write_bytes(path);
  out.write_bool(watch);
}

PathModeRequest PathModeRequest::decode(JuteReader& in) {
  PathModeRequest r;
  r.path = in.read_bytes();
  r.mode = in.read_int();
  return r;
}

void PathModeRequest::encode(JuteWriter& out) const {
  out.write_bytes(path);
  out.write_int(mode);
}

AuthRequest AuthRequest::decode(JuteReader& in) {
  AuthRequest r;
  r.type = in.read_int();
  r.scheme = in.read_bytes();
  r.auth = in.read_bytes();
  return r;
}

void AuthRequest::encode(JuteWriter& out) const {
  out.write_int(type);
  out.write_bytes(scheme);
  out.write_bytes(auth);
}

namespace {

SetWatchesRequest::Paths decode_paths(JuteReader& in) {
  const auto count = in.read_count();
  if (!count) return std::nullopt;
  std::vector<NullableBytes> paths;
  for (std::int32_t i = 0; i < *count && in.ok(); ++i) paths.push_back(in.read_bytes());
  return paths;
}

void encode_paths(const SetWatchesRequest::Paths& paths, JuteWriter& out) {
  if (!paths) return out.write_int(-1);
  out.write_int(static_cast<std::int32_t>(paths->size()));
  for (const auto& path : *paths) out.write_bytes(path);
}

}  // namespace

SetWatchesRequest SetWatchesRequest::decode(JuteReader& in, bool with_persistent) {
  SetWatchesRequest r;
  r.relative_zxid = Zxid(in.read_long());
  r.data = decode_paths(in);
  r.exist = decode_paths(in);
  r.child = decode_paths(in);
  if (with_persistent) {
    r.persistent = decode_paths(in);
    r.persistent_recursive = decode_paths(in);
  }
  return r;
}

void SetWatchesRequest::encode(JuteWriter& out, bool with_persistent) const {
  out.write_long(relative_zxid.value);
  encode_paths(data, out);
  encode_paths(exist, out);
  encode_paths(child, out);
  if (with_persistent) {
    encode_paths(persistent, out);
    encode_paths(persistent_recursive, out);
  }
}

MultiHeader MultiHeader::decode(JuteReader& in) {
  MultiHeader r;
  r.op = static_cast<OpCode>(in.read_int());
  r.done = in.read_bool();
  r.error = in.read_int();
  return r;
}

void MultiHeader::encode(JuteWriter& out) const {
  out.write_int(static_cast<std::int32_t>(op));
  out.write_bool(done);
  out.write_int(error);
}

WatcherEvent WatcherEvent::decode(JuteReader& in) {
  WatcherEvent r;
  r.type = static_cast<EventType>(in.read_int());
  r.state = static_cast<KeeperState>(in.read_int());
  r.path = in.read_bytes();
  return r;
}

void WatcherEvent::encode(JuteWriter& out) const {
  out.write_int(static_cast<std::int32_t>(type));
  out.write_int(static_cast<std::int32_t>(state));
  out.write_bytes(path);
}

Stat decode_stat(JuteReader& in) {
  Stat s;
  s.czxid = in.read_long();
  s.mzxid = in.read_long();
  s.ctime = in.read_long();
  s.mtime = in.read_long();
  s.version = in.read_int();
  s.cversion = in.read_int();
  s.aversion = in.read_int();
  s.ephemeral_owner = in.read_long();
  s.data_length = in.read_int();
  s.num_children = in.read_int();
  s.pzxid = in.read_long();
  return s;
}

void encode_stat(const Stat& s, JuteWriter& out) {
  out.write_long(s.czxid);
  out.write_long(s.mzxid);
  out.write_long(s.ctime);
  out.write_long(s.mtime);
  out.write_int(s.version);
  out.write_int(s.cversion);
  out.write_int(s.aversion);
  out.write_long(s.ephemeral_owner);
  out.write_int(s.data_length);
  out.write_int(s.num_children);
  out.write_long(s.pzxid);
}

std::optional<std::vector<AclView>> decode_acl(JuteReader& in) {
  const auto count = in.read_count();
  if (!count) return std::nullopt;
  std::vector<AclView> acl;
  for (std::int32_t i = 0; i < *count && in.ok(); ++i) {
    AclView entry;
    entry.perms = in.read_int();
    entry.scheme = in.read_bytes();
    entry.id = in.read_bytes();
    acl.push_back(entry);
  }
  return acl;
}

void encode_acl(const std::optional<std::vector<AclView>>& acl, JuteWriter& out) {
  if (!acl) return out.write_int(-1);
  out.write_int(static_cast<std::int32_t>(acl->size()));
  for (const auto& entry : *acl) {
    out.write_int(entry.perms);
    out.write_bytes(entry.scheme);
    out.write_bytes(entry.id);
  }
}

void encode_acl(const AclList& acl, JuteWriter& out) {
  out.write_int(static_cast<std::int32_t>(acl.size()));
  for (const auto& entry : acl) {
    out.write_int(entry.perms);
    out.write_string(entry.id.scheme);
    out.write_string(entry.id.id);
  }
}

}  // namespace drover::wire
