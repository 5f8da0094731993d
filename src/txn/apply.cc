#include "txn/apply.h"

#include "txn/apply_impl.h"

namespace drover::txn {

using wire::OpCode;

bool decode_record(OpCode type, wire::JuteReader& in, TypedRecord& out) {
  out.type = type;
  switch (type) {
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl:
      out.record = wire::CreateTxn::decode(type, in);
      break;
    case OpCode::kDelete:
    case OpCode::kDeleteContainer:
      out.record = wire::DeleteTxn::decode(in);
      break;
    case OpCode::kSetData:
    case OpCode::kReconfig:
      out.record = wire::SetDataTxn::decode(in);
      break;
    case OpCode::kSetAcl:
      out.record = wire::SetAclTxn::decode(in);
      break;
    case OpCode::kCheck:
      out.record = wire::CheckTxn::decode(in);
      break;
    case OpCode::kError:
      out.record = ErrorRecord{wire::ErrorTxn::decode(in).error};
      break;
    default:
      return false;
  }
  return in.ok();
}

namespace {

// Whether a txn that carries a digest left the tree as it should be. A digest of another version
// says nothing.
bool digest_matches(wire::JuteReader& in, const tree::Tree& tree, const ApplyOptions& options) {
  if (!options.compare_digest || in.remaining() < wire::TxnDigest::kSize) return true;
  const auto digest = wire::TxnDigest::decode(in);
  return digest.version != wire::TxnDigest::kVersion || digest.tree_digest == tree.digest();
}

bool decode_multi(wire::JuteReader& in, std::vector<TypedRecord>& records) {
  const auto txn = wire::MultiTxn::decode(in);
  if (!in.ok()) return false;
  records.reserve(txn.ops.size());
  for (const auto& op : txn.ops) {
    wire::JuteReader record(op.record);
    if (!decode_record(op.type, record, records.emplace_back())) return false;
  }
  return true;
}

}  // namespace

Applied apply(std::string_view txn_bytes, tree::Tree& tree, session::SessionTable& sessions,
              base::Instant now, OpCode request_op, const ChangeSink* sink, base::ByteBuffer& body,
              const ApplyOptions& options) {
  wire::JuteReader in(txn_bytes);
  Applied applied;
  applied.header = wire::TxnHeader::decode(in);
  wire::JuteWriter writer(body);
  Applier applier(tree, applied.header, sink, request_op == OpCode::kError ? nullptr : &writer);

  switch (applied.header.type) {
    case OpCode::kMulti: {
      std::vector<TypedRecord> records;
      applied.ok = decode_multi(in, records);
      if (applied.ok) applier.multi(records);
      break;
    }
    case OpCode::kCreateSession: {
      const auto txn = wire::CreateSessionTxn::decode(in);
      applied.ok = in.ok();
      if (applied.ok) sessions.add(applied.header.session, txn.timeout_ms, now);
      break;
    }
    case OpCode::kCloseSession: {
      const auto txn = wire::CloseSessionTxn::decode(in);
      applied.ok = in.ok();
      if (!applied.ok) break;
      applier.close_session(txn);
      sessions.remove(applied.header.session);
      break;
    }
    default: {
      TypedRecord record;
      applied.ok = in.ok() && decode_record(applied.header.type, in, record);
      if (applied.ok) applied.error = applier.apply(record);
    }
  }
  if (!applied.ok) return applied;
  tree.set_last_zxid(applied.header.zxid);
  applied.digest_matches = digest_matches(in, tree, options);
  return applied;
}

}  // namespace drover::txn
