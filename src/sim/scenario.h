#pragma once
// What one run is like: every number drawn from its seed, so that runs differ in kind and not only
// in detail (swarm testing).

#include <cstdint>
#include <string>

#include "base/prng.h"

namespace drover::sim {

// Any of `low` .. `high`, both included.
[[nodiscard]] std::int64_t between(base::Prng& prng, std::int64_t low, std::int64_t high);

struct Scenario {
  std::uint64_t seed = 0;
  int voters = 3;
  int observers = 0;
  std::uint32_t lanes = 1;
  std::int64_t hop_us_max =
      0;  // what a lane other than the first and the peer tell each other takes
  int clients = 4;
  std::int64_t tick_ms = 2000;
  std::int64_t safety_ms = 40'000;         // faults happen
  std::int64_t liveness_ms_max = 120'000;  // everything is healed; all must be well within this
  std::int32_t session_timeout_ms = 6000;

  // The network.
  std::int64_t latency_us_min = 50;
  std::int64_t latency_us_max = 500;
  std::uint64_t loss_per_mille = 0;     // of messages; TCP sends them again after a while
  std::uint64_t tear_per_million = 0;   // of messages, a part arrives before the stream breaks
  std::uint64_t reset_per_million = 0;  // of messages, the stream breaks

  // The disk.
  std::int64_t sync_us_min = 100;
  std::int64_t sync_us_max = 2000;
  std::uint64_t slow_sync_per_mille = 0;  // then it takes up to slow_sync_ms_max
  std::int64_t slow_sync_ms_max = 500;

  int slow_disk = -1;  // this machine's disk is so many times slower
  std::int64_t slow_disk_factor = 1;

  // Faults: about one in so many ms, 0: none of the kind.
  std::int64_t crash_every_ms = 0;      // the process dies; its unsynced writes stay
  std::int64_t power_every_ms = 0;      // the machine dies; unsynced writes are gambled on
  std::int64_t outage_every_ms = 0;     // several machines, or all, lose power at once
  std::int64_t stop_every_ms = 0;       // a clean stop
  std::int64_t disk_every_ms = 0;       // a disk fails in the middle of a change
  std::uint64_t boot_disk_percent = 0;  // of boots, with a disk that fails soon
  std::int64_t down_ms_max = 5000;      // how long it stays away
  std::int64_t pause_every_ms = 0;      // SIGSTOP
  std::int64_t pause_ms_max = 3000;
  std::int64_t partition_every_ms = 0;
  std::int64_t partition_ms_max = 8000;
  std::int64_t wall_jump_every_ms = 0;
  std::int64_t drift_per_mille_max = 0;      // of a machine's clock
  std::int64_t snapshot_every_ms = 0;        // per machine
  std::int64_t snapshot_step_us_max = 1000;  // between two slices of a snapshot
  std::uint64_t small_log = 0;               // txns kept in memory for DIFF; 0: as shipped

  // The workload.
  int paths = 6;
  std::int64_t think_ms_max = 50;  // between two requests of a client
  int pipeline_max = 4;
  bool quiet = false;  // at the end the clients say nothing for longer than their sessions last

  [[nodiscard]] static Scenario draw(std::uint64_t seed);
  [[nodiscard]] std::string text() const;  // one line
};

}  // namespace drover::sim
