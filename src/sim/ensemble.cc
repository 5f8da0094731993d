#include "sim/ensemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace drover::sim {

namespace {

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

}  // namespace

void TimedLog::line(base::LogLevel level, std::string_view text) {
  if (to_ == nullptr) return;
  const auto us = schedule_.now().since_start.count() / 1000 - 1'000'000'000;
  to_->line(level, fmt::format("{:>6}.{:06} {}", us / 1'000'000, us % 1'000'000, text));
}

Ensemble::Ensemble(const Scenario& scenario, base::Log* log)
    : scenario_(scenario),
      prng_(scenario.seed),
      config_(config_of(scenario)),
      log_(log, schedule_),
      observer_(config_),
      network_(scenario_, schedule_, prng_) {
  for (int i = 0; i < size(); ++i) {
    machines_.push_back(std::make_unique<Machine>(i, scenario_, config_, schedule_, network_, prng_,
                                                  observer_, log_));
    network_.add(i, *machines_.back());
  }
}

void Ensemble::boot() {
  for (auto& machine : machines_) {
    schedule_.after_us(up_to(500'000), [&machine] {
      if (!machine->is_running()) machine->boot();
    });
  }
}

void Ensemble::run_until(base::Instant end) {
  while (is_well() && schedule_.step(end)) {
  }
}

// ---- faults

void Ensemble::plan_faults() {
  plan(scenario_.crash_every_ms, [this] { crash(); });
  plan(scenario_.power_every_ms, [this] { lose_power(); });
  plan(scenario_.outage_every_ms, [this] { outage(); });
  plan(scenario_.stop_every_ms, [this] { stop_cleanly(); });
  plan(scenario_.disk_every_ms, [this] { fail_disk(); });
  plan(scenario_.pause_every_ms, [this] { pause(); });
  plan(scenario_.partition_every_ms, [this] { partition(); });
  plan(scenario_.wall_jump_every_ms, [this] { jump_wall_clock(); });
  plan(scenario_.snapshot_every_ms, [this] { snapshot(); });
}

void Ensemble::plan(std::int64_t every_ms, std::function<void()> fault) {
  if (every_ms <= 0) return;
  schedule_.after_us(up_to(2 * every_ms * 1000), [this, every_ms, fault = std::move(fault)] {
    if (healed_) return;
    fault();
    plan(every_ms, fault);
  });
}

void Ensemble::crash() {
  take_down(any_machine(), false);
}
void Ensemble::lose_power() {
  take_down(any_machine(), true);
}

// A rack, or the house.
void Ensemble::outage() {
  const bool all = prng_.chance(1, 3);
  for (auto& machine : machines_) {
    if (all || prng_.chance(1, 2)) take_down(*machine, true);
  }
}

void Ensemble::stop_cleanly() {
  Machine& machine = any_machine();
  if (!machine.is_running() || machine.is_stopping()) return;
  log_.info("---- sid={} is asked to stop", machine.sid().value);
  machine.begin_stop();
  boot_later(machine);
}

void Ensemble::fail_disk() {
  any_machine().fail_disk(up_to(30));
}

void Ensemble::take_down(Machine& machine, bool power) {
  if (!machine.is_running()) return;
  log_.info("---- sid={} {}", machine.sid().value, power ? "loses power" : "crashes");
  machine.crash(power);
  boot_later(machine);
}

// Who has not stopped by then is killed.
void Ensemble::boot_later(Machine& machine) {
  schedule_.after_us(up_to(scenario_.down_ms_max) * 1000, [this, &machine] {
    if (machine.is_stopping()) machine.crash(false);
    if (machine.is_running()) return;
    log_.info("---- sid={} boots", machine.sid().value);
    machine.boot();
  });
}

void Ensemble::pause() {
  Machine& machine = any_machine();
  const std::int64_t ms = up_to(scenario_.pause_ms_max);
  if (!machine.is_running() || machine.is_paused()) return;
  log_.info("---- sid={} pauses for {} ms", machine.sid().value, ms);
  machine.pause(ms);
}

// A machine alone, one direction, two halves, or two halves with one machine between.
void Ensemble::partition() {
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

void Ensemble::jump_wall_clock() {
  any_machine().jump_wall_clock(static_cast<std::int64_t>(prng_.below(7'200'000)) - 3'600'000);
}

void Ensemble::snapshot() {
  any_machine().write_snapshot();
}

// ---- the end

void Ensemble::heal() {
  log_.info("---- everything is healed");
  healed_ = true;
  network_.stop_faults();
  network_.heal_all();
  for (auto& machine : machines_) {
    machine->stop_faults();
    if (!machine->is_running()) machine->boot();
  }
}

std::string Ensemble::what_is_missing() const {
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
  return {};
}

void Ensemble::check_end() {
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
  for (const wire::SessionId session : first.sessions_with_ephemerals()) {
    if (machines_[0]->sessions().contains(session)) continue;
    observer_.fail("EphemeralClean", fmt::format("session 0x{:x} is gone, its ephemerals are not",
                                                 static_cast<std::uint64_t>(session.value)));
  }
}

const tree::Tree* Ensemble::newest_tree() const {
  for (const auto& machine : machines_) {
    if (!machine->is_running() || !machine->view().serving) continue;
    if (machine->tree().last_zxid() >= observer_.newest_served()) return &machine->tree();
  }
  return nullptr;
}

}  // namespace drover::sim
