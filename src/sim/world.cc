#include "sim/world.h"

#include <fmt/format.h>

#include <algorithm>

namespace drover::sim {

namespace {

constexpr std::chrono::seconds kAfterEffectsMax{6};

class World {
 public:
  World(const Scenario& scenario, base::Log* log);
  Outcome run();

 private:
  void heal();
  void stay_quiet();
  void final_writes();
  [[nodiscard]] std::string what_is_missing();
  void check_end();
  void check_ephemerals();

  const Scenario scenario_;
  Ensemble ensemble_;
  Schedule& schedule_ = ensemble_.schedule();
  Observer& observer_ = ensemble_.observer();
  std::vector<std::unique_ptr<SimClient>> clients_;
};

World::World(const Scenario& scenario, base::Log* log)
    : scenario_(scenario), ensemble_(scenario, log) {
  const int servers = ensemble_.size();
  for (int i = 0; i < scenario_.clients; ++i) {
    clients_.push_back(std::make_unique<SimClient>(
        i, servers + i, servers, scenario_, schedule_, ensemble_.network(), ensemble_.prng(),
        ClientChecks{observer_.clients, observer_.watches}));
    ensemble_.network().add(servers + i, *clients_.back());
  }
}

// ---- the run

void World::heal() {
  ensemble_.heal();
  for (auto& client : clients_) client->stop_asking();
}

// What is not yet as it should be, for a person; empty: all is well.
std::string World::what_is_missing() {
  std::string missing = ensemble_.what_is_missing();
  if (!missing.empty()) return missing;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (!clients_[i]->is_at_rest()) {
      return fmt::format("client {} waits ({})", i, clients_[i]->status());
    }
  }
  return {};
}

// Sessions of clients that are there outlive any silence: their pings are enough.
void World::stay_quiet() {
  const auto lost = [this] {
    std::int64_t sum = 0;
    for (const auto& client : clients_) sum += client->sessions_lost();
    return sum;
  };
  const std::int64_t before = lost();
  const base::Instant end =
      schedule_.now() + 2 * std::chrono::milliseconds(scenario_.session_timeout_ms);
  ensemble_.run_until(end);
  if (lost() == before) return;
  observer_.fail("SessionLife", fmt::format("{} sessions of clients that are there were lost while "
                                            "nothing happened",
                                            lost() - before));
}

// Every watch that is left must fire now.
void World::final_writes() {
  for (int path = 0; path < scenario_.paths; ++path) {
    clients_[0]->write(fmt::format("/n{}", path));
  }
}

void World::check_end() {
  ensemble_.check_end();
  const tree::Tree& first = ensemble_.machines()[0]->tree();
  const auto history = observer_.replicas.history(first.last_zxid());
  for (const wire::Zxid zxid : observer_.clients.acked()) {
    if (history.count(zxid) != 0) continue;
    observer_.fail("NothingLost",
                   fmt::format("zxid=0x{:x} was acknowledged and is not part of the history that "
                               "ends at zxid=0x{:x}",
                               zxid.value, first.last_zxid().value));
  }
  for (const auto& [key, zxid] : observer_.clients.watches()) {
    const tree::NodeId node = first.find(key.second);
    if (node == tree::kNoNode || wire::Zxid(first.stat(node).mzxid) <= zxid) continue;
    observer_.fail("WatchCompleteness",
                   fmt::format("client {} never heard of the change of {} behind zxid=0x{:x}",
                               key.first, key.second, zxid.value));
  }
  observer_.watches.check(history, observer_.zab.txns());
  check_ephemerals();
}

void World::check_ephemerals() {
  const Machine& machine = *ensemble_.machines()[0];
  const tree::Tree& tree = machine.tree();
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    const std::string& path = clients_[i]->ephemeral();
    if (!path.empty() && tree.find(path) == tree::kNoNode) {
      observer_.fail("EphemeralLife",
                     fmt::format("client {} lives, but not its ephemeral {}", i, path));
    }
  }
  for (const wire::SessionId session : observer_.clients.closed()) {
    if (!machine.sessions().contains(session)) continue;
    observer_.fail("SessionClosed", fmt::format("session 0x{:x} was closed and is there",
                                                static_cast<std::uint64_t>(session.value)));
  }
}

Outcome World::run() {
  ensemble_.boot();
  for (auto& client : clients_) {
    schedule_.after_us(ensemble_.up_to(2'000'000), [&client] { client->start(); });
  }
  ensemble_.plan_faults();

  const base::Instant begin = schedule_.now();
  const auto ok = [this] { return ensemble_.is_well(); };
  const base::Instant safety_end = begin + std::chrono::milliseconds(scenario_.safety_ms);
  ensemble_.run_until(safety_end);
  heal();
  const base::Instant healed_at = schedule_.now();
  base::Instant deadline = schedule_.now() + std::chrono::milliseconds(scenario_.liveness_ms_max);
  bool written = false;
  std::string missing = "everything";
  while (ok() && schedule_.now() < deadline) {
    const base::Instant next = schedule_.now() + std::chrono::milliseconds(50);
    ensemble_.run_until(next);
    missing = what_is_missing();
    if (!missing.empty()) continue;
    if (written) break;
    if (scenario_.quiet) {
      // A disk may still be at what took it long before.
      missing = "the silence";
      if (schedule_.now() < healed_at + kAfterEffectsMax) continue;
      stay_quiet();
    }
    deadline = schedule_.now() + std::chrono::milliseconds(scenario_.liveness_ms_max);
    written = true;
    missing = "the final writes";
    final_writes();
  }
  if (ok() && !missing.empty()) {
    observer_.fail("Progress", fmt::format("{} ms after everything was healed: {}",
                                           scenario_.liveness_ms_max, missing));
  }
  // What is on its way to the clients arrives; and should a session have expired meanwhile, that
  // too.
  base::Instant end = schedule_.now() + std::chrono::seconds(1);
  while (ok() && (schedule_.step(end) || !what_is_missing().empty())) {
    if (schedule_.now() >= end) end = end + std::chrono::milliseconds(10);
    if (end > deadline + std::chrono::seconds(60)) break;
  }
  if (ok()) check_end();

  Outcome outcome;
  outcome.failure = observer_.failure();
  outcome.simulated_ms = (schedule_.now() - begin) / std::chrono::milliseconds(1);
  outcome.steps = schedule_.steps();
  outcome.acked_writes = static_cast<std::int64_t>(observer_.clients.acked().size());
  for (const auto& client : clients_) {
    outcome.completed += client->completed();
    outcome.sessions_lost += client->sessions_lost();
  }
  outcome.fingerprint = ensemble_.prng().next() ^ outcome.steps;
  for (const auto& machine : ensemble_.machines()) {
    if (!machine->is_running()) continue;
    outcome.epochs = std::max(outcome.epochs, machine->view().epoch);
    outcome.fingerprint = outcome.fingerprint * 31 + machine->tree().digest();
  }
  return outcome;
}

}  // namespace

Outcome run(const Scenario& scenario, base::Log* log) {
  return World(scenario, log).run();
}

}  // namespace drover::sim
