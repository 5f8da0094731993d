#pragma once
// A znode's metadata as clients see it (zookeeper.data.Stat, 68 bytes on the wire).

#include <cstdint>

namespace drover {

struct Stat {
  std::int64_t czxid = 0;            // zxid of the txn that created the znode
  std::int64_t mzxid = 0;            // zxid of the txn that last set its data
  std::int64_t ctime = 0;            // ms since 1970 when it was created
  std::int64_t mtime = 0;            // ms since 1970 when its data was last set
  std::int32_t version = 0;          // changes of its data
  std::int32_t cversion = 0;         // changes of its children: creates and deletes
  std::int32_t aversion = 0;         // changes of its ACL
  std::int64_t ephemeral_owner = 0;  // session that owns it; 0 for every other kind of znode
  std::int32_t data_length = 0;      // bytes
  std::int32_t num_children = 0;
  std::int64_t pzxid = 0;  // zxid of the txn that last created or deleted a direct child

  friend bool operator==(const Stat&, const Stat&) = default;
};

}  // namespace drover
