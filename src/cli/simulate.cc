#include "cli/simulate.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "client_sim/recipe_run.h"
#include "sim/world.h"

namespace drover::cli {

namespace {

struct SimulateOptions {
  std::string scenario = "servers";
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;
  std::int64_t seconds = 0;
  bool verbose = false;
  bool json = false;
  bool keep_going = false;
};

class PrintLog final : public base::Log {
 public:
  bool enabled(base::LogLevel) const override { return true; }
  void line(base::LogLevel, std::string_view text) override { fmt::print("{}\n", text); }
};

// A run that dies of a failed assertion has to say which one it was. Complete lines, made before.
char last_words[160];

void say_last_words(int) {
  const auto size = std::char_traits<char>::length(last_words);
  if (::write(STDOUT_FILENO, last_words, size) < 0) _exit(3);
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

// What `drover simulate` is told to see one run again.
std::string replay_arguments(const SimulateOptions& options, std::uint64_t seed) {
  const bool is_default = options.scenario == "servers";
  return fmt::format("{}--seed {} --verbose",
                     is_default ? "" : fmt::format("--scenario {} ", options.scenario), seed);
}

void prepare_last_words(const SimulateOptions& options, std::uint64_t seed) {
  constexpr const char* kJson = "\n{{\"seed\":{},\"checker\":\"assertion\",\"what\":\"\"}}\n";
  constexpr const char* kText = "\nFAILED assertion\n  replay: drover simulate {}\n";
  const auto line =
      options.json ? fmt::format(kJson, seed) : fmt::format(kText, replay_arguments(options, seed));
  const auto end = line.copy(last_words, sizeof(last_words) - 1);
  last_words[end] = '\0';
}

// One run, of what the scenario's name says.
struct Run {
  std::string text;
  sim::Outcome outcome;
};

template <typename Scenario, typename F>
Run run_scenario(const Scenario& scenario, F run, base::Log* log) {
  if (log) fmt::print("{}\n", scenario.text());
  return {scenario.text(), run(scenario, log)};
}

Run run_seed(const SimulateOptions& options, std::uint64_t seed, base::Log* log) {
  if (options.scenario == "recipes") {
    return run_scenario(client_sim::RecipeScenario::draw(seed), client_sim::run, log);
  }
  return run_scenario(sim::Scenario::draw(seed), sim::run, log);
}

struct Total {
  std::uint64_t runs = 0;
  std::uint64_t failed = 0;
  std::int64_t simulated_ms = 0;
  std::int64_t acked_writes = 0;
  std::int64_t completed = 0;
  std::int64_t sessions_lost = 0;
};

void print_failure(const SimulateOptions& options, std::uint64_t seed, const Run& run) {
  const auto& outcome = run.outcome;
  if (options.json) {
    std::string what;
    for (const char c : outcome.failure->what) {
      if (c == '"' || c == '\\') what += '\\';
      what += c;
    }
    fmt::print("{{\"seed\":{},\"checker\":\"{}\",\"what\":\"{}\"}}\n", seed,
               outcome.failure->checker, what);
    return;
  }
  fmt::print("FAILED {}: {}\n  {}\n  replay: drover simulate {}\n", outcome.failure->checker,
             outcome.failure->what, run.text, replay_arguments(options, seed));
}

int simulate(const SimulateOptions& options) {
  using Clock = std::chrono::steady_clock;
  const auto began = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
  Total total;
  double told = 0;
  std::signal(SIGABRT, say_last_words);
  for (std::uint64_t i = 0; options.seconds > 0 || i < options.seeds; ++i) {
    if (options.seconds > 0 && elapsed() >= static_cast<double>(options.seconds)) break;
    const auto seed = options.seed + i;
    PrintLog log;
    prepare_last_words(options, seed);
    const auto run = run_seed(options, seed, options.verbose ? &log : nullptr);
    const auto& outcome = run.outcome;
    ++total.runs;
    total.simulated_ms += outcome.simulated_ms;
    total.acked_writes += outcome.acked_writes;
    total.completed += outcome.completed;
    total.sessions_lost += outcome.sessions_lost;
    if (options.verbose) {
      fmt::print(
          "seed {}: {} ms, {} requests answered, {} writes acknowledged, {} sessions lost, "
          "epoch {}, {} steps, fingerprint {:016x}\n",
          seed, outcome.simulated_ms, outcome.completed, outcome.acked_writes,
          outcome.sessions_lost, outcome.epochs, outcome.steps, outcome.fingerprint);
    }
    if (outcome.failure) {
      ++total.failed;
      print_failure(options, seed, run);
      std::fflush(stdout);
      if (!options.keep_going) break;
    }
    if (!options.json && elapsed() - told >= 5) {
      told = elapsed();
      fmt::print("... seed {}, {} runs, {} simulated s, {:.0f} s\n", seed, total.runs,
                 total.simulated_ms / 1000, told);
      std::fflush(stdout);
    }
  }
  const double real = std::max(elapsed(), 0.001);
  if (options.json) {
    fmt::print(
        "{{\"runs\":{},\"failed\":{},\"simulated_s\":{},\"real_s\":{:.1f},"
        "\"simulated_s_per_s\":{:.0f},\"requests\":{},\"acked_writes\":{},"
        "\"sessions_lost\":{}}}\n",
        total.runs, total.failed, total.simulated_ms / 1000, real,
        static_cast<double>(total.simulated_ms) / 1000 / real, total.completed, total.acked_writes,
        total.sessions_lost);
  } else {
    fmt::print(
        "{} runs, {} failed: {} simulated s in {:.1f} s ({:.0f} per second); {} requests "
        "answered, {} writes acknowledged, {} sessions lost\n",
        total.runs, total.failed, total.simulated_ms / 1000, real,
        static_cast<double>(total.simulated_ms) / 1000 / real, total.completed, total.acked_writes,
        total.sessions_lost);
  }
  return total.failed == 0 ? 0 : 1;
}

}  // namespace

void add_simulate(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "simulate", "Run whole ensembles through crashes, partitions and lost writes");
  auto options = std::make_shared<SimulateOptions>();
  command
      ->add_option("--scenario", options->scenario,
                   "servers: whole ensembles; recipes: the C++ client and its recipes on them")
      ->check(CLI::IsMember({"servers", "recipes"}))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "First seed; a seed is a run, always the same one")
      ->capture_default_str();
  command->add_option("--seeds", options->seeds, "How many runs")->capture_default_str();
  command->add_option("--seconds", options->seconds, "Go on for so long instead");
  command->add_flag("--keep-going", options->keep_going, "Do not stop at the first failure");
  command->add_flag("--verbose", options->verbose, "Print what every server says");
  command->add_flag("--json", options->json, "One object for each failure and one for the total");
  command->footer(
      "Servers and clients are the shipped ones: only network, disk, clock and chance are\n"
      "simulated. Each run has a phase of faults, then everything is healed and must be well\n"
      "again before long. A failure prints the command that replays it.\n\n"
      "Exit codes: 0 all runs were well, 1 a promise was broken, 2 bad arguments.\n\n"
      "Examples:\n"
      "  drover simulate --seeds 1000\n"
      "  drover simulate --scenario recipes --seeds 1000\n"
      "  drover simulate --seed 4711 --verbose");
  command->callback([options, &exit_code] { exit_code = simulate(*options); });
}

}  // namespace drover::cli
