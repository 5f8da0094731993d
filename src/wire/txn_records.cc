#include "wire/txn_records.h"

namespace drover::wire {

TxnHeader TxnHeader::decode(JuteReader& in) {
  TxnHeader h;
  h.session = SessionId(in.read_long());
  h.cxid = in.read_int();
  h.zxid = Zxid(in.read_long());
  h.time = base::WallTime{in.read_long()};
  h.type = static_cast<OpCode>(in.read_int());
  return h;
}

void TxnHeader::encode(JuteWriter& out) const {
  out.write_long(session.value);
  out.write_int(cxid);
  out.write_long(zxid.value);
  out.write_long(time.ms);
  out.write_int(static_cast<std::int32_t>(type));
}

TxnDigest TxnDigest::decode(JuteReader& in) {
  TxnDigest d;
  d.version = in.read_int();
  d.tree_digest = static_cast<std::uint64_t>(in.read_long());
  return d;
}

void TxnDigest::encode(JuteWriter& out) const {
  out.write_int(version);
  out.write_long(static_cast<std::int64_t>(tree_digest));
}

CreateTxn CreateTxn::decode(OpCode type, JuteReader& in) {
  CreateTxn t;
  t.path = in.read_string();
  t.data = in.read_bytes();
  if (auto acl = decode_acl(in)) t.acl = std::move(*acl);
  const bool plain = type == OpCode::kCreate || type == OpCode::kCreate2;
  if (plain) t.ephemeral = in.read_bool();
  if (type == OpCode::kCreate && in.ok() && in.remaining() == 0) return t;
  t.parent_cversion = in.read_int();
  if (type == OpCode::kCreateTtl) t.ttl_ms = in.read_long();
  return t;
}

void CreateTxn::encode(OpCode type, JuteWriter& out) const {
  out.write_string(path);
  out.write_bytes(data);
  out.write_int(static_cast<std::int32_t>(acl.size()));
  for (const auto& entry : acl) {
    out.write_int(entry.perms);
    out.write_bytes(entry.scheme);
    out.write_bytes(entry.id);
  }
  if (type == OpCode::kCreate || type == OpCode::kCreate2) out.write_bool(ephemeral);
  out.write_int(parent_cversion);
  if (type == OpCode::kCreateTtl) out.write_long(ttl_ms);
}

DeleteTxn DeleteTxn::decode(JuteReader& in) {
  return {in.read_string()};
}
void DeleteTxn::encode(JuteWriter& out) const {
  out.write_string(path);
}

SetDataTxn SetDataTxn::decode(JuteReader& in) {
  SetDataTxn t;
  t.path = in.read_string();
  t.data = in.read_bytes();
  t.version = in.read_int();
  return t;
}

void SetDataTxn::encode(JuteWriter& out) const {
  out.write_string(path);
  out.write_bytes(data);
  out.write_int(version);
}

SetAclTxn SetAclTxn::decode(JuteReader& in) {
  SetAclTxn t;
  t.path = in.read_string();
  if (auto acl = decode_acl(in)) t.acl = std::move(*acl);
  t.version = in.read_int();
  return t;
}

void SetAclTxn::encode(JuteWriter& out) const {
  out.write_string(path);
  out.write_int(static_cast<std::int32_t>(acl.size()));
  for (const auto& entry : acl) {
    out.write_int(entry.perms);
    out.write_bytes(entry.scheme);
    out.write_bytes(entry.id);
  }
  out.write_int(version);
}

CheckTxn CheckTxn::decode(JuteReader& in) {
  CheckTxn t;
  t.path = in.read_string();
  t.version = in.read_int();
  return t;
}

void CheckTxn::encode(JuteWriter& out) const {
  out.write_string(path);
  out.write_int(version);
}

ErrorTxn ErrorTxn::decode(JuteReader& in) {
  return {static_cast<ErrorCode>(in.read_int())};
}
void ErrorTxn::encode(JuteWriter& out) const {
  out.write_int(static_cast<std::int32_t>(error));
}

CreateSessionTxn CreateSessionTxn::decode(JuteReader& in) {
  return {in.read_int()};
}
void CreateSessionTxn::encode(JuteWriter& out) const {
  out.write_int(timeout_ms);
}

// Without a record the body is empty or a bare digest, whose first int is its version. A vector of
// exactly 12 bytes that begins with count 2 would need two empty paths, which no server writes.
CloseSessionTxn CloseSessionTxn::decode(JuteReader& in) {
  CloseSessionTxn t;
  JuteReader peek = in;
  if (in.remaining() == 0 ||
      (in.remaining() == TxnDigest::kSize && peek.read_int() == TxnDigest::kVersion)) {
    t.has_paths = false;
    return t;
  }
  const auto count = in.read_count();
  for (std::int32_t i = 0; count && i < *count && in.ok(); ++i) t.paths.push_back(in.read_string());
  return t;
}

void CloseSessionTxn::encode(JuteWriter& out) const {
  out.write_int(static_cast<std::int32_t>(paths.size()));
  for (const auto path : paths) out.write_string(path);
}

MultiTxn MultiTxn::decode(JuteReader& in) {
  MultiTxn t;
  const auto count = in.read_count();
  for (std::int32_t i = 0; count && i < *count && in.ok(); ++i) {
    Op op;
    op.type = static_cast<OpCode>(in.read_int());
    op.record = in.read_string();
    t.ops.push_back(op);
  }
  return t;
}

void MultiTxn::encode(JuteWriter& out) const {
  out.write_int(static_cast<std::int32_t>(ops.size()));
  for (const auto& op : ops) {
    out.write_int(static_cast<std::int32_t>(op.type));
    out.write_string(op.record);
  }
}

}  // namespace drover::wire
