#include "admin/op_name.h"

namespace drover::admin {

std::string_view short_op_name(wire::OpCode op) {
  using wire::OpCode;
  switch (op) {
    case OpCode::kNotification:
      return "NA";
    case OpCode::kCreateSession:
      return "SESS";
    case OpCode::kPing:
      return "PING";
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl:
      return "CREA";
    case OpCode::kDelete:
    case OpCode::kDeleteContainer:
      return "DELE";
    case OpCode::kSetData:
      return "SETD";
    case OpCode::kGetData:
      return "GETD";
    case OpCode::kExists:
      return "EXIS";
    case OpCode::kGetChildren:
    case OpCode::kGetChildren2:
      return "GETC";
    case OpCode::kGetAllChildrenNumber:
      return "GETACN";
    case OpCode::kGetAcl:
      return "GETA";
    case OpCode::kSetAcl:
      return "SETA";
    case OpCode::kSync:
      return "SYNC";
    case OpCode::kMulti:
      return "MULT";
    case OpCode::kMultiRead:
      return "MLTR";
    case OpCode::kCheck:
      return "CHEC";
    case OpCode::kSetWatches:
      return "SETW";
    case OpCode::kSetWatches2:
      return "STW2";
    case OpCode::kAddWatch:
      return "ADDW";
    case OpCode::kRemoveWatches:
      return "REMW";
    case OpCode::kCheckWatches:
      return "CHKW";
    case OpCode::kGetEphemerals:
      return "GETE";
    case OpCode::kReconfig:
      return "RECO";
    case OpCode::kWhoAmI:
      return "HOMI";
    case OpCode::kCloseSession:
      return "CLOS";
    default:
      return "NA";
  }
}

}  // namespace drover::admin
