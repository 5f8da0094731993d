#pragma once
// Prepare: a request becomes a txn. The last place anything is decided (PrepRequestProcessor).
//
// Decisions are made against the committed tree overlaid with the records of txns that are prepared
// but not yet applied, so pipelined dependent writes behave serially. Every write that reaches this
// stage yields a txn, a rejected one an error txn; both consume the zxid.

#include <map>
#include <memory>
#include <span>
#include <string>

#include "base/byte_buffer.h"
#include "base/time.h"
#include "session/session_table.h"
#include "tree/tree.h"
#include "txn/auth.h"
#include "txn/request.h"
#include "wire/txn_records.h"

namespace drover::txn {

struct PrepareOptions {
  bool extended_types_enabled = false;  // extendedTypesEnabled: createTTL
  bool enforce_quota = false;           // enforceQuota
  bool digest_enabled = true;  // digest.enabled: a TxnDigest follows each txn that succeeds
  bool reconfig_enabled = false;
  std::int32_t length_max = INT32_MAX;  // of one decoded string or buffer
};

class Prepare {
 public:
  // All referenced must outlive this; tree and sessions are only read, but for set_closing.
  Prepare(const tree::Tree& tree, session::SessionTable& sessions, const AuthOptions& auth,
          PrepareOptions options);
  ~Prepare();

  struct Outcome {
    enum class Kind {
      kTxn,  // bytes were appended; `error` is what the reply will say (0, or the error txn's code)
      kReject,  // no txn: answer `error` at once with the last applied zxid
      kRejectThenClose,
      kDrop,  // the session is unknown or closing: no reply
    };
    Kind kind = Kind::kTxn;
    ErrorCode error = ErrorCode::kOk;
    wire::OpCode type = wire::OpCode::kError;  // of the txn written
  };

  // Appends header, record and digest of the txn for `request` to `out`. Requires zxid above every
  // zxid given before. kSync, kCreateSession(timeout in request) and kCloseSession are handled too,
  // except that kSync makes no txn and must not be passed.
  Outcome prepare(const Request& request, std::string_view body, wire::Zxid zxid,
                  base::WallTime now, base::ByteBuffer& out);

  // The error txn of a request that is refused before anything about it is looked at. For requests
  // that a learner sent on: their client waits for a txn there.
  Outcome refuse(const Request& request, ErrorCode error, wire::Zxid zxid, base::WallTime now,
                 base::ByteBuffer& out);

  // closeSession for an expired session and deleteContainer for the reaper: made by the server
  // itself.
  Outcome close_session(wire::SessionId session, wire::Zxid zxid, base::WallTime now,
                        base::ByteBuffer& out);
  Outcome delete_container(std::string_view path, wire::Zxid zxid, base::WallTime now,
                           base::ByteBuffer& out);

  // The txn is applied to the tree: overlay records up to it are dropped.
  void applied(wire::Zxid zxid);

  // Writes that a hard quota refused, by the first part of their path. Since this was made.
  [[nodiscard]] const std::map<std::string, std::int64_t>& quota_refusals() const;
  // Records held for txns not yet applied, for outstanding_changes metrics.
  [[nodiscard]] std::size_t outstanding_changes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::txn
