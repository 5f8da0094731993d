#pragma once
// Requests that a lane answers by itself from the tree (spec 4.5), as functions from a request
// record to a response record. Whatever the frame around them needs is the caller's.

#include <drover/error_code.h>

#include <span>
#include <string_view>

#include "base/byte_buffer.h"
#include "tree/tree.h"
#include "txn/auth.h"
#include "watch/watch_table.h"
#include "wire/client_records.h"

namespace drover::lane {

// On whose behalf a read runs.
struct Asker {
  watch::WatcherId watcher = 0;
  wire::SessionId session;
  std::span<const Id> identities;
};

class Reads {
 public:
  // All referenced must outlive this. `length_max` bounds one decoded string or buffer, in bytes.
  Reads(const tree::Tree& tree, const txn::AuthOptions& auth, watch::WatchTable& watches,
        std::int32_t length_max)
      : tree_(tree), auth_(auth), watches_(watches), length_max_(length_max) {}

  // Appends the response record of `op` to `out` and registers its watch. On an error what was
  // appended is for the caller to cut off. Requires that `op` is one of those in the switch of the
  // implementation.
  [[nodiscard]] ErrorCode answer(wire::OpCode op, std::string_view body, const Asker& asker,
                                 base::ByteBuffer& out);

 private:
  struct Found {
    ErrorCode error = ErrorCode::kOk;
    tree::NodeId node = tree::kNoNode;
  };
  // kMarshallingError for a null path, as Apache answers its own null pointer; kNoNode; kNoAuth.
  [[nodiscard]] Found find(wire::NullableBytes path, std::int32_t perms, const Asker& asker) const;
  [[nodiscard]] bool allowed(tree::NodeId node, std::int32_t perms, const Asker& asker) const;

  ErrorCode exists(wire::JuteReader& in, const Asker& asker, wire::JuteWriter& out);
  ErrorCode get_data(wire::JuteReader& in, const Asker& asker, wire::JuteWriter& out);
  ErrorCode get_children(wire::JuteReader& in, const Asker& asker, bool with_stat,
                         wire::JuteWriter& out);
  ErrorCode get_acl(wire::JuteReader& in, const Asker& asker, wire::JuteWriter& out) const;
  ErrorCode get_all_children_number(wire::JuteReader& in, const Asker& asker,
                                    wire::JuteWriter& out) const;
  ErrorCode get_ephemerals(wire::JuteReader& in, const Asker& asker, wire::JuteWriter& out) const;
  ErrorCode multi_read(wire::JuteReader& in, const Asker& asker, wire::JuteWriter& out) const;
  ErrorCode who_am_i(const Asker& asker, wire::JuteWriter& out) const;

  void write_data(tree::NodeId node, wire::JuteWriter& out) const;
  void write_names(tree::NodeId node, wire::JuteWriter& out) const;

  const tree::Tree& tree_;
  const txn::AuthOptions& auth_;
  watch::WatchTable& watches_;
  std::int32_t length_max_;
};

}  // namespace drover::lane
