#pragma once
// `drover doctor`: is this machine, with this zoo.cfg, fit to run a server, and if not, what to
// type.

#include <CLI/CLI.hpp>

namespace drover::doctor {

void add_doctor(CLI::App& app, int& exit_code);

}  // namespace drover::doctor
