#pragma once
// What an error means to a caller: may it be tried again, and what is known about its effect.

#include <drover/error_code.h>

#include <cstdint>

namespace drover {

enum class ErrorClass : std::uint8_t {
  kNone,            // no error
  kPrecondition,    // an ordinary answer: the tree, or a lock, is not as the request demands
  kNotApplied,      // certainly without effect, and may be tried again
  kOutcomeUnknown,  // it may or may not have been executed; nobody on this side knows
  kSessionDead,     // the session is over, its ephemeral znodes go; build up anew in the next one
  kUsage,           // the caller's mistake, or what he may not do; trying again does not help
  kFault,           // a server, or the data, is broken
};

[[nodiscard]] constexpr ErrorClass error_class(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOk:
      return ErrorClass::kNone;
    case ErrorCode::kNoNode:
    case ErrorCode::kNodeExists:
    case ErrorCode::kBadVersion:
    case ErrorCode::kNotEmpty:
    case ErrorCode::kNoChildrenForEphemerals:
    case ErrorCode::kNotReadOnly:
    case ErrorCode::kEphemeralOnLocalSession:
    case ErrorCode::kNoWatcher:
    case ErrorCode::kQuotaExceeded:
    case ErrorCode::kNewConfigNoQuorum:
    case ErrorCode::kReconfigInProgress:
    case ErrorCode::kReconfigDisabled:
    case ErrorCode::kLockLost:
      return ErrorClass::kPrecondition;
    case ErrorCode::kNotSent:
    case ErrorCode::kSuspended:
    case ErrorCode::kSessionMoved:
    case ErrorCode::kThrottledOp:
      return ErrorClass::kNotApplied;
    case ErrorCode::kConnectionLoss:
    case ErrorCode::kOperationTimeout:
    case ErrorCode::kRequestTimeout:
    case ErrorCode::kCancelled:
    case ErrorCode::kTimedOut:
      return ErrorClass::kOutcomeUnknown;
    case ErrorCode::kSessionExpired:
    case ErrorCode::kUnknownSession:
    case ErrorCode::kAuthFailed:
    case ErrorCode::kSessionClosedRequireSaslAuth:
    case ErrorCode::kClosed:
      return ErrorClass::kSessionDead;
    case ErrorCode::kNoAuth:
    case ErrorCode::kInvalidAcl:
    case ErrorCode::kInvalidCallback:
    case ErrorCode::kBadArguments:
    case ErrorCode::kApiError:
    case ErrorCode::kNotOwner:
    case ErrorCode::kWouldDeadlock:
      return ErrorClass::kUsage;
    case ErrorCode::kSystemError:
    case ErrorCode::kRuntimeInconsistency:
    case ErrorCode::kDataInconsistency:
    case ErrorCode::kMarshallingError:
    case ErrorCode::kUnimplemented:
    case ErrorCode::kCorruptPayload:
      break;
  }
  return ErrorClass::kFault;
}

}  // namespace drover
