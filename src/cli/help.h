#pragma once
// drover help: what --help says, and the manual pages that are made of it.

#include <CLI/CLI.hpp>

namespace drover::cli {

// Adds the subcommand. Add it last: it tells what was there before. `exit_code`: 0, or 1 when pages
// cannot be written, 2 no such command.
void add_help(CLI::App& app, int& exit_code);

}  // namespace drover::cli
