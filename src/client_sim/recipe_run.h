#pragma once
// One run: an ensemble, processes that use the client library and its recipes, and what befalls
// both. Then everything is healed, everybody has to come to his end, and nothing may be left.

#include "base/log.h"
#include "client_sim/recipe_scenario.h"
#include "sim/world.h"

namespace drover::client_sim {

// `log` is given what servers and processes say, with virtual time; null: nothing. Of the outcome,
// `completed` counts requests and locks, `acked_writes` locks that were had.
sim::Outcome run(const RecipeScenario& scenario, base::Log* log);

}  // namespace drover::client_sim
