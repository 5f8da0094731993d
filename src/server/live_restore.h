#pragma once
// Another state for a standalone server while it runs: a snapshot that an operator uploads takes
// the place of tree and sessions (RestoreCommand).
//   1. The upload is read to its end, aside. What is wrong with it ends the matter here.
//   2. Clients are sent away; what they asked before is written and applied.
//   3. The new state becomes a snapshot whose zxid is above all that either history knows. Until
//      its name is durable a crash leaves the old state, from then on the new one.
//   4. The files of the old history are set aside, the new state takes the place of the old one,
//      and clients are taken again.
// Anything that fails before the end of step 3 leaves the server as it was, with its clients
// reconnecting.

#include <drover/result.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/distribution.h"
#include "base/log.h"
#include "server/disk_thread.h"
#include "server/replica_runner.h"
#include "server/shared_tree.h"
#include "server/snapshot_thread.h"
#include "session/session_table.h"
#include "storage/history.h"
#include "storage/snapshot_writer.h"

namespace drover::server {

struct LiveRestoreOptions {
  storage::HistoryOptions history;
  storage::SnapshotWriterOptions writer;
  std::int64_t tick_ms = 3000;
  bool digest_enabled = true;
};

class LiveRestore {
 public:
  struct Outcome {
    wire::Zxid zxid;  // from which the server goes on
    std::int64_t nodes = 0;
    std::int64_t sessions = 0;
  };
  using Done = std::function<void(const Result<Outcome>&)>;
  using FatalError = std::function<void(const Error&)>;  // does not return; any thread

  // `context` is reactor 0's. All referenced must outlive this, and this the two threads.
  LiveRestore(boost::asio::io_context& context, storage::Disk& disk, LiveRestoreOptions options,
              SharedTree& shared, session::SessionTable& sessions, ReplicaRunner& runner,
              DiskThread& disk_thread, SnapshotThread& snapshot_thread, base::Log& log,
              FatalError fatal);

  // [any thread] `upload`: the path of a file that goes with its last holder. Plain, gzip or
  // snappy, whatever it is called. `done` comes on any thread; not at all when the server stops
  // meanwhile. One at a time: another one is refused.
  void begin(std::shared_ptr<const std::string> upload, Done done);

  // Of those that succeeded. Reactor 0's thread.
  [[nodiscard]] const base::Distribution& restore_ms() const { return restore_ms_; }
  void reset_probe() { restore_ms_ = {}; }

 private:
  struct State;  // tree and sessions on their way into the server
  using StatePtr = std::shared_ptr<State>;

  void read(const std::string& upload, Done done);
  void pause(StatePtr state);
  void make_durable(StatePtr state);
  Result<storage::SnapshotFile> write(State& state);
  Result<void> raise_epochs(std::int64_t epoch);
  void set_aside(const storage::SnapshotFile& file);
  void take_over(const StatePtr& state);
  void give_up(StatePtr state, const Error& error);

  boost::asio::io_context& context_;
  storage::Disk& disk_;
  const LiveRestoreOptions options_;
  SharedTree& shared_;
  session::SessionTable& sessions_;
  ReplicaRunner& runner_;
  DiskThread& disk_thread_;
  SnapshotThread& snapshot_thread_;
  base::Log& log_;
  FatalError fatal_;
  std::atomic<bool> busy_{false};
  base::Distribution restore_ms_;  // reactor 0's
};

}  // namespace drover::server
