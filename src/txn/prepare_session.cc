// closeSession: which ephemerals go with the session.

#include <algorithm>

#include "txn/path.h"
#include "txn/prepare_impl.h"

namespace drover::txn {

void Prepare::Impl::close_session(const PrepareContext& context, wire::JuteWriter& out) {
  const std::int64_t owner = context.session.value;
  close_paths.clear();
  for (const tree::NodeId node : tree.ephemerals(context.session)) {
    tree.append_path(node, close_paths.emplace_back());
  }
  // A pending delete takes one off the list, a pending create puts one on it.
  std::erase_if(close_paths, [&](const std::string& path) {
    const PendingZnode& znode = overlay.look_up(path).znode();
    return !znode.exists || znode.stat.ephemeral_owner != owner;
  });
  overlay.for_each_changed([&](const Overlay::Record& record) {
    if (!record.znode().exists || record.znode().stat.ephemeral_owner != owner) return;
    const tree::NodeId node = tree.find(record.path());
    if (node == tree::kNoNode || tree.node_stat(node).ephemeral_owner != owner) {
      close_paths.emplace_back(record.path());
    }
  });

  for (const std::string& path : close_paths) {
    take_out(context, overlay.look_up(parent_path(path)), overlay.look_up(path));
  }
  write_close_session(out);
  sessions.set_closing(context.session);
}

// A record too long to be read back would cost the whole log. What is left off the list is deleted
// all the same: apply takes every ephemeral that the session still owns.
void Prepare::Impl::write_close_session(wire::JuteWriter& out) const {
  constexpr std::size_t kRoomForHeaders = 1024;
  std::size_t room = static_cast<std::size_t>(options.length_max);
  room -= std::min(room, kRoomForHeaders);
  wire::CloseSessionTxn txn;
  for (const std::string& path : close_paths) {
    const std::size_t size = path.size() + 4;
    if (size > room) break;
    room -= size;
    txn.paths.push_back(path);
  }
  txn.encode(out);
}

}  // namespace drover::txn
