#pragma once
// One run: an ensemble, its clients, and what befalls them. First faults, while nothing may go
// wrong that matters; then everything is healed, and all must be well before long.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "sim/ensemble.h"
#include "sim/scenario.h"
#include "sim/sim_client.h"

namespace drover::sim {

struct Outcome {
  std::optional<Failure> failure;
  std::int64_t simulated_ms = 0;
  std::int64_t completed = 0;  // requests
  std::int64_t acked_writes = 0;
  std::int64_t sessions_lost = 0;
  std::uint64_t steps = 0;
  std::int64_t epochs = 0;        // the last leader's
  std::uint64_t fingerprint = 0;  // of the whole run: the same seed gives the same
};

// `log` is given what servers say, with virtual time and sid; null: nothing.
Outcome run(const Scenario& scenario, base::Log* log);

}  // namespace drover::sim
