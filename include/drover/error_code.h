#pragma once
// ZooKeeper's error numbers as they travel on the wire (KeeperException.Code), and those that this
// library makes up on the client's side. The tables stand here once; every name or text of a code
// is made from them.

#include <cstdint>
#include <string_view>

namespace drover {

// X(enumerator, wire number, ZooKeeper's own name)
#define DROVER_ERROR_CODES(X)                                            \
  X(kOk, 0, "OK")                                                        \
  X(kSystemError, -1, "SYSTEMERROR")                                     \
  X(kRuntimeInconsistency, -2, "RUNTIMEINCONSISTENCY")                   \
  X(kDataInconsistency, -3, "DATAINCONSISTENCY")                         \
  X(kConnectionLoss, -4, "CONNECTIONLOSS")                               \
  X(kMarshallingError, -5, "MARSHALLINGERROR")                           \
  X(kUnimplemented, -6, "UNIMPLEMENTED")                                 \
  X(kOperationTimeout, -7, "OPERATIONTIMEOUT")                           \
  X(kBadArguments, -8, "BADARGUMENTS")                                   \
  X(kUnknownSession, -12, "UNKNOWNSESSION")                              \
  X(kNewConfigNoQuorum, -13, "NEWCONFIGNOQUORUM")                        \
  X(kReconfigInProgress, -14, "RECONFIGINPROGRESS")                      \
  X(kApiError, -100, "APIERROR")                                         \
  X(kNoNode, -101, "NONODE")                                             \
  X(kNoAuth, -102, "NOAUTH")                                             \
  X(kBadVersion, -103, "BADVERSION")                                     \
  X(kNoChildrenForEphemerals, -108, "NOCHILDRENFOREPHEMERALS")           \
  X(kNodeExists, -110, "NODEEXISTS")                                     \
  X(kNotEmpty, -111, "NOTEMPTY")                                         \
  X(kSessionExpired, -112, "SESSIONEXPIRED")                             \
  X(kInvalidCallback, -113, "INVALIDCALLBACK")                           \
  X(kInvalidAcl, -114, "INVALIDACL")                                     \
  X(kAuthFailed, -115, "AUTHFAILED")                                     \
  X(kSessionMoved, -118, "SESSIONMOVED")                                 \
  X(kNotReadOnly, -119, "NOTREADONLY")                                   \
  X(kEphemeralOnLocalSession, -120, "EPHEMERALONLOCALSESSION")           \
  X(kNoWatcher, -121, "NOWATCHER")                                       \
  X(kRequestTimeout, -122, "REQUESTTIMEOUT")                             \
  X(kReconfigDisabled, -123, "RECONFIGDISABLED")                         \
  X(kSessionClosedRequireSaslAuth, -124, "SESSIONCLOSEDREQUIRESASLAUTH") \
  X(kQuotaExceeded, -125, "QUOTAEXCEEDED")                               \
  X(kThrottledOp, -127, "THROTTLEDOP")

// Positive numbers never travel: a server that answers one is not believed (kSystemError).
// X(enumerator, number, name)
#define DROVER_LOCAL_ERROR_CODES(X)                                        \
  X(kNotSent, 1, "NOTSENT")               /* certainly not executed */     \
  X(kLockLost, 2, "LOCKLOST")             /* it may be someone else's */   \
  X(kNotOwner, 3, "NOTOWNER")             /* not held by the caller */     \
  X(kClosed, 4, "CLOSED")                 /* the client is closed */       \
  X(kCancelled, 5, "CANCELLED")           /* the caller gave up waiting */ \
  X(kTimedOut, 6, "TIMEDOUT")             /* the caller's time ran out */  \
  X(kWouldDeadlock, 7, "WOULDDEADLOCK")   /* it would wait for itself */   \
  X(kCorruptPayload, 8, "CORRUPTPAYLOAD") /* data not of the form due */   \
  X(kSuspended, 9, "SUSPENDED")           /* the connection is down */

enum class ErrorCode : std::int32_t {
#define DROVER_ENUMERATOR(name, number, text) name = (number),
  DROVER_ERROR_CODES(DROVER_ENUMERATOR) DROVER_LOCAL_ERROR_CODES(DROVER_ENUMERATOR)
#undef DROVER_ENUMERATOR
};

// Whether the code is one that only this library makes up.
[[nodiscard]] constexpr bool is_local(ErrorCode code) {
  return static_cast<std::int32_t>(code) > 0;
}

// ZooKeeper's name of the code, "UNKNOWN" for a number that no code has.
[[nodiscard]] constexpr std::string_view error_name(ErrorCode code) {
  switch (code) {
#define DROVER_CASE(name, number, text) \
  case ErrorCode::name:                 \
    return text;
    DROVER_ERROR_CODES(DROVER_CASE)
    DROVER_LOCAL_ERROR_CODES(DROVER_CASE)
#undef DROVER_CASE
  }
  return "UNKNOWN";
}

}  // namespace drover
