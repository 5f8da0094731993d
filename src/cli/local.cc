#include "cli/local.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <csignal>
#include <ctime>
#include <memory>
#include <string>

#include "cli/local_ensemble.h"

namespace drover::cli {

namespace {

constexpr int kExitFailed = 1;
constexpr auto kLeaderMax = std::chrono::seconds(30);

constexpr const char* kFooter = R"(
Each server has a folder of its own below --dir: zoo.cfg, server.log and data/. Started again with
the same folder it goes on with the same data.

Examples
  drover local                             three servers, clients on 2181, 2182 and 2183
  drover local --servers 5 --observers 2   seven, five of which vote
  drover local --base-port 0 --dir /tmp/x  on ports that are free, so that several can run

Try what an ensemble is for: end one server with kill -9 and go on writing, then start it again with
  drover serve drover-local/server-1/zoo.cfg

Exit codes: 0 stopped, 1 a server did not start or all have ended, 2 bad arguments.
)";

// SIGTERM, SIGINT and the end of a server, as something to wait for.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&set_, signal);
    sigprocmask(SIG_BLOCK, &set_, nullptr);
  }
  // The signal that came; 0: none within `wait_ms`.
  int wait(int wait_ms) {
    const timespec limit{.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1'000'000L};
    const int signal = sigtimedwait(&set_, nullptr, &limit);
    return signal < 0 ? 0 : signal;
  }

 private:
  sigset_t set_{};
};

bool means_stop(int signal) {
  return signal == SIGTERM || signal == SIGINT;
}

void print_table(const LocalEnsemble& ensemble) {
  fmt::print("{:<7} {:<11} {:<16} {:<7} {:<9} {:<8} {}\n", "server", "role", "clients", "quorum",
             "election", "pid", "log");
  for (const LocalServer& server : ensemble.servers()) {
    std::string role = server.pid > 0 ? mode_of_server(server.client_port) : "ended";
    if (role.empty()) role = "starting";
    fmt::print("{:<7} {:<11} {:<16} {:<7} {:<9} {:<8} {}\n", server.sid, role,
               fmt::format("127.0.0.1:{}", server.client_port), server.quorum_port,
               server.election_port, server.pid, (server.folder / "server.log").string());
  }
  fmt::print(
      "\nConnect with:  drover shell -server {}\nConsole:       "
      "http://127.0.0.1:{}/console/\nCtrl-C stops all of them.\n",
      ensemble.connect_string(), ensemble.servers().front().admin_port);
  std::fflush(stdout);
}

enum class Outcome { kServing, kStopped, kFailed };

// Until all serve, or at least one leads and the rest had their time.
Outcome wait_for_leader(LocalEnsemble& ensemble, Signals& signals) {
  constexpr int kLookEveryMs = 50;
  const auto give_up_at = std::chrono::steady_clock::now() + kLeaderMax;
  while (std::chrono::steady_clock::now() < give_up_at) {
    if (const auto ended = ensemble.reap()) {
      fmt::print(stderr, "server {} did not start ({}); see {}\n", ended->server->sid, ended->how,
                 (ended->server->folder / "server.log").string());
      return Outcome::kFailed;
    }
    bool all_serve = true;
    for (const LocalServer& server : ensemble.servers()) {
      all_serve = all_serve && !mode_of_server(server.client_port).empty();
    }
    if (all_serve) return Outcome::kServing;
    if (means_stop(signals.wait(kLookEveryMs))) return Outcome::kStopped;
  }
  fmt::print(stderr, "no leader within {} seconds; see {}\n", kLeaderMax.count(),
             (ensemble.servers().front().folder / "server.log").string());
  return Outcome::kFailed;
}

int run(const LocalOptions& options) {
  auto ensemble = LocalEnsemble::prepare(options);
  if (!ensemble) {
    fmt::print(stderr, "{}\n", ensemble.error().message);
    return kExitFailed;
  }
  Signals signals;
  if (const auto started = ensemble->start(); !started) {
    fmt::print(stderr, "{}\n", started.error().message);
    return kExitFailed;
  }
  switch (wait_for_leader(*ensemble, signals)) {
    case Outcome::kFailed:
      return kExitFailed;
    case Outcome::kStopped:
      return 0;
    case Outcome::kServing:
      break;
  }
  print_table(*ensemble);
  constexpr int kLookEveryMs = 1000;
  while (!means_stop(signals.wait(kLookEveryMs))) {
    while (const auto ended = ensemble->reap()) {
      fmt::print("server {} has ended: {}. Start it again with:  drover serve {}\n",
                 ended->server->sid, ended->how, (ended->server->folder / "zoo.cfg").string());
      std::fflush(stdout);
    }
    if (!ensemble->any_runs()) return kExitFailed;
  }
  ensemble->stop();
  return 0;
}

}  // namespace

void add_local(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "local", "Run an ensemble on this machine, for trying out, until SIGTERM or SIGINT");
  command->footer(kFooter);
  auto options = std::make_shared<LocalOptions>();
  command->add_option("--servers", options->servers, "servers that vote")
      ->check(CLI::Range(1, 20).description(""))
      ->capture_default_str();
  command->add_option("--observers", options->observers, "servers that do not")
      ->check(CLI::Range(0, 20).description(""))
      ->capture_default_str();
  command
      ->add_option("--base-port", options->base_port,
                   "clients at this port and those after it; 0: any that are free")
      ->check(CLI::Range(0, 59000).description(""))
      ->capture_default_str();
  command->add_option("--dir", options->dir, "where the servers' folders are")
      ->capture_default_str();
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace drover::cli
