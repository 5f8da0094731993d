#pragma once
// What the threads of a server share: the tree behind its gate, and per lane the inbox that the
// writer fills.

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/mutex.h"
#include "server/tree_gate.h"
#include "tree/tree.h"
#include "txn/request.h"

namespace drover::server {

struct SharedTree {
  // A lane per reactor, and one for the console. A slot per lane, one more for the snapshot.
  SharedTree(tree::Tree tree_in, std::uint32_t reactors)
      : gate(reactors + 2),
        tree(std::move(tree_in)),
        inboxes(reactors + 1),
        watched(reactors + 1, 0) {
    inboxes.back().takes_changes = false;
  }

  // The tree before any thread runs, or a reference for someone who will hold the gate whenever it
  // is used.
  [[nodiscard]] tree::Tree& ungated() DROVER_NO_THREAD_SAFETY_ANALYSIS { return tree; }

  // The console's lane has a slot and an inbox like any other. But nobody waits for it to empty its
  // inbox: what is in there are answers to its own few requests.
  [[nodiscard]] std::uint32_t console_lane() const {
    return static_cast<std::uint32_t>(inboxes.size() - 1);
  }
  [[nodiscard]] std::size_t snapshot_slot() const { return inboxes.size(); }

  TreeGate gate;
  tree::Tree tree DROVER_GUARDED_BY(gate);
  // inboxes[i] is appended to by the writer (all slots) and emptied by lane i under its own slot,
  // which is why neither needs another lock. The same holds for watched[i]: whether lane i
  // wants changes.
  std::vector<txn::Deliveries> inboxes;
  std::vector<char> watched;
  // Beside its own slot, a reader that begins or ends a Tree::Walk holds this one: the tree keeps a
  // list of them.
  Mutex walks;
};

}  // namespace drover::server
