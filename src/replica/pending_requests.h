#pragma once
// What the clients of a learner wait for. Per session, in the order of its requests: writes that
// were sent to the leader and come back as txns, syncs that wait for the leader's word, and between
// them reads and refusals that have their turn when all before them is answered.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "replica/outstanding_queue.h"
#include "wire/zxid.h"

namespace drover::replica {

class PendingRequests {
 public:
  struct Entry {
    Outstanding request;    // kTxn and kSync wait, the other kinds do not
    std::string bytes;      // sync: the path record; read: the request record
    bool released = false;  // a sync that has had its word
  };

  void push(Entry entry);
  // Waits for nothing, not even for what its session asked before.
  void push_ready(Outstanding request);
  // The write that this txn answers: the oldest waiting one of its session, when its cxid agrees
  // (CommitProcessor). Otherwise the txn is somebody else's.
  std::optional<Outstanding> take(wire::SessionId session, std::int32_t cxid);
  // The oldest sync that has no word yet gets it.
  void release_sync();

  // Those whose turn has come, in the order in which it came.
  [[nodiscard]] bool has_ready() const { return !ready_.empty(); }
  [[nodiscard]] const Outstanding& first_ready() const { return ready_.front().request; }
  [[nodiscard]] Entry take_ready();

  [[nodiscard]] std::size_t size() const { return size_; }
  void clear();

 private:
  using Queue = std::deque<Entry>;
  void advance(Queue& queue);

  std::unordered_map<wire::SessionId, Queue>
      sessions_;                       // Invariant: none is empty; its front waits
  std::deque<wire::SessionId> syncs_;  // one per kSync without its word, oldest first
  std::deque<Entry> ready_;
  std::size_t size_ = 0;  // ready ones included
};

}  // namespace drover::replica
