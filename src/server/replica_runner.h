#pragma once
// Runs the replica on reactor 0: requests from all lanes in, txns to the disk thread, committed
// txns into the tree and the lanes' inboxes.
//
// What the lanes send during one wake-up of reactor 0 is handled in one run, so that it becomes one
// batch for the disk.
//
// Threads: reactor 0's, but for the calls marked [any thread].

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <vector>

#include "net/deadline.h"
#include "replica/replica.h"
#include "server/runner_mail.h"
#include "server/runner_probe.h"
#include "server/shared_tree.h"
#include "server/txn_times.h"

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

  // [any thread] As in RunnerMail.
  void submit(txn::RequestBatch& batch) { mail_.submit(batch); }
  void durable(wire::Zxid last) { mail_.durable(last); }
  void drained() { mail_.drained(); }

  // Sends clients away. `then` comes, on this thread, when everything asked before is on disk and
  // applied: tree and sessions may be replaced (Replica::pause). It ends with resume().
  void pause(std::function<void()> then);
  void resume();
  [[nodiscard]] bool paused() const { return replica_.is_paused(); }

  void start();                     // arms the timer
  void stop();                      // disarms it
  [[nodiscard]] bool idle() const;  // nothing proposed or queued is unanswered
  [[nodiscard]] const RunnerProbe& probe() const { return probe_; }
  void reset_probe() { probe_ = {}; }

 private:
  void run();
  void on_timer();
  void follow_up();
  void apply();

  SharedTree& shared_;
  replica::Replica& replica_;
  Doors doors_;
  RunnerMail mail_;
  net::Deadline deadline_;
  replica::Effects effects_;
  TxnTimes times_;
  RunnerProbe probe_;
  std::function<void()> when_paused_;  // empty: nobody waits for it
  std::vector<char> to_wake_;  // lanes whose inbox has something, as seen under the last hold
};

}  // namespace drover::server
