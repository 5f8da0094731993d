#pragma once
// Sees everything that a run does and hands it to the checkers. The first complaint ends the run.

#include <optional>
#include <string>

#include "sim/client_checker.h"
#include "sim/durability_checker.h"
#include "sim/quorum_wire.h"
#include "sim/replica_checker.h"
#include "sim/watch_checker.h"
#include "sim/zab_checker.h"

namespace drover::sim {

class Machine;

struct Failure {
  std::string checker;
  std::string what;
};

class Observer final : public Verdict {
 public:
  explicit Observer(const zab::EnsembleConfig& config) : durability(*this, config) {}

  void fail(std::string checker, std::string what) override {
    if (!failure_) failure_ = Failure{std::move(checker), std::move(what)};
  }
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }

  void on_boot(const Machine& machine, const zab::History& stored, wire::Zxid last);
  void before_crash(const Machine& machine);
  // What a server writes to a stream of its quorum port.
  void on_sent(const Machine& machine, StreamId stream, const zab::Link& link,
               std::string_view bytes);
  // What comes in over one, and what its lanes ask, before the server hears it.
  void on_received(const Machine& machine, StreamId stream, const zab::Link& link,
                   std::string_view bytes);
  void on_requests(const Machine& machine, const txn::RequestBatch& batch);
  void on_proposed(const Machine& machine, const wire::TxnBytes& txn);
  void on_accepted_epoch(const Machine& machine, zab::Epoch epoch);
  void on_current_epoch(const Machine& machine, zab::Epoch epoch);
  void on_synced(const Machine& machine, wire::Zxid up_to);
  void on_joining(const Machine& machine, zab::Epoch epoch);
  void on_truncating(const Machine& machine, wire::Zxid to);
  void on_installing(const Machine& machine);
  void on_reloaded(const Machine& machine, std::optional<wire::Zxid> truncated_to);
  void on_installed(const Machine& machine);
  // Recovery has replayed these txns behind the snapshot it took.
  void on_replayed(const Machine& machine, const std::vector<wire::Zxid>& zxids);
  void after_step(const Machine& machine);
  // The newest zxid of which any server has had the tree while it served.
  [[nodiscard]] wire::Zxid newest_served() const { return newest_served_; }

  ZabChecker zab{*this};
  ReplicaChecker replicas{*this};
  ClientChecker clients{*this};
  WatchChecker watches{*this};
  DurabilityChecker durability;
  OwnerChecker owners{*this};
  QuorumWire wire{*this, durability, owners};

 private:
  std::optional<Failure> failure_;
  wire::Zxid newest_served_;
};

}  // namespace drover::sim
