#include "sim/world.h"

#include <fmt/format.h>

#include <algorithm>

namespace drover::sim {

namespace {

constexpr std::chrono::seconds kAfterEffectsMax{6};

class TimedLog final : public base::Log {
 public:
  TimedLog(base::Log* to, const Schedule& schedule) : to_(to), schedule_(schedule) {}
  bool enabled(base::LogLevel level) const override {
    return to_ != nullptr && to_->enabled(level);
  }
  void line(base::LogLevel level, std::string_view text) override {
    if (to_ == nullptr) return;
    const auto us = schedule_.now().since_start.count() / 1000 - 1'000'000'000;
    to_->line(level, fmt::format("{:>6}.{:06} {}", us / 1'000'000, us % 1'000'000, text));
  }

 private:
  base::Log* to_;
  const Schedule& schedule_;
};

class World {
 public:
  World(const Scenario& scenario, base::Log* log);
  Outcome run();

 private:
  void plan(std::int64_t every_ms, void (World::*fault)());
  void crash();
  void lose_power();
  void outage();
  void stop_cleanly();
  void fail_disk();
  void take_down(Machine& machine, bool power);
  void boot_later(Machine& machine);
  void pause();
  void partition();
  void jump_wall_clock();
  void snapshot();
  void heal();
  void stay_quiet();
  void final_writes();
  [[nodiscard]] std::string what_is_missing();
  void check_end();
  void check_ephemerals();
  [[nodiscard]] Machine& any_machine() { return *machines_[prng_.below(machines_.size())]; }
  [[nodiscard]] std::int64_t up_to(std::int64_t max) {
    return 1 + static_cast<std::int64_t>(prng_.below(static_cast<std::uint64_t>(max)));
  }

  const Scenario scenario_;
  base::Prng prng_;
  const zab::EnsembleConfig config_;
  Schedule schedule_;
  TimedLog log_;
  Observer observer_;
  Network network_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  bool healed_ = false;
};

zab::EnsembleConfig config_of(const Scenario& scenario) {
  zab::EnsembleConfig config;
  for (int i = 0; i < scenario.voters + scenario.observers; ++i) {
    const zab::ServerId sid(i + 1);
    config.members[sid] = {.sid = sid,
                           .quorum = {fmt::format("s{}", i + 1), 2888},
                           .election = {fmt::format("s{}", i + 1), 3888},
                           .observer = i >= scenario.voters,
                           .client = std::nullopt};
  }
  return config;
}

World::World(const Scenario& scenario, base::Log* log)
    : scenario_(scenario),
      prng_(scenario.seed),
      config_(config_of(scenario)),
      log_(log, schedule_),
      observer_(config_),
      network_(scenario_, schedule_, prng_) {
  const int servers = scenario_.voters + scenario_.observers;
  for (int i = 0; i < servers; ++i) {
    machines_.push_back(std::make_unique<Machine>(i, scenario_, config_, schedule_, network_, prng_,
                                                  observer_, log_));
    network_.add(i, *machines_.back());
  }
  for (int i = 0; i < scenario_.clients; ++i) {
    clients_.push_back(
        std::make_unique<SimClient>(i, servers + i, servers, scenario_, schedule_, network_, prng_,
                                    ClientChecks{observer_.clients, observer_.watches}));
    network_.add(servers + i, *clients_.back());
  }
}

// ---- faults

void World::plan(std::int64_t every_ms, void (World::*fault)()) {
  if (every_ms <= 0) return;
  schedule_.after_us(up_to(2 * every_ms * 1000), [this, every_ms, fault] {
    if (healed_) return;
    (this->*fault)();
    plan(every_ms, fault);
  });
}

void World::crash() {
  take_down(any_machine(), false);
}
void World::lose_power() {
  take_down(any_machine(), true);
}

// A rack, or the house.
void World::outage() {
  const bool all = prng_.chance(1, 3);
  for (auto& machine : machines_) {
    if (all || prng_.chance(1, 2)) take_down(*machine, true);
  }
}

void World::stop_cleanly() {
  Machine& machine = any_machine();
  if (!machine.is_running() || machine.is_stopping()) return;
  log_.info("---- sid={} is asked to stop", machine.sid().value);
  machine.begin_stop();
  boot_later(machine);
}

void World::fail_disk() {
  any_machine().fail_disk(up_to(30));
}

void World::take_down(Machine& machine, bool power) {
  if (!machine.is_running()) return;
  log_.info("---- sid={} {}", machine.sid().value, power ? "loses power" : "crashes");
  machine.crash(power);
  boot_later(machine);
}

// Who has not stopped by then is killed.
void World::boot_later(Machine& machine) {
  schedule_.after_us(up_to(scenario_.down_ms_max) * 1000, [this, &machine] {
    if (machine.is_stopping()) machine.crash(false);
    if (machine.is_running()) return;
    log_.info("---- sid={} boots", machine.sid().value);
    machine.boot();
  });
}

void World::pause() {
  Machine& machine = any_machine();
  const std::int64_t ms = up_to(scenario_.pause_ms_max);
  if (!machine.is_running() || machine.is_paused()) return;
  log_.info("---- sid={} pauses for {} ms", machine.sid().value, ms);
  machine.pause(ms);
}

// A machine alone, one direction, two halves, or two halves with one machine between.
void World::partition() {
  const int servers = static_cast<int>(machines_.size());
  std::vector<std::pair<int, int>> cuts;
  const int victim = static_cast<int>(prng_.below(machines_.size()));
  const auto kind = prng_.below(4);
  const auto halves = prng_.next();
  for (int a = 0; a < servers; ++a) {
    for (int b = 0; b < servers; ++b) {
      if (a == b) continue;
      const bool apart = ((halves >> a) & 1) != ((halves >> b) & 1);
      bool is_cut = false;
      if (kind == 0) is_cut = a == victim || b == victim;
      if (kind == 1) is_cut = a == victim && ((halves >> b) & 1) != 0;
      if (kind == 2) is_cut = apart;
      if (kind == 3) is_cut = apart && a != victim && b != victim;
      if (is_cut) cuts.emplace_back(a, b);
    }
  }
  constexpr const char* kNames[] = {"one alone", "one way", "halves", "bridge"};
  log_.info("---- partition: {} (sid={}), {} cuts", kNames[kind], victim + 1, cuts.size());
  for (const auto& [a, b] : cuts) network_.cut(a, b);
  // Some flap.
  const std::int64_t ms = prng_.chance(1, 4) ? up_to(200) : up_to(scenario_.partition_ms_max);
  schedule_.after_us(ms * 1000, [this, cuts] {
    for (const auto& [a, b] : cuts) network_.heal(a, b);
  });
}

void World::jump_wall_clock() {
  any_machine().jump_wall_clock(static_cast<std::int64_t>(prng_.below(7'200'000)) - 3'600'000);
}

void World::snapshot() {
  any_machine().write_snapshot();
}

// ---- the run

void World::heal() {
  log_.info("---- everything is healed");
  healed_ = true;
  network_.stop_faults();
  network_.heal_all();
  for (auto& machine : machines_) {
    machine->stop_faults();
    if (!machine->is_running()) machine->boot();
  }
  for (auto& client : clients_) client->stop_asking();
}

// What is not yet as it should be, for a person; empty: all is well.
std::string World::what_is_missing() {
  wire::Zxid last;
  int leaders = 0;
  for (const auto& machine : machines_) {
    if (!machine->is_running() || machine->is_paused()) return "a server is not there";
    const auto view = machine->view();
    if (!view.serving) {
      return fmt::format("sid={} does not serve ({} {})", machine->sid().value,
                         zab::name_of(view.role), view.phase);
    }
    if (view.role == zab::Role::kLeading) ++leaders;
    if (machine->has_outstanding()) {
      return fmt::format("sid={} has requests outstanding", machine->sid().value);
    }
    last = std::max(last, machine->tree().last_zxid());
  }
  if (leaders != 1) return fmt::format("{} leaders", leaders);
  for (const auto& machine : machines_) {
    if (machine->tree().last_zxid() != last) {
      return fmt::format("sid={} is at zxid=0x{:x}, another at 0x{:x}", machine->sid().value,
                         machine->tree().last_zxid().value, last.value);
    }
  }
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
  while (!observer_.failure() && schedule_.step(end)) {
  }
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
  const tree::Tree& first = machines_[0]->tree();
  for (const auto& machine : machines_) {
    if (machine->tree().digest() != first.digest() ||
        machine->sessions().list() != machines_[0]->sessions().list()) {
      observer_.fail(
          "TreeEqual",
          fmt::format("sid=1 and sid={} end with different {}", machine->sid().value,
                      machine->tree().digest() != first.digest() ? "trees" : "sessions"));
    }
  }
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
  const tree::Tree& tree = machines_[0]->tree();
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    const std::string& path = clients_[i]->ephemeral();
    if (!path.empty() && tree.find(path) == tree::kNoNode) {
      observer_.fail("EphemeralLife",
                     fmt::format("client {} lives, but not its ephemeral {}", i, path));
    }
  }
  for (const wire::SessionId session : observer_.clients.closed()) {
    if (!machines_[0]->sessions().contains(session)) continue;
    observer_.fail("SessionClosed", fmt::format("session 0x{:x} was closed and is there",
                                                static_cast<std::uint64_t>(session.value)));
  }
  for (const wire::SessionId session : tree.sessions_with_ephemerals()) {
    if (machines_[0]->sessions().contains(session)) continue;
    observer_.fail("EphemeralClean", fmt::format("session 0x{:x} is gone, its ephemerals are not",
                                                 static_cast<std::uint64_t>(session.value)));
  }
}

Outcome World::run() {
  for (auto& machine : machines_) {
    schedule_.after_us(up_to(500'000), [&machine] {
      if (!machine->is_running()) machine->boot();
    });
  }
  for (auto& client : clients_) {
    schedule_.after_us(up_to(2'000'000), [&client] { client->start(); });
  }
  plan(scenario_.crash_every_ms, &World::crash);
  plan(scenario_.power_every_ms, &World::lose_power);
  plan(scenario_.outage_every_ms, &World::outage);
  plan(scenario_.stop_every_ms, &World::stop_cleanly);
  plan(scenario_.disk_every_ms, &World::fail_disk);
  plan(scenario_.pause_every_ms, &World::pause);
  plan(scenario_.partition_every_ms, &World::partition);
  plan(scenario_.wall_jump_every_ms, &World::jump_wall_clock);
  plan(scenario_.snapshot_every_ms, &World::snapshot);

  const base::Instant begin = schedule_.now();
  const auto ok = [this] { return !observer_.failure().has_value(); };
  const base::Instant safety_end = begin + std::chrono::milliseconds(scenario_.safety_ms);
  while (ok() && schedule_.step(safety_end)) {
  }
  heal();
  const base::Instant healed_at = schedule_.now();
  base::Instant deadline = schedule_.now() + std::chrono::milliseconds(scenario_.liveness_ms_max);
  bool written = false;
  std::string missing = "everything";
  while (ok() && schedule_.now() < deadline) {
    const base::Instant next = schedule_.now() + std::chrono::milliseconds(50);
    while (ok() && schedule_.step(next)) {
    }
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
  outcome.fingerprint = prng_.next() ^ outcome.steps;
  for (const auto& machine : machines_) {
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
