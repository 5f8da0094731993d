#pragma once
// Collects what a four-letter word shows. Every reactor is asked by a post and answers for itself
// on its own thread, so nobody waits for anybody; the last one to answer sends the sum back to the
// asking reactor.

#include <cstdint>
#include <memory>
#include <vector>

#include "admin/status_view.h"
#include "replica/replica.h"
#include "server/disk_thread.h"
#include "server/peer_runner.h"
#include "server/reactor.h"
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
  std::int64_t voters = 0;                          // of the ensemble
  DiskThread* disk = nullptr;
  SnapshotThread* snapshot = nullptr;
  const ConnectionLimits* limits = nullptr;
  admin::ConfView conf;
  base::Instant started;
  std::vector<admin::NamedSummary> startup;  // how the start went, fixed from then on
  std::int64_t digest_mismatches_at_start = 0;
};

class StatusCollector {
 public:
  explicit StatusCollector(StatusSources sources) : sources_(std::move(sources)) {}

  // On `asking`'s thread. The answer goes to asking.answer_word().
  void ask(Reactor& asking, std::weak_ptr<Client> client, admin::Word word,
           std::uint64_t new_trace_mask);

 private:
  struct Collection;
  void fill_from_reactor(Reactor& reactor, admin::Word word, admin::StatusView& view) const;
  void fill_from_replica(admin::Word word, admin::StatusView& view) const;
  void fill_from_peer(admin::Word word, admin::StatusView& view) const;
  void fill_from_process(admin::Word word, admin::StatusView& view) const;
  void reset(Reactor& reactor, admin::Word word) const;

  const StatusSources sources_;
  std::atomic<std::uint64_t> trace_mask_{306};
};

}  // namespace drover::server
