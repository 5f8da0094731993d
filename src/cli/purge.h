#pragma once
// drover purge: what autopurge does, now. Works beside a running server.

#include <CLI/CLI.hpp>

namespace drover::cli {

// Adds the subcommand; `exit_code`: 0 done, 1 not: Apache's PurgeTxnLog has no others.
void add_purge(CLI::App& app, int& exit_code);

}  // namespace drover::cli
