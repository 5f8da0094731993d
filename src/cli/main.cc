// The one binary. Every subcommand lives in a file of its own beside this one and adds itself here;
// what it does runs inside parse(), and its verdict is the exit code.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "cli/ask.h"
#include "cli/help.h"
#include "cli/local.h"
#include "cli/purge.h"
#include "cli/serve.h"
#include "cli/simulate.h"
#include "doctor/doctor.h"
#include "file_tools/log_command.h"
#include "file_tools/snapshot_command.h"
#include "load/bench.h"
#include "server/build_info.h"
#include "shell/shell.h"

namespace {
constexpr int kExitBadArguments = 2;  // as Apache's main classes

constexpr const char* kFooter =
    R"(Each command tells more: drover help <command>, drover <command> --help or man drover-<command>.

Exit codes: 0 good, 1 failed, 2 bad arguments or configuration; some commands have more.

Examples:
  drover serve                            a server on 127.0.0.1:2181, data in ./drover-data
  drover serve /etc/zookeeper/zoo.cfg     one with the configuration of an Apache server
  drover shell -server localhost:2181     look around, create and change znodes
  drover local --servers 3                an ensemble on this machine, for trying out)";

// The tools whose verdict is their exit code say 2 for damage: bad arguments are 3 there.
int exit_of_bad_arguments(std::string_view command) {
  const bool gives_verdicts = command == "log" || command == "snapshot" || command == "doctor";
  return gives_verdicts ? 3 : kExitBadArguments;
}

// One line: which command, what is wrong, where to read on.
std::string complaint(const CLI::App* app, const CLI::Error& error) {
  std::string words;
  const CLI::App* command = app;
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    words += " " + command->get_name();
  }
  return fmt::format("drover{}: {}; `drover help{}` tells more\n", words, error.what(), words);
}

// The first word, when it should be a command and is none.
bool is_unknown_command(const CLI::App& app, std::string_view word) {
  const auto has_that_name = [word](const CLI::App* each) { return each->get_name() == word; };
  return !word.starts_with('-') && app.get_subcommands(has_that_name).empty();
}
}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Drover, a coordination service that takes ZooKeeper's place"};
  app.name("drover");
  app.set_version_flag("--version", drover::server::build_text());
  app.require_subcommand(1);
  auto* shell = app.add_subcommand("shell", "Talk to a ZooKeeper server as zkCli does");
  shell->footer(drover::shell::usage());
  // The shell's options have one dash, as zkCli's; CLI11 would read -server as -s -e -r -v -e -r.
  if (argc > 1 && std::string_view(argv[1]) == "shell") {
    return drover::shell::run({argv + 2, argv + argc});
  }
  int exit_code = 0;
  drover::cli::add_serve(app, exit_code);
  drover::load::add_bench(app, exit_code);
  drover::cli::add_local(app, exit_code);
  drover::cli::add_ask(app, exit_code);
  drover::cli::add_purge(app, exit_code);
  drover::cli::add_simulate(app, exit_code);
  drover::doctor::add_doctor(app, exit_code);
  drover::file_tools::add_log(app, exit_code);
  drover::file_tools::add_snapshot(app, exit_code);
  drover::cli::add_help(app, exit_code);
  app.footer(kFooter);
  app.failure_message(complaint);
  if (argc > 1 && is_unknown_command(app, argv[1])) {
    fmt::print(stderr, "drover: there is no command '{}'; `drover help` lists them\n", argv[1]);
    return kExitBadArguments;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_of_bad_arguments(argc > 1 ? argv[1] : "");
  }
  return exit_code;
}
