#include "cli/simulate.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "sim/world.h"

namespace drover::cli {

namespace {

struct SimulateOptions {
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

void prepare_last_words(std::uint64_t seed, bool json) {
  constexpr const char* kJson = "\n{{\"seed\":{},\"checker\":\"assertion\",\"what\":\"\"}}\n";
  constexpr const char* kText =
      "\nFAILED assertion\n  replay: drover simulate --seed {} --verbose\n";
  const auto end = fmt::format_to_n(last_words, sizeof(last_words) - 1,
                                    fmt::runtime(json ? kJson : kText), seed);
  *end.out = '\0';
}

struct Total {
  std::uint64_t runs = 0;
  std::uint64_t failed = 0;
  std::int64_t simulated_ms = 0;
  std::int64_t acked_writes = 0;
  std::int64_t completed = 0;
  std::int64_t sessions_lost = 0;
};

void print_failure(const sim::Scenario& scenario, const sim::Outcome& outcome, bool json) {
  if (json) {
    std::string what;
    for (const char c : outcome.failure->what) {
      if (c == '"' || c == '\\') what += '\\';
      what += c;
    }
    fmt::print("{{\"seed\":{},\"checker\":\"{}\",\"what\":\"{}\"}}\n", scenario.seed,
               outcome.failure->checker, what);
    return;
  }
  fmt::print("FAILED {}: {}\n  {}\n  replay: drover simulate --seed {} --verbose\n",
             outcome.failure->checker, outcome.failure->what, scenario.text(), scenario.seed);
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
    const auto scenario = sim::Scenario::draw(options.seed + i);
    PrintLog log;
    if (options.verbose) fmt::print("{}\n", scenario.text());
    prepare_last_words(scenario.seed, options.json);
    const auto outcome = sim::run(scenario, options.verbose ? &log : nullptr);
    ++total.runs;
    total.simulated_ms += outcome.simulated_ms;
    total.acked_writes += outcome.acked_writes;
    total.completed += outcome.completed;
    total.sessions_lost += outcome.sessions_lost;
    if (options.verbose) {
      fmt::print(
          "seed {}: {} ms, {} requests answered, {} writes acknowledged, {} sessions lost, "
          "epoch {}, {} steps, fingerprint {:016x}\n",
          scenario.seed, outcome.simulated_ms, outcome.completed, outcome.acked_writes,
          outcome.sessions_lost, outcome.epochs, outcome.steps, outcome.fingerprint);
    }
    if (outcome.failure) {
      ++total.failed;
      print_failure(scenario, outcome, options.json);
      std::fflush(stdout);
      if (!options.keep_going) break;
    }
    if (!options.json && elapsed() - told >= 5) {
      told = elapsed();
      fmt::print("... seed {}, {} runs, {} simulated s, {:.0f} s\n", scenario.seed, total.runs,
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
  command->add_option("--seed", options->seed, "First seed; a seed is a run, always the same one")
      ->capture_default_str();
  command->add_option("--seeds", options->seeds, "How many runs")->capture_default_str();
  command->add_option("--seconds", options->seconds, "Go on for so long instead");
  command->add_flag("--keep-going", options->keep_going, "Do not stop at the first failure");
  command->add_flag("--verbose", options->verbose, "Print what every server says");
  command->add_flag("--json", options->json, "One object for each failure and one for the total");
  command->footer(
      "Servers are the shipped ones: only network, disk and clock are simulated. Each run has a\n"
      "phase of faults, then everything is healed and must be well again before long. A failure\n"
      "prints the command that replays it.\n\n"
      "Exit codes: 0 all runs were well, 1 a promise was broken, 2 bad arguments.\n\n"
      "Examples:\n"
      "  drover simulate --seeds 1000\n"
      "  drover simulate --seed 4711 --verbose");
  command->callback([options, &exit_code] { exit_code = simulate(*options); });
}

}  // namespace drover::cli
