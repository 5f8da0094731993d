#pragma once
// `drover snapshot`: what is in a snapshot, what is wrong with it, what can be saved of it.

#include <CLI/CLI.hpp>

namespace drover::file_tools {

void add_snapshot(CLI::App& app, int& exit_code);

}  // namespace drover::file_tools
