#include "txn/decodable.h"

#include "txn/prepare_impl.h"
#include "wire/client_records.h"

namespace drover::txn {

using wire::OpCode;

ErrorCode check_decodable(OpCode op, std::string_view body, std::int32_t length_max) {
  wire::JuteReader in(body, length_max);
  switch (op) {
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl:
      static_cast<void>(wire::CreateRequest::decode(in, op == OpCode::kCreateTtl));
      break;
    case OpCode::kDelete:
      static_cast<void>(wire::PathVersionRequest::decode(in));
      break;
    case OpCode::kSetData:
      static_cast<void>(wire::SetDataRequest::decode(in));
      break;
    case OpCode::kSetAcl:
      static_cast<void>(wire::SetAclRequest::decode(in));
      break;
    case OpCode::kMulti:
      if (!multi_makes_a_txn(body, length_max)) in.fail();
      break;
    case OpCode::kReconfig:
      static_cast<void>(decodes_as_reconfig(in));
      break;
    case OpCode::kCreateSession:
    case OpCode::kCloseSession:
    case OpCode::kSync:
      return ErrorCode::kOk;
    default:
      return ErrorCode::kUnimplemented;
  }
  return in.ok() ? ErrorCode::kOk : ErrorCode::kMarshallingError;
}

}  // namespace drover::txn
