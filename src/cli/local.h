#pragma once
// drover local --servers N: an ensemble on this machine, for trying out.

#include <CLI/CLI.hpp>

namespace drover::cli {

// Adds the subcommand; when it is chosen, runs the ensemble until SIGTERM or SIGINT and sets
// `exit_code`.
void add_local(CLI::App& app, int& exit_code);

}  // namespace drover::cli
