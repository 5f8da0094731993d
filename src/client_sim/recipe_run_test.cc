#include "client_sim/recipe_run.h"

#include <gtest/gtest.h>

namespace drover::client_sim {
namespace {

std::string complaint(const sim::Outcome& outcome) {
  return outcome.failure ? outcome.failure->checker + ": " + outcome.failure->what : "";
}

// Coroutines, strands and timers of the real library, and not a byte of difference.
TEST(RecipeRunTest, TheSameSeedIsTheSameRun) {
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    const auto scenario = RecipeScenario::draw(seed);
    const auto first = run(scenario, nullptr);
    const auto second = run(scenario, nullptr);
    EXPECT_EQ(complaint(first), "") << scenario.text();
    EXPECT_EQ(first.fingerprint, second.fingerprint) << scenario.text();
    EXPECT_EQ(first.steps, second.steps) << scenario.text();
    EXPECT_EQ(first.completed, second.completed) << scenario.text();
    EXPECT_EQ(first.simulated_ms, second.simulated_ms) << scenario.text();
  }
}

TEST(RecipeRunTest, AnotherSeedIsAnotherRun) {
  EXPECT_NE(run(RecipeScenario::draw(1), nullptr).fingerprint,
            run(RecipeScenario::draw(2), nullptr).fingerprint);
}

}  // namespace
}  // namespace drover::client_sim
