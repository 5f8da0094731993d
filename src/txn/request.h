#pragma once
// A request on its way from a lane to the replica, and what comes back. These are the only values
// that cross between the two; both sides live on floor 4 and meet here.

#include <drover/acl.h>
#include <drover/error_code.h>
#include <drover/event.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "base/time.h"
#include "wire/op_code.h"
#include "wire/zxid.h"

namespace drover::txn {

// Identities of a connection, copied-on-write: a later auth makes a new list, so a request carries
// the identities it arrived with.
using Identities = std::shared_ptr<const std::vector<Id>>;

// Whom to answer. `connection` is the lane's own number for it, never reused.
struct Origin {
  // Of requests that came over a learner's link; `connection` is then the link's number.
  static constexpr std::uint32_t kLearner = UINT32_MAX;
  std::uint32_t lane = 0;
  std::uint64_t connection = 0;
  [[nodiscard]] bool is_learner() const { return lane == kLearner; }
  friend bool operator==(const Origin&, const Origin&) = default;
};

// Everything that goes to the replica rather than being answered on the lane: writes, sync, the
// life of sessions, and reads behind a write of their own connection. For kSync the body is the
// path record alone, which the reply echoes. For kCreateSession: session 0, timeout_ms negotiated.
// Reattach is not an op code of the wire, so it has its own kind.
struct Request {
  enum class Kind : std::uint8_t { kOp, kReattach };
  Kind kind = Kind::kOp;
  wire::OpCode op = wire::OpCode::kError;
  std::int32_t xid = 0;
  std::int32_t timeout_ms = 0;  // kCreateSession, kReattach
  Origin from;
  wire::SessionId session;
  std::uint32_t body_offset = 0;  // into RequestBatch::bytes: the record after the request header
  std::uint32_t body_size = 0;
  Identities identities;
};

// What one wake-up of a lane collected. Moved, never copied.
struct RequestBatch {
  std::vector<Request> requests;
  base::ByteBuffer bytes;
  // Sessions heard from since the last batch (pings and reads count), with the time of the latest.
  struct Touch {
    wire::SessionId session;
    base::Instant at;
  };
  std::vector<Touch> touches;
  // Of an ensemble: the term in which the lane was serving (Deliveries). What was asked in an
  // earlier one comes too late.
  std::uint32_t term = 0;

  [[nodiscard]] std::string_view body(const Request& r) const {
    return bytes.view().substr(r.body_offset, r.body_size);
  }
  [[nodiscard]] bool empty() const { return requests.empty() && touches.empty(); }
  void clear() {
    requests.clear();
    bytes.clear();
    touches.clear();
  }
};

// A change of the tree, as watches care about it. Strings live in Deliveries::bytes.
struct Change {
  enum class Kind : std::uint8_t { kCreated, kDeleted, kDataChanged };
  Kind kind = Kind::kCreated;
  std::uint32_t path_offset = 0;
  std::uint32_t path_size = 0;
  wire::Zxid zxid;
  std::shared_ptr<const AclList> acl;  // the znode's own, before a delete; null: everyone may read
  std::shared_ptr<const AclList> parent_acl;  // created and deleted only; null: everyone may read
};

// The one-shot watch that a read leaves (ZooKeeper's data and child watches).
enum class WatchKind : std::uint8_t { kNone, kData, kChildren };

// An answer to one Request. `body` is the encoded response record that follows the reply header
// (empty unless it has one).
struct Reply {
  enum class Kind : std::uint8_t {
    kReply,              // reply header + body
    kReplyThenClose,     // closeSession, unimplemented
    kSessionCreated,     // to kCreateSession: session and timeout_ms say what
    kSessionReattached,  // to kReattach: timeout_ms > 0 accepted, 0 refused
    kCloseConnection,    // no bytes: session expired, moved to another connection, or SESSIONMOVED
    kDropped,            // no bytes, connection stays: the session was closing
  };
  Kind kind = Kind::kReply;
  ErrorCode error = ErrorCode::kOk;
  std::int32_t xid = 0;
  std::int32_t timeout_ms = 0;
  std::uint64_t connection = 0;
  wire::Zxid zxid;
  wire::SessionId session;
  std::uint32_t body_offset = 0;  // into Deliveries::bytes
  std::uint32_t body_size = 0;
  // To a read: the watch to register before the next change is looked at; its path is in
  // Deliveries::bytes.
  WatchKind watch = WatchKind::kNone;
  std::uint32_t watch_path_offset = 0;
  std::uint32_t watch_path_size = 0;
  // kCloseConnection and kDropped may answer no request (expiry): then the lane's FIFO has no entry
  // for it.
  bool answers_request = true;
};

// What the replica hands one lane after applying a batch of commits, in zxid order: for each txn
// its changes, then its reply. `order` interleaves the two vectors.
struct Deliveries {
  struct Item {
    // kServing and kNotServing stand for themselves: from here on the server has a leader, in the
    // term `index`, or has none and every connection is over.
    enum class Kind : std::uint8_t { kChange, kReply, kServing, kNotServing } kind;
    std::uint32_t index = 0;
  };
  std::vector<Item> order;
  std::vector<Change> changes;
  std::vector<Reply> replies;
  base::ByteBuffer bytes;
  bool takes_changes = true;  // set once: false for a lane that never has a watch

  [[nodiscard]] std::string_view view(std::uint32_t offset, std::uint32_t size) const {
    return bytes.view().substr(offset, size);
  }
  [[nodiscard]] bool empty() const { return order.empty(); }
  void clear() {
    order.clear();
    changes.clear();
    replies.clear();
    bytes.clear();
  }
};

}  // namespace drover::txn
