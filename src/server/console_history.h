#pragma once
// What happened to one znode, out of the txn logs on disk. Pure reading: one call, a file at a
// time, on a thread that has time for it.

#include <drover/acl.h>
#include <drover/result.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "storage/disk.h"
#include "wire/zxid.h"

namespace drover::server {

struct HistoryRequest {
  std::string log_dir;
  std::int32_t length_max = 0;  // of one entry, bytes
  std::string path;
  wire::Zxid before;        // changes below this one, and
  wire::Zxid committed;     // not above this one: the log may hold what is never committed
  std::size_t limit = 100;  // the newest so many
};

struct NodeChange {
  wire::Zxid zxid;
  std::int64_t time_ms = 0;
  std::int64_t session = 0;
  std::string_view op;  // create, setData, setACL, delete
  std::int32_t version = 0;
  std::optional<std::string> data;
  // Of the znode with and after this change (of a delete: before it); null: not told by what was
  // read.
  std::shared_ptr<const AclList> acl;
};

struct NodeHistory {
  std::deque<NodeChange> changes;  // oldest first
  // The oldest txn that was read; none: nothing was.
  std::optional<std::pair<wire::Zxid, std::int64_t>> reaches_back_to;
  bool acl_was_told = false;  // a create or setACL, or an end, was among what was read
  bool complete = true;       // all that the logs hold of it, below `before`
};

// Errors: of the disk. `give_up`: looked at now and then; true ends it with an error.
[[nodiscard]] Result<NodeHistory> read_history(storage::Disk& disk, const HistoryRequest& request,
                                               const std::atomic<bool>& give_up);

}  // namespace drover::server
