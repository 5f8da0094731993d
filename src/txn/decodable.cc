#include "txn/decodable.h"

#include "txn/prepare_impl.h"
#include "wire/client_records.h"

namespace drover::txn {

using wire::OpCode;

ErrorCode check_decodable(OpCode op, std::string_view body, std::int32_t length_max) {
  wire::JuteReader in(body, length_max);
  const auto verdict = [&in](bool complete, ErrorCode when_null) {
    if (!in.ok()) return ErrorCode::kMarshallingError;
    return complete ? ErrorCode::kOk : when_null;
  };
  switch (op) {
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl: {
      const auto r = wire::CreateRequest::decode(in, op == OpCode::kCreateTtl);
      return verdict(r.path && r.acl, ErrorCode::kMarshallingError);
    }
    case OpCode::kDelete: {
      const auto r = wire::PathVersionRequest::decode(in);
      return verdict(r.path.has_value(), ErrorCode::kMarshallingError);
    }
    case OpCode::kSetData: {
      const auto r = wire::SetDataRequest::decode(in);
      return verdict(r.path.has_value(), ErrorCode::kBadArguments);
    }
    case OpCode::kSetAcl: {
      const auto r = wire::SetAclRequest::decode(in);
      return verdict(r.path && r.acl, ErrorCode::kBadArguments);
    }
    case OpCode::kMulti:
      return decodes_as_multi(body, length_max) ? ErrorCode::kOk : ErrorCode::kMarshallingError;
    case OpCode::kReconfig:
      return decodes_as_reconfig(in) ? ErrorCode::kOk : ErrorCode::kMarshallingError;
    case OpCode::kCreateSession:
    case OpCode::kCloseSession:
    case OpCode::kSync:
      return ErrorCode::kOk;
    default:
      return ErrorCode::kUnimplemented;
  }
}

}  // namespace drover::txn
