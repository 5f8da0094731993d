#pragma once
// drover purge: what autopurge does, now. Works beside a running server.

#include <CLI/CLI.hpp>

namespace drover::cli {

// Adds the subcommand; `exit_code`: 0 done, 1 not, or bad arguments, as Apache's PurgeTxnLog.
void add_purge(CLI::App& app, int& exit_code);

}  // namespace drover::cli
