#pragma once
// drover ask: four-letter words from the command line.

#include <CLI/CLI.hpp>

namespace drover::cli {

// Adds the subcommand; `exit_code`: 0 answered, 1 not.
void add_ask(CLI::App& app, int& exit_code);

}  // namespace drover::cli
