#include "client_sim/recipe_scenario.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/prng.h"

namespace drover::client_sim {

using sim::between;

RecipeScenario RecipeScenario::draw(std::uint64_t seed) {
  base::Prng prng(seed * 0xd1342543de82ef95ULL + 1);
  RecipeScenario s;
  s.world = sim::Scenario::draw(seed);
  s.world.clients = 0;
  s.world.safety_ms = between(prng, 10'000, 30'000);
  // A server needs five ticks to notice that it has lost its leader, and for so long it answers its
  // clients: a session that may be over sooner is no ground to hold a lock on.
  const auto blind_ms =
      7 * s.world.tick_ms + 8 * (s.world.hop_us_max + s.world.latency_us_max) / 1000;
  const auto handshakes_ms = (s.world.voters + s.world.observers) *
                             (8 * s.world.latency_us_max + 4 * s.world.sync_us_max) / 1000;
  const std::int64_t timeout_ms =
      std::max(blind_ms + between(prng, 0, 4) * s.world.tick_ms, handshakes_ms);
  s.world.session_timeout_ms = static_cast<std::int32_t>(timeout_ms);
  s.world.liveness_ms_max += 10 * timeout_ms;

  s.processes = static_cast<int>(between(prng, 2, 5));
  if (prng.chance(1, 2)) s.step_us_max = between(prng, 1, prng.chance(1, 4) ? 5000 : 100);
  if (prng.chance(1, 2)) s.freeze_every_ms = between(prng, 1000, 10'000);
  s.freeze_ms_max = between(prng, 10, 2 * timeout_ms);
  if (prng.chance(1, 2)) s.kill_every_ms = between(prng, 1000, 15'000);
  s.away_ms_max = between(prng, 1, 3000);
  if (prng.chance(2, 3)) s.cut_every_ms = between(prng, 500, 8000);
  s.cut_ms_max = between(prng, 10, 2 * timeout_ms);
  s.connection_timeout_ms = between(prng, 500, 15'000);
  if (prng.chance(1, 4)) s.request_timeout_ms = between(prng, 500, 5000);
  s.retry_ms = between(prng, 10, 1000);
  return s;
}

std::string RecipeScenario::text() const {
  return fmt::format(
      "{} timeout={}ms processes={} step={}us freeze={} of {}ms kill={} cut={} of {}ms "
      "connect={}ms request={}ms retry={}ms",
      world.text(), world.session_timeout_ms, processes, step_us_max, freeze_every_ms,
      freeze_ms_max, kill_every_ms, cut_every_ms, cut_ms_max, connection_timeout_ms,
      request_timeout_ms, retry_ms);
}

}  // namespace drover::client_sim
