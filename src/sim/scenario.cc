#include "sim/scenario.h"

#include <fmt/format.h>

#include <algorithm>

namespace drover::sim {

std::int64_t between(base::Prng& prng, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(prng.below(static_cast<std::uint64_t>(high - low + 1)));
}

Scenario Scenario::draw(std::uint64_t seed) {
  base::Prng prng(seed * 0x9e3779b97f4a7c15ULL + 1);
  Scenario s;
  s.seed = seed;
  constexpr int kVoters[] = {1, 3, 3, 3, 3, 5, 5, 4, 3, 7};
  s.voters = kVoters[prng.below(10)];
  s.observers = prng.chance(1, 3) ? static_cast<int>(between(prng, 1, 2)) : 0;
  s.lanes = static_cast<std::uint32_t>(between(prng, 1, 4));
  s.clients = static_cast<int>(between(prng, 1, 8));
  constexpr std::int64_t kTicks[] = {200, 500, 1000, 2000};
  s.tick_ms = kTicks[prng.below(4)];
  s.safety_ms = between(prng, 15'000, 60'000);
  s.latency_us_min = between(prng, 20, 500);
  s.latency_us_max = s.latency_us_min + between(prng, 0, prng.chance(1, 4) ? 60'000 : 2000);
  if (prng.chance(1, 2)) s.loss_per_mille = static_cast<std::uint64_t>(between(prng, 1, 30));
  if (prng.chance(1, 2)) s.reset_per_million = static_cast<std::uint64_t>(between(prng, 50, 3000));
  if (prng.chance(1, 2)) s.tear_per_million = static_cast<std::uint64_t>(between(prng, 50, 3000));
  s.sync_us_max = s.sync_us_min + between(prng, 100, prng.chance(1, 4) ? 50'000 : 5000);
  s.session_timeout_ms = static_cast<std::int32_t>(between(prng, 2, 20) * s.tick_ms);
  // A client gives each server its share of the timeout to shake hands and commit a session in.
  const std::int64_t handshake_us = 8 * s.latency_us_max + 4 * s.sync_us_max;
  s.session_timeout_ms =
      std::max(s.session_timeout_ms,
               static_cast<std::int32_t>((s.voters + s.observers) * handshake_us / 1000));
  if (prng.chance(1, 3)) {
    s.slow_sync_per_mille = static_cast<std::uint64_t>(between(prng, 1, 20));
    s.slow_sync_ms_max = between(prng, 50, 3000);
  }
  if (prng.chance(2, 3)) s.crash_every_ms = between(prng, 1500, 20'000);
  if (prng.chance(1, 2)) s.power_every_ms = between(prng, 3000, 20'000);
  s.down_ms_max = between(prng, 100, 8000);
  if (prng.chance(1, 3)) s.outage_every_ms = between(prng, 5000, 20'000);
  if (prng.chance(1, 3)) s.stop_every_ms = between(prng, 3000, 20'000);
  if (prng.chance(1, 3)) s.disk_every_ms = between(prng, 1500, 15'000);
  if (prng.chance(1, 4)) {
    s.slow_disk = static_cast<int>(prng.below(static_cast<std::uint64_t>(s.voters)));
    s.slow_disk_factor = between(prng, 5, 50);
  }
  if (prng.chance(1, 2)) s.pause_every_ms = between(prng, 2000, 20'000);
  s.pause_ms_max = between(prng, 100, 6000);
  if (prng.chance(2, 3)) s.partition_every_ms = between(prng, 2000, 15'000);
  s.partition_ms_max = between(prng, 200, 12'000);
  if (prng.chance(1, 4)) s.wall_jump_every_ms = between(prng, 3000, 20'000);
  if (prng.chance(1, 3)) s.drift_per_mille_max = between(prng, 1, 30);
  if (prng.chance(2, 3)) s.snapshot_every_ms = between(prng, 2000, 20'000);
  if (prng.chance(1, 2)) s.small_log = static_cast<std::uint64_t>(between(prng, 1, 30));
  s.paths = static_cast<int>(between(prng, 1, 8));
  s.think_ms_max = between(prng, 1, 200);
  s.pipeline_max = static_cast<int>(between(prng, 1, 8));
  // A thread is woken at once, or the machine has too few processors.
  if (prng.chance(1, 3)) s.boot_disk_percent = static_cast<std::uint64_t>(between(prng, 5, 50));
  s.snapshot_step_us_max = between(prng, 10, prng.chance(1, 2) ? 200 : 20'000);
  if (prng.chance(2, 3)) s.hop_us_max = between(prng, 1, prng.chance(1, 3) ? 200'000 : 200);
  // A ping has to get to the leader before the session is over.
  const std::int64_t ping_ms =
      s.session_timeout_ms / 3 + s.tick_ms / 2 + (3 * s.latency_us_max + 2 * s.hop_us_max) / 1000;
  s.quiet = prng.chance(1, 3) && ping_ms < s.session_timeout_ms * 3 / 4;
  return s;
}

std::string Scenario::text() const {
  return fmt::format(
      "seed={} voters={} observers={} lanes={} hop={}us clients={} tick={}ms safety={}ms "
      "latency={}..{}us "
      "loss={}/1000 reset={}/1000000 tear={}/1000000 "
      "sync={}..{}us slow={}/1000 crash={} power={} outage={} stop={} "
      "disk={} boot={}% slowdisk={}x{} pause={} "
      "partition={} walljump={} drift={}/1000 snapshot={} step={}us log={} (every ms)",
      seed, voters, observers, lanes, hop_us_max, clients, tick_ms, safety_ms, latency_us_min,
      latency_us_max, loss_per_mille, reset_per_million, tear_per_million, sync_us_min, sync_us_max,
      slow_sync_per_mille, crash_every_ms, power_every_ms, outage_every_ms, stop_every_ms,
      disk_every_ms, boot_disk_percent, slow_disk, slow_disk_factor, pause_every_ms,
      partition_every_ms, wall_jump_every_ms, drift_per_mille_max, snapshot_every_ms,
      snapshot_step_us_max, small_log);
}

}  // namespace drover::sim
