#include "txn/prepare.h"

#include "txn/prepare_impl.h"

namespace drover::txn {

using wire::OpCode;
using Kind = Prepare::Outcome::Kind;

Prepare::Prepare(const tree::Tree& tree, session::SessionTable& sessions, const AuthOptions& auth,
                 PrepareOptions options)
    : impl_(new Impl{
          tree, sessions, auth, options, Overlay(tree, options.digest_enabled), {}, {}, {}, 0, 0}) {
}
Prepare::~Prepare() = default;

Prepare::Outcome Prepare::Impl::write_error(const PrepareContext& context, std::int32_t cxid,
                                            ErrorCode error, base::ByteBuffer& out) {
  wire::JuteWriter writer(out);
  wire::TxnHeader{context.session, cxid, context.zxid, context.time, OpCode::kError}.encode(writer);
  wire::ErrorTxn{error}.encode(writer);
  return {.kind = Kind::kTxn, .error = error, .type = OpCode::kError};
}

std::vector<wire::AclView> acl_views(const AclList& list) {
  std::vector<wire::AclView> views;
  views.reserve(list.size());
  for (const Acl& entry : list) views.push_back({entry.perms, entry.id.scheme, entry.id.id});
  return views;
}

namespace {

Prepare::Outcome reject(ErrorCode error) {
  return {.kind = Kind::kReject, .error = error};
}

// What clients may not ask for: Apache 3.8 logs a bare check and then cannot start from that log; a
// deleteContainer would remove a znode without looking at any ACL.
bool is_for_clients(OpCode op) {
  switch (op) {
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl:
    case OpCode::kDelete:
    case OpCode::kSetData:
    case OpCode::kSetAcl:
    case OpCode::kMulti:
    case OpCode::kReconfig:
    case OpCode::kCreateSession:
    case OpCode::kCloseSession:
      return true;
    default:
      return false;
  }
}

}  // namespace

// Read only to tell a broken request.
bool decodes_as_reconfig(wire::JuteReader& in) {
  for (int i = 0; i < 3; ++i) in.read_bytes();
  in.read_long();
  return in.ok();
}

Prepare::Outcome Prepare::prepare(const Request& request, std::string_view body, wire::Zxid zxid,
                                  base::WallTime now, base::ByteBuffer& out) {
  Impl& impl = *impl_;
  if (!is_for_clients(request.op)) {
    return {.kind = Kind::kRejectThenClose, .error = ErrorCode::kUnimplemented};
  }
  const bool creates_session = request.op == OpCode::kCreateSession;
  if (!creates_session && !impl.sessions.is_open(request.session)) return {.kind = Kind::kDrop};

  PrepareContext context{.session = request.session, .identities = {}, .zxid = zxid, .time = now};
  if (request.identities) context.identities = *request.identities;
  impl.overlay.begin_request();
  const Outcome outcome = impl.dispatch(context, request, body, out);
  impl.overlay.end_request();
  return outcome;
}

Prepare::Outcome Prepare::Impl::dispatch(const PrepareContext& context, const Request& request,
                                         std::string_view body, base::ByteBuffer& out) {
  wire::JuteReader in(body, options.length_max);
  const auto write = [&](auto&& write_record) {
    return write_txn(context, request.op, request.xid, out, write_record);
  };
  switch (request.op) {
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl: {
      const auto r = wire::CreateRequest::decode(in, request.op == OpCode::kCreateTtl);
      if (!in.ok()) return reject(ErrorCode::kMarshallingError);
      return write([&](wire::JuteWriter& w) { return create(context, request.op, r, w); });
    }
    case OpCode::kDelete: {
      const auto r = wire::PathVersionRequest::decode(in);
      if (!in.ok()) return reject(ErrorCode::kMarshallingError);
      return write([&](wire::JuteWriter& w) { return remove(context, r, w); });
    }
    case OpCode::kSetData: {
      const auto r = wire::SetDataRequest::decode(in);
      if (!in.ok()) return reject(ErrorCode::kMarshallingError);
      return write([&](wire::JuteWriter& w) { return set_data(context, r, w); });
    }
    case OpCode::kSetAcl: {
      const auto r = wire::SetAclRequest::decode(in);
      if (!in.ok()) return reject(ErrorCode::kMarshallingError);
      return write([&](wire::JuteWriter& w) { return set_acl(context, r, w); });
    }
    case OpCode::kMulti:
      return multi(context, request.xid, body, out);
    case OpCode::kReconfig:
      if (!decodes_as_reconfig(in)) return reject(ErrorCode::kMarshallingError);
      // Enabled on a standalone server it is still not to be had there.
      return write_error(
          context, request.xid,
          options.reconfig_enabled ? ErrorCode::kUnimplemented : ErrorCode::kReconfigDisabled, out);
    case OpCode::kCreateSession:
      return write_txn(context, request.op, 0, out, [&](wire::JuteWriter& w) {
        wire::CreateSessionTxn{request.timeout_ms}.encode(w);
        return ErrorCode::kOk;
      });
    case OpCode::kCloseSession:
      return write([&](wire::JuteWriter& w) {
        close_session(context, w);
        return ErrorCode::kOk;
      });
    default:
      return reject(ErrorCode::kUnimplemented);
  }
}

Prepare::Outcome Prepare::refuse(const Request& request, ErrorCode error, wire::Zxid zxid,
                                 base::WallTime now, base::ByteBuffer& out) {
  const PrepareContext context{
      .session = request.session, .identities = {}, .zxid = zxid, .time = now};
  return impl_->write_error(context, request.xid, error, out);
}

Prepare::Outcome Prepare::close_session(wire::SessionId session, wire::Zxid zxid,
                                        base::WallTime now, base::ByteBuffer& out) {
  const PrepareContext context{.session = session, .identities = {}, .zxid = zxid, .time = now};
  impl_->overlay.begin_request();
  const auto outcome =
      impl_->write_txn(context, OpCode::kCloseSession, 0, out, [&](wire::JuteWriter& w) {
        impl_->close_session(context, w);
        return ErrorCode::kOk;
      });
  impl_->overlay.end_request();
  return outcome;
}

Prepare::Outcome Prepare::delete_container(std::string_view path, wire::Zxid zxid,
                                           base::WallTime now, base::ByteBuffer& out) {
  const PrepareContext context{.session = {}, .identities = {}, .zxid = zxid, .time = now};
  impl_->overlay.begin_request();
  const auto outcome = impl_->write_txn(
      context, OpCode::kDeleteContainer, 0, out,
      [&](wire::JuteWriter& w) { return impl_->delete_container(context, path, w); });
  impl_->overlay.end_request();
  return outcome;
}

void Prepare::applied(wire::Zxid zxid) {
  impl_->overlay.applied(zxid);
}

const std::map<std::string, std::int64_t>& Prepare::quota_refusals() const {
  return impl_->quota_refusals;
}

std::size_t Prepare::outstanding_changes() const {
  return impl_->overlay.changes();
}

}  // namespace drover::txn
