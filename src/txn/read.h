#pragma once
// Requests that only read, as functions of tree, request record and identities. A lane
// answers them in place; the replica answers those that stand behind a write of their own
// connection, at the very place in the order of txns where they belong.

#include <drover/error_code.h>

#include <span>
#include <string_view>

#include "base/byte_buffer.h"
#include "tree/tree.h"
#include "txn/auth.h"
#include "txn/request.h"
#include "wire/client_records.h"

namespace drover::txn {

[[nodiscard]] constexpr bool is_read(wire::OpCode op) {
  switch (op) {
    case wire::OpCode::kExists:
    case wire::OpCode::kGetData:
    case wire::OpCode::kGetAcl:
    case wire::OpCode::kGetChildren:
    case wire::OpCode::kGetChildren2:
    case wire::OpCode::kGetAllChildrenNumber:
    case wire::OpCode::kGetEphemerals:
    case wire::OpCode::kMultiRead:
    case wire::OpCode::kWhoAmI:
      return true;
    default:
      return false;
  }
}

// The watch that a read asks for and is entitled to. `path` is a view into the request's body.
struct WatchWish {
  WatchKind kind = WatchKind::kNone;
  std::string_view path;
};

class Reader {
 public:
  // Both must outlive the reader. `length_max` bounds one decoded string or buffer, in bytes.
  Reader(const tree::Tree& tree, const AuthOptions& auth, std::int32_t length_max)
      : tree_(tree), auth_(auth), length_max_(length_max) {}

  // Appends the response record to `out`; when it answers an error, nothing is left there.
  // Requires is_read(op).
  [[nodiscard]] ErrorCode read(wire::OpCode op, std::string_view body, wire::SessionId session,
                               std::span<const Id> identities, base::ByteBuffer& out,
                               WatchWish& wish) const;

 private:
  struct Found {
    ErrorCode error = ErrorCode::kOk;
    tree::NodeId node = tree::kNoNode;
  };
  using Ids = std::span<const Id>;

  [[nodiscard]] ErrorCode answer(wire::OpCode op, wire::JuteReader& in, wire::SessionId session,
                                 Ids ids, wire::JuteWriter& out, WatchWish& wish) const;
  // kMarshallingError for a null path, as Apache answers its own null pointer; kNoNode; kNoAuth.
  [[nodiscard]] Found find(wire::NullableBytes path, std::int32_t perms, Ids ids) const;
  [[nodiscard]] bool may(tree::NodeId node, std::int32_t perms, Ids ids) const;

  ErrorCode exists(wire::JuteReader& in, Ids ids, wire::JuteWriter& out, WatchWish& wish) const;
  ErrorCode get_data(wire::JuteReader& in, Ids ids, wire::JuteWriter& out, WatchWish& wish) const;
  ErrorCode get_children(wire::JuteReader& in, Ids ids, bool with_stat, wire::JuteWriter& out,
                         WatchWish& wish) const;
  ErrorCode get_acl(wire::JuteReader& in, Ids ids, wire::JuteWriter& out) const;
  ErrorCode get_all_children_number(wire::JuteReader& in, Ids ids, wire::JuteWriter& out) const;
  ErrorCode get_ephemerals(wire::JuteReader& in, wire::SessionId session,
                           wire::JuteWriter& out) const;
  ErrorCode multi_read(wire::JuteReader& in, Ids ids, wire::JuteWriter& out) const;

  void write_data(tree::NodeId node, wire::JuteWriter& out) const;
  void write_names(tree::NodeId node, wire::JuteWriter& out) const;

  const tree::Tree& tree_;
  const AuthOptions& auth_;
  std::int32_t length_max_;
};

}  // namespace drover::txn
