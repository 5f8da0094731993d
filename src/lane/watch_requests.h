#pragma once
// Requests about watches: setWatches, addWatch, checkWatches, removeWatches.
// None checks an ACL, a path's form or, but for setWatches, a znode's existence.

#include <drover/error_code.h>

#include <string_view>

#include "base/byte_buffer.h"
#include "tree/tree.h"
#include "watch/watch_table.h"

namespace drover::lane {

// What a client missed while it was away is appended to `events` as event frames, unfiltered and
// with zxid -1; the rest is registered. `event_count` grows by the number of frames.
// kMarshallingError changes nothing.
[[nodiscard]] ErrorCode set_watches(const tree::Tree& tree, watch::WatchTable& watches,
                                    watch::WatcherId watcher, std::string_view body,
                                    bool with_persistent, std::int32_t length_max,
                                    base::ByteBuffer& events, std::int64_t& event_count);

[[nodiscard]] ErrorCode add_watch(watch::WatchTable& watches, watch::WatcherId watcher,
                                  std::string_view body, std::int32_t length_max,
                                  base::ByteBuffer& out);

// checkWatches, or removeWatches when `remove` says so: kNoWatcher when nothing matches.
[[nodiscard]] ErrorCode check_watches(watch::WatchTable& watches, watch::WatcherId watcher,
                                      std::string_view body, std::int32_t length_max, bool remove);

}  // namespace drover::lane
