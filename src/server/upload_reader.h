#pragma once
// A snapshot file that somebody hands in, as a tree and a session table of its own. Everything in
// it is distrusted.

#include <drover/result.h>

#include <string>

#include "base/log.h"
#include "session/session_table.h"
#include "storage/disk.h"
#include "tree/tree.h"

namespace drover::server {

struct UploadedState {
  tree::Tree tree;
  session::SessionTable sessions;
  wire::Zxid newest;  // that anything in it knows of
};

// Plain, gzip or snappy, told by its first bytes; of any release, also without the last zxid that
// 3.9 writes. Ephemerals without a session are left out. Errors say what is wrong and where, and
// call the file `the snapshot`. Blocks as long as it takes to read the file.
Result<UploadedState> read_upload(storage::Disk& disk, const std::string& path,
                                  std::int32_t length_max, std::int64_t tick_ms, base::Log& log);

}  // namespace drover::server
