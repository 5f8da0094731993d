// multi: all operations or none, judged one after another against the overlay that the earlier ones
// changed.

#include <drover/create_mode.h>

#include "txn/prepare_impl.h"

namespace drover::txn {

using wire::OpCode;
using Kind = Prepare::Outcome::Kind;

namespace {

enum class Decoded {
  kOk,
  kBroken,   // -5, and the zxid is used up
  kNullAcl,  // -5, and it is not: Apache fails before it takes one
};

// The flags decide the type that a create has in the txn, whatever op it came as.
OpCode type_by_flags(OpCode op, std::int32_t flags) {
  return flags == static_cast<std::int32_t>(CreateMode::kContainer) ? OpCode::kCreateContainer : op;
}

Decoded decode_create(OpCode op, wire::JuteReader& in, MultiOp& out) {
  auto request = wire::CreateRequest::decode(in, op == OpCode::kCreateTtl);
  if (!in.ok() || !request.path) return Decoded::kBroken;
  const bool known = is_create_mode(request.flags);
  const bool ttl_mode = known && has_ttl(static_cast<CreateMode>(request.flags));
  if (op == OpCode::kCreateTtl) {
    out.type = ttl_mode ? op : type_by_flags(OpCode::kCreate, request.flags);
  } else {
    if (!known) return Decoded::kBroken;
    if (!request.acl) return Decoded::kNullAcl;
    if (ttl_mode) return Decoded::kBroken;
    out.type = type_by_flags(op, request.flags);
  }
  out.request = std::move(request);
  return Decoded::kOk;
}

Decoded decode_op(OpCode op, wire::JuteReader& in, MultiOp& out) {
  out.type = op;
  switch (op) {
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl:
      return decode_create(op, in, out);
    case OpCode::kDelete:
    case OpCode::kCheck: {
      const auto request = wire::PathVersionRequest::decode(in);
      out.request = request;
      return in.ok() && request.path ? Decoded::kOk : Decoded::kBroken;
    }
    case OpCode::kSetData: {
      const auto request = wire::SetDataRequest::decode(in);
      out.request = request;
      return in.ok() && request.path ? Decoded::kOk : Decoded::kBroken;
    }
    default:
      return Decoded::kBroken;
  }
}

Decoded decode_multi(wire::JuteReader& in, std::vector<MultiOp>& ops) {
  ops.clear();
  for (;;) {
    const auto header = wire::MultiHeader::decode(in);
    if (!in.ok()) return Decoded::kBroken;
    if (header.done) return Decoded::kOk;
    if (const auto decoded = decode_op(header.op, in, ops.emplace_back());
        decoded != Decoded::kOk) {
      return decoded;
    }
    ops.back().bytes_behind = in.remaining();
  }
}

}  // namespace

bool multi_makes_a_txn(std::string_view body, std::int32_t length_max) {
  wire::JuteReader in(body, length_max);
  std::vector<MultiOp> ops;
  return decode_multi(in, ops) != Decoded::kNullAcl;
}

ErrorCode Prepare::Impl::multi_op(const PrepareContext& context, const MultiOp& op,
                                  wire::JuteWriter& out) {
  switch (op.type) {
    case OpCode::kDelete:
      return remove(context, std::get<wire::PathVersionRequest>(op.request), out);
    case OpCode::kCheck:
      return check(context, std::get<wire::PathVersionRequest>(op.request), out);
    case OpCode::kSetData:
      return set_data(context, std::get<wire::SetDataRequest>(op.request), out);
    default:
      return create(context, op.type, std::get<wire::CreateRequest>(op.request), out);
  }
}

Prepare::Outcome Prepare::Impl::multi(const PrepareContext& context, std::int32_t cxid,
                                      std::string_view body, base::ByteBuffer& out) {
  wire::JuteReader in(body, options.length_max);
  switch (decode_multi(in, multi_ops)) {
    case Decoded::kOk:
      break;
    case Decoded::kBroken:
      return write_error(context, cxid, ErrorCode::kMarshallingError, out);
    case Decoded::kNullAcl:
      return {.kind = Kind::kReject, .error = ErrorCode::kMarshallingError};
  }
  overlay.begin_multi();
  const Outcome outcome = write_txn(context, OpCode::kMulti, cxid, out, [&](wire::JuteWriter& w) {
    write_multi_ops(context, w);
    return ErrorCode::kOk;
  });
  overlay.end_multi();
  return outcome;
}

// Records before the one that fails stay as they were prepared; a reader of the log sees the error
// among them and applies none.
void Prepare::Impl::write_multi_ops(const PrepareContext& context, wire::JuteWriter& out) {
  out.write_int(static_cast<std::int32_t>(multi_ops.size()));
  bool failed = false;
  for (const MultiOp& op : multi_ops) {
    const std::size_t begin = out.position();
    out.write_int(static_cast<std::int32_t>(op.type));
    out.write_int(0);
    const std::size_t record = out.position();
    // In the txn no operation takes more bytes than in the request, an error least of all; what an
    // expanded ACL adds is counted as soon as it is written.
    txn_rest = op.bytes_behind;
    const ErrorCode error = failed ? ErrorCode::kRuntimeInconsistency : multi_op(context, op, out);
    if (error != ErrorCode::kOk) {
      if (!failed) overlay.rollback();
      failed = true;
      out.buffer().truncate(record);
      wire::store_big_endian(out.at(begin), static_cast<std::uint32_t>(OpCode::kError));
      wire::ErrorTxn{error}.encode(out);
    }
    wire::store_big_endian(out.at(begin + 4), static_cast<std::uint32_t>(out.position() - record));
  }
  txn_rest = 0;
}

}  // namespace drover::txn
