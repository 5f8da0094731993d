#pragma once
// What the threads of a server share: the tree behind its gate, and per lane the inbox that the
// writer fills.

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/tree_gate.h"
#include "tree/tree.h"
#include "txn/request.h"

namespace drover::server {

struct SharedTree {
  // One slot per lane, one more for the snapshot.
  SharedTree(tree::Tree tree_in, std::uint32_t lanes)
      : gate(lanes + 1), tree(std::move(tree_in)), inboxes(lanes), watched(lanes, 0) {}

  // The tree before any thread runs, or a reference for someone who will hold the gate whenever it
  // is used.
  [[nodiscard]] tree::Tree& ungated() DROVER_NO_THREAD_SAFETY_ANALYSIS { return tree; }

  [[nodiscard]] std::size_t snapshot_slot() const { return inboxes.size(); }

  TreeGate gate;
  tree::Tree tree DROVER_GUARDED_BY(gate);
  // inboxes[i] is appended to by the writer (all slots) and emptied by lane i under its own slot,
  // which is why neither needs another lock. The same holds for watched[i]: whether lane i
  // wants changes.
  std::vector<txn::Deliveries> inboxes;
  std::vector<char> watched;
};

}  // namespace drover::server
