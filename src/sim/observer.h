#pragma once
// Sees everything that a run does and hands it to the checkers. The first complaint ends the run.

#include <optional>
#include <string>

#include "sim/client_checker.h"
#include "sim/replica_checker.h"
#include "sim/zab_checker.h"

namespace drover::sim {

class Machine;

struct Failure {
  std::string checker;
  std::string what;
};

class Observer final : public Verdict {
 public:
  void fail(std::string checker, std::string what) override {
    if (!failure_) failure_ = Failure{std::move(checker), std::move(what)};
  }
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }

  void on_boot(const Machine& machine, const zab::History& stored, wire::Zxid last);
  void before_crash(const Machine& machine);
  void on_proposed(const Machine& machine, const wire::TxnBytes& txn);
  void on_accepted_epoch(const Machine& machine, zab::Epoch epoch);
  void on_current_epoch(const Machine& machine, zab::Epoch epoch);
  void after_step(const Machine& machine);

  ZabChecker zab{*this};
  ReplicaChecker replicas{*this};
  ClientChecker clients{*this};

 private:
  std::optional<Failure> failure_;
};

}  // namespace drover::sim
