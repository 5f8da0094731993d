#pragma once
// `drover bench`: load for any ZooKeeper server, and what it answers with. See docs/bench.md.

#include <CLI/CLI.hpp>

namespace drover::load {

// Adds the subcommand; when it is chosen, sets `exit_code`: 0 measured, 1 it could not be.
void add_bench(CLI::App& app, int& exit_code);

}  // namespace drover::load
