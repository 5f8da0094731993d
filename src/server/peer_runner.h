#pragma once
// Runs a replica::Peer on reactor 0, as ReplicaRunner does a standalone replica: requests from all
// lanes, streams to the other servers, reports of the disk and time go in; what follows is carried
// out.
//
// What comes in during one wake-up of reactor 0 is carried out together: one batch for the disk,
// one write per stream.
//
// Threads: reactor 0's, but for the calls marked [any thread].

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "net/deadline.h"
#include "replica/peer.h"
#include "server/peer_disk.h"
#include "server/peer_links.h"
#include "server/runner_mail.h"
#include "server/runner_probe.h"
#include "server/shared_tree.h"
#include "server/txn_times.h"

namespace drover::server {

struct PeerRunnerOptions {
  PeerLinksOptions links;
  bool leader_serves = true;  // leaderServes; false: the lanes of a leader take no clients
};

// Plain counters, reactor 0's thread only.
struct PeerProbe {
  std::int64_t looking = 0;  // searches begun
  base::Distribution election_ms;
  // From the decision of an election to serving, by what we became.
  base::Distribution follower_sync_ms, observer_sync_ms;
  // Between two times of serving; and those of them that ended with leading.
  base::Distribution unavailable_ms, leader_unavailable_ms;
  std::int64_t proposals = 0, commits = 0;  // while leading
  std::int64_t learner_proposals = 0, learner_commits = 0;
  base::Distribution proposal_ms;      // from the making of a txn to its arrival here
  base::Distribution ack_creation_ms;  // and to our ack
  // Of one txn that this server proposed, bytes; -1: none yet.
  std::int64_t proposal_bytes_last = -1, proposal_bytes_min = -1, proposal_bytes_max = -1;
};

// A search for a leader that ended in serving.
struct Election {
  std::int64_t at_ms = 0;  // when clients could be served again, ms since 1970
  std::int64_t epoch = 0;
  std::int64_t leader = 0;
  std::int64_t took_ms = 0;  // the search alone
};

class PeerRunner {
 public:
  struct Doors {
    std::function<void(std::vector<wire::TxnBytes>&)>
        persist;                                   // to the disk thread; empties the list
    std::function<void()> abandon_snapshot;        // the tree may soon hold something else
    std::function<void()> request_snapshot;        // one was due while none could be taken
    std::function<void()> take_own_inbox;          // reactor 0's lane empties its inbox, now
    std::function<void()> finish;                  // and what follows from that
    std::function<void(std::uint32_t lane)> wake;  // another lane's inbox has something
  };
  // `context` is reactor 0's. All referenced must outlive the runner; `disk` reports to it.
  PeerRunner(boost::asio::io_context& context, SharedTree& shared, replica::Peer& peer,
             PeerDisk& disk, PeerRunnerOptions options, base::Log& log, Doors doors);

  // Binds the ports between servers.
  Result<void> listen() { return links_.listen(); }

  // [any thread] As in RunnerMail.
  void submit(txn::RequestBatch& batch) { mail_.submit(batch); }
  void durable(wire::Zxid last) { mail_.durable(last); }
  void drained() { mail_.drained(); }

  void start();       // accepts other servers, looks for a leader
  void begin_stop();  // clients are sent away, a leader waits for its followers
  [[nodiscard]] bool may_stop() const { return peer_.may_stop(); }
  void stop();                      // ends all streams, disarms the timer
  [[nodiscard]] bool idle() const;  // no request of ours is unanswered

  // May a snapshot be begun? If not, one is asked for as soon as it may.
  [[nodiscard]] bool snapshot_may_begin();

  [[nodiscard]] const replica::Peer& peer() const { return peer_; }
  // Since clients are served, without a break; 0: they are not.
  [[nodiscard]] std::int64_t serving_ms() const;
  [[nodiscard]] bool has_served() const { return has_served_; }
  // Clients of a leader are let in (leaderServes).
  [[nodiscard]] bool lets_clients_in() const {
    return leader_serves_ || peer_.role() != zab::Role::kLeading;
  }
  [[nodiscard]] PeerLinks::Line line(zab::LinkId id) const { return links_.line(id); }
  // The last ones since the start, the newest last.
  [[nodiscard]] const std::deque<Election>& elections() const { return elections_; }
  void reset_observer_counters() { peer_.reset_observer_counters(); }
  [[nodiscard]] const PeerProbe& probe() const { return probe_; }
  [[nodiscard]] const RunnerProbe& runner_probe() const { return runner_probe_; }
  void reset_probe() {
    probe_ = {};
    runner_probe_ = {};
    peer_.reset_leader_probe();
  }

 private:
  [[nodiscard]] PeerLinks::Events link_events();
  void run();
  void on_timer();
  void follow_up();
  void carry_out();
  void carry_out_disk(replica::PeerEffects& effects);
  void work_on_tree();
  void keep_clients_out();
  void note_role();
  void note_times(bool serves, zab::Role role);
  void note_txns(std::span<const wire::TxnBytes> txns);
  void note_election();
  void link_closed(zab::LinkId id);

  SharedTree& shared_;
  replica::Peer& peer_;
  PeerDisk& disk_;
  const bool leader_serves_;
  Doors doors_;
  RunnerMail mail_;
  PeerLinks links_;
  net::Deadline deadline_;
  replica::PeerEffects effects_;  // not carried out yet
  replica::PeerEffects working_;  // being carried out
  std::vector<char> to_wake_;     // lanes whose inbox has something, as seen under the last hold
  bool served_ = false;           // as of the last look
  bool has_served_ = false;       // at any
  base::Instant serving_since_;
  bool snapshot_due_ = false;
  bool looked_ = false;
  base::Instant decided_at_;         // the last election
  base::Instant unavailable_since_;  // meaningful while has_served_ and not served_
  TxnTimes times_;
  PeerProbe probe_;
  RunnerProbe runner_probe_;
  std::deque<Election> elections_;
};

}  // namespace drover::server
