#pragma once
// `drover log`: what is in a txn log, what is wrong with it, and how to mend it.

#include <CLI/CLI.hpp>

namespace drover::file_tools {

void add_log(CLI::App& app, int& exit_code);

}  // namespace drover::file_tools
