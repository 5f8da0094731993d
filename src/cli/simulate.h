#pragma once
// drover simulate

#include <CLI/CLI.hpp>

namespace drover::cli {

// Adds the subcommand; `exit_code`: 0 all runs were well, 1 a promise was broken, 2 bad arguments.
void add_simulate(CLI::App& app, int& exit_code);

}  // namespace drover::cli
