#pragma once
// The servers of a run, and what befalls them: faults of every kind that the scenario has drawn,
// until all is healed.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "sim/machine.h"
#include "sim/network.h"
#include "sim/observer.h"
#include "sim/scenario.h"
#include "sim/schedule.h"

namespace drover::sim {

// Puts virtual time in front of each line.
class TimedLog final : public base::Log {
 public:
  TimedLog(base::Log* to, const Schedule& schedule) : to_(to), schedule_(schedule) {}
  bool enabled(base::LogLevel level) const override {
    return to_ != nullptr && to_->enabled(level);
  }
  void line(base::LogLevel level, std::string_view text) override;

 private:
  base::Log* to_;
  const Schedule& schedule_;
};

class Ensemble {
 public:
  // `log` is given what servers say, with virtual time and sid; null: nothing.
  Ensemble(const Scenario& scenario, base::Log* log);

  void boot();         // each machine at a moment of its own, soon
  void plan_faults();  // of all kinds of the scenario, until heal()
  void heal();
  // Runs what is planned until then, or until a checker complains.
  void run_until(base::Instant end);
  // What the servers are not yet as they should be, for a person; empty: all is well.
  [[nodiscard]] std::string what_is_missing() const;
  // Complains of what servers do not agree on. Requires that nothing is missing.
  void check_end();
  // A tree that is not older than what any client has seen; null: no server has one just now.
  [[nodiscard]] const tree::Tree* newest_tree() const;

  [[nodiscard]] const Scenario& scenario() const { return scenario_; }
  [[nodiscard]] base::Prng& prng() { return prng_; }
  [[nodiscard]] Schedule& schedule() { return schedule_; }
  [[nodiscard]] TimedLog& log() { return log_; }
  [[nodiscard]] Observer& observer() { return observer_; }
  [[nodiscard]] Network& network() { return network_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Machine>>& machines() const { return machines_; }
  [[nodiscard]] int size() const { return scenario_.voters + scenario_.observers; }
  [[nodiscard]] bool is_well() const { return !observer_.failure().has_value(); }
  [[nodiscard]] bool is_healed() const { return healed_; }
  // From 1 to `max`.
  [[nodiscard]] std::int64_t up_to(std::int64_t max) {
    return 1 + static_cast<std::int64_t>(prng_.below(static_cast<std::uint64_t>(max)));
  }
  // Calls `fault` about every so many ms, until all is healed; 0: never.
  void plan(std::int64_t every_ms, std::function<void()> fault);

 private:
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
  [[nodiscard]] Machine& any_machine() { return *machines_[prng_.below(machines_.size())]; }

  const Scenario scenario_;
  base::Prng prng_;
  const zab::EnsembleConfig config_;
  Schedule schedule_;
  TimedLog log_;
  Observer observer_;
  Network network_;
  std::vector<std::unique_ptr<Machine>> machines_;
  bool healed_ = false;
};

}  // namespace drover::sim
