#pragma once
// Apply: a committed txn changes tree and sessions. Total: no I/O, no clock, cannot fail; what a
// txn cannot do to this tree (replay over a fuzzy snapshot) is skipped as Apache skips it.

#include <string_view>

#include "base/byte_buffer.h"
#include "base/time.h"
#include "session/session_table.h"
#include "tree/tree.h"
#include "txn/request.h"
#include "wire/txn_records.h"

namespace drover::txn {

// Collects what watches need to know. Null in recovery, when nobody watches.
struct ChangeSink {
  std::vector<Change>& changes;
  base::ByteBuffer& bytes;
};

struct Applied {
  wire::TxnHeader header;
  ErrorCode error = ErrorCode::kOk;  // reply header's err
  bool ok = true;              // false: the bytes are not a txn that we know (nothing was changed)
  bool digest_matches = true;  // false: the txn carried a digest and the tree now differs from it
};

struct ApplyOptions {
  bool compare_digest = true;
};

// Applies one txn. `request_op` is what the client asked (create and create2 differ only in the
// reply); pass kError when there is no client: then no reply body is made. The response record goes
// to `body`. `now` is when the session table starts tracking a created session.
Applied apply(std::string_view txn_bytes, tree::Tree& tree, session::SessionTable& sessions,
              base::Instant now, wire::OpCode request_op, const ChangeSink* sink,
              base::ByteBuffer& body, const ApplyOptions& options = {});

}  // namespace drover::txn
