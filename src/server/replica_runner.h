#pragma once
// Runs the replica on reactor 0: requests from all lanes in, txns to the disk thread, committed
// txns into the tree and the lanes' inboxes.
//
// What the lanes send during one wake-up of reactor 0 is handled in one run, so that it becomes one
// batch for the disk.
//
// Threads: reactor 0's, but for the calls marked [any thread].

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <vector>

#include "net/deadline.h"
#include "replica/replica.h"
#include "server/mutex.h"
#include "server/shared_tree.h"

namespace drover::server {

class ReplicaRunner {
 public:
  struct Doors {
    std::function<void(std::vector<wire::TxnBytes>&)>
        persist;                                   // to the disk thread; empties the list
    std::function<void()> take_own_inbox;          // reactor 0's lane empties its inbox, now
    std::function<void()> finish;                  // and what follows from that
    std::function<void(std::uint32_t lane)> wake;  // another lane's inbox has something
  };
  // `context` is reactor 0's. All referenced must outlive the runner.
  ReplicaRunner(boost::asio::io_context& context, SharedTree& shared, replica::Replica& replica,
                Doors doors);

  // [any thread] Takes the batch and leaves an empty one.
  void submit(txn::RequestBatch& batch);
  // [any thread] Everything up to `last` is on disk.
  void durable(wire::Zxid last);

  // [any thread] A lane has emptied its inbox.
  void drained();

  void start();                     // arms the timer
  void stop();                      // disarms it
  [[nodiscard]] bool idle() const;  // nothing proposed or queued is unanswered

 private:
  void schedule();
  void run();
  void on_timer();
  void follow_up();
  void apply();

  boost::asio::io_context& context_;
  SharedTree& shared_;
  replica::Replica& replica_;
  Doors doors_;
  net::Deadline deadline_;
  replica::Effects effects_;
  std::vector<txn::RequestBatch> working_;
  std::vector<char> to_wake_;  // lanes whose inbox has something, as seen under the last hold

  std::atomic<bool> scheduled_{false};
  // The next commit waits for a lane to empty its inbox. Set while all lanes are shut out of the
  // tree, so that the emptying that ends the wait cannot be missed.
  std::atomic<bool> waits_for_lane_{false};
  std::atomic<std::int64_t> durable_{
      -1};  // zxid of the newest report that was not yet handled; -1: none
  mutable Mutex mutex_;
  std::vector<txn::RequestBatch> mail_ DROVER_GUARDED_BY(mutex_);
  std::vector<txn::RequestBatch> spare_ DROVER_GUARDED_BY(mutex_);  // empty, kept for their memory
};

}  // namespace drover::server
