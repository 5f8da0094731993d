#pragma once
// Collects what operators ask for: a four-letter word, a page of the admin port. Every reactor is
// asked by a post and answers for itself on its own thread, so nobody waits for anybody; the last
// one to answer hands the sum on.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "admin/status_view.h"
#include "replica/replica.h"
#include "server/console_lane.h"
#include "server/disk_thread.h"
#include "server/live_restore.h"
#include "server/peer_runner.h"
#include "server/reactor.h"
#include "server/replica_runner.h"
#include "server/shared_tree.h"
#include "server/snapshot_thread.h"
#include "session/session_table.h"

namespace drover::server {

// Where the facts are. All of it outlives the collector; reactors[0] is the replica's.
struct StatusSources {
  std::vector<Reactor*> reactors;
  SharedTree* shared = nullptr;
  const session::SessionTable* sessions = nullptr;  // reactor 0's thread only
  const replica::Replica* replica = nullptr;        // reactor 0's thread only
  PeerRunner* peer = nullptr;                       // of an ensemble's member; likewise
  ReplicaRunner* runner = nullptr;                  // standalone; likewise
  LiveRestore* live_restore = nullptr;              // standalone; likewise
  std::int64_t voters = 0;                          // of the ensemble
  DiskThread* disk = nullptr;
  const ConsoleLane* console = nullptr;
  SnapshotThread* snapshot = nullptr;
  const ConnectionLimits* limits = nullptr;
  admin::ConfView conf;
  base::Instant started;
  // How the start went, fixed from then on.
  std::vector<std::pair<std::string, base::Distribution>> startup;
  std::int64_t digest_mismatches_at_start = 0;
};

using admin::Wanted;

// What the admin port counts of itself. Any thread.
struct AdminCounters {
  std::atomic<std::int64_t> requests{0};
  std::atomic<std::int64_t> snapshots_limited{0}, restores_limited{0}, restores_failed{0};
};

class StatusCollector {
 public:
  explicit StatusCollector(StatusSources sources) : sources_(std::move(sources)) {}

  // [any thread] `done` comes on the thread of the last reactor that answered, and should hand the
  // view to a thread of its own, which completes it with finish().
  void collect(const Wanted& wanted, std::function<void(admin::StatusView)> done);
  // [any thread] What no reactor knows: looks at folders and the process, so not for a reactor that
  // serves.
  void finish(const Wanted& wanted, admin::StatusView& view) const;

  // On `asking`'s thread. The answer goes to asking.answer_word().
  void ask(Reactor& asking, std::weak_ptr<Client> client, admin::Word word,
           std::uint64_t new_trace_mask);
  [[nodiscard]] AdminCounters& admin_counters() { return admin_counters_; }
  void set_trace_mask(std::uint64_t mask) { trace_mask_.store(mask, std::memory_order_relaxed); }

 private:
  struct Collection;
  void fill_from_reactor(Reactor& reactor, const Wanted& wanted, admin::StatusView& view) const;
  void fill_from_replica(const Wanted& wanted, admin::StatusView& view) const;
  void fill_from_peer(const Wanted& wanted, admin::StatusView& view) const;
  void reset(Reactor& reactor, Wanted::Reset what) const;

  const StatusSources sources_;
  std::atomic<std::uint64_t> trace_mask_{306};
  AdminCounters admin_counters_;
};

}  // namespace drover::server
