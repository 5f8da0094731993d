#pragma once
// What one run of clients and recipes is like, drawn from its seed: an ensemble as in `sim`, and
// what befalls those who use it.

#include <cstdint>
#include <string>

#include "sim/scenario.h"

namespace drover::client_sim {

struct RecipeScenario {
  sim::Scenario world;  // its own clients are not there
  int processes = 3;
  std::int64_t step_us_max = 0;  // a thread needs that much to come to its next function

  // Faults of processes: about one in so many ms, 0: none of the kind.
  std::int64_t freeze_every_ms = 0;
  std::int64_t freeze_ms_max = 0;
  std::int64_t kill_every_ms = 0;
  std::int64_t away_ms_max = 1000;  // until another process takes its place
  std::int64_t cut_every_ms = 0;    // from some or all servers, in one direction or both
  std::int64_t cut_ms_max = 0;

  std::int64_t connection_timeout_ms = 15'000;
  std::int64_t request_timeout_ms = 0;
  std::int64_t retry_ms = 1000;

  [[nodiscard]] static RecipeScenario draw(std::uint64_t seed);
  [[nodiscard]] std::string text() const;  // one line
};

}  // namespace drover::client_sim
