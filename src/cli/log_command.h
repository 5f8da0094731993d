#pragma once
// `drover log`: what is in a txn log, what is wrong with it, and how to mend it.

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace drover::cli {

void add_log(CLI::App& app, int& exit_code);

// A hidden subcommand that takes all words behind it as they are: a tool of Apache's, which a
// script in bin/ runs under its name.
void add_stand_in(CLI::App& command, const char* name,
                  int (*run)(const std::vector<std::string>& words), int& exit_code);

}  // namespace drover::cli
