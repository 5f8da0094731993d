#pragma once
// Operation numbers (ZooDefs.OpCode). They travel on the wire and stand in the txn log: do not
// renumber.

#include <cstdint>
#include <string_view>

namespace drover::wire {

#define DROVER_OP_CODES(X)                              \
  X(kNotification, 0, "notification")                   \
  X(kCreate, 1, "create")                               \
  X(kDelete, 2, "delete")                               \
  X(kExists, 3, "exists")                               \
  X(kGetData, 4, "getData")                             \
  X(kSetData, 5, "setData")                             \
  X(kGetAcl, 6, "getACL")                               \
  X(kSetAcl, 7, "setACL")                               \
  X(kGetChildren, 8, "getChildren")                     \
  X(kSync, 9, "sync")                                   \
  X(kPing, 11, "ping")                                  \
  X(kGetChildren2, 12, "getChildren2")                  \
  X(kCheck, 13, "check")                                \
  X(kMulti, 14, "multi")                                \
  X(kCreate2, 15, "create2")                            \
  X(kReconfig, 16, "reconfig")                          \
  X(kCheckWatches, 17, "checkWatches")                  \
  X(kRemoveWatches, 18, "removeWatches")                \
  X(kCreateContainer, 19, "createContainer")            \
  X(kDeleteContainer, 20, "deleteContainer")            \
  X(kCreateTtl, 21, "createTTL")                        \
  X(kMultiRead, 22, "multiRead")                        \
  X(kAuth, 100, "auth")                                 \
  X(kSetWatches, 101, "setWatches")                     \
  X(kSasl, 102, "sasl")                                 \
  X(kGetEphemerals, 103, "getEphemerals")               \
  X(kGetAllChildrenNumber, 104, "getAllChildrenNumber") \
  X(kSetWatches2, 105, "setWatches2")                   \
  X(kAddWatch, 106, "addWatch")                         \
  X(kWhoAmI, 107, "whoAmI")                             \
  X(kCreateSession, -10, "createSession")               \
  X(kCloseSession, -11, "closeSession")                 \
  X(kError, -1, "error")

enum class OpCode : std::int32_t {
#define DROVER_ENUMERATOR(name, number, text) name = (number),
  DROVER_OP_CODES(DROVER_ENUMERATOR)
#undef DROVER_ENUMERATOR
};

[[nodiscard]] constexpr std::string_view op_name(OpCode op) {
  switch (op) {
#define DROVER_CASE(name, number, text) \
  case OpCode::name:                    \
    return text;
    DROVER_OP_CODES(DROVER_CASE)
#undef DROVER_CASE
  }
  return "unknown";
}

}  // namespace drover::wire
