#pragma once
// drover serve [zoo.cfg]

#include <CLI/CLI.hpp>

namespace drover::cli {

// Adds the subcommand; when it is chosen, serves until SIGTERM or SIGINT and sets `exit_code` (0,
// or the code of server/exit_code.h that says why not).
void add_serve(CLI::App& app, int& exit_code);

}  // namespace drover::cli
