#include "cli/serve.h"

#include <fmt/format.h>
#include <pthread.h>

#include <csignal>
#include <memory>
#include <string>

#include "server/build_info.h"
#include "server/config_file.h"
#include "server/config_keys.h"
#include "server/log.h"
#include "server/server.h"

namespace drover::cli {

namespace {

using server::ExitCode;

Result<server::Config> read_config(const std::string& file) {
  if (file.empty()) return server::default_config();
  return server::load_config(file);
}

// SIGTERM and SIGINT, blocked so that every thread made from now on leaves them to wait().
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  int wait() {
    int signal = 0;
    while (sigwait(&set_, &signal) != 0) {
    }
    return signal;
  }

 private:
  sigset_t set_{};
};

ExitCode serve(const std::string& file) {
  const auto config = read_config(file);
  if (!config) {
    fmt::print(stderr, "{}\n", config.error().message);
    return ExitCode::kBadConfig;
  }
  std::signal(SIGPIPE, SIG_IGN);  // a closed standard error must not end a server
  std::signal(SIGXFSZ,
              SIG_IGN);  // a file that may not grow is an error of its write, as a full disk is
  StopSignals signals;
  const auto log = server::make_log(config->log_level);
  log->info("{}", server::build_text());
  for (const auto& warning : config->warnings) log->warn("{}", warning);
  const auto started = server::Server::start(*config, *log);
  if (!started) {
    log->error("{}", started.error().message);
    return started.error().code;
  }
  const int signal = signals.wait();
  log->info("{} received", signal == SIGTERM ? "SIGTERM" : "SIGINT");
  (*started)->stop();
  return ExitCode::kClean;
}

// One line per key: what is allowed, or why it changes nothing.
void print_keys() {
  for (const server::Key& key : server::config_keys()) {
    const bool ignored = !key.why_ignored.empty();
    fmt::print("{:<46} {}{}\n", fmt::format("{}{}", key.name, key.prefix ? "*" : ""),
               ignored ? "no meaning here: " : "", ignored ? key.why_ignored : key.allowed);
  }
}

}  // namespace

void add_serve(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("serve", "Serve clients, in the foreground, until SIGTERM or SIGINT");
  command->footer(
      "Without a file it serves on 127.0.0.1:2181 and keeps its data in ./drover-data.\n"
      "zoo.cfg is Apache ZooKeeper's; `drover serve --keys` lists every key that is known.\n"
      "Exit codes: 0 clean stop, 1 failure, 2 bad configuration, 3 data folder not accessible.\n\n"
      "Examples:\n"
      "  drover serve\n"
      "  drover serve /etc/zookeeper/conf/zoo.cfg");
  auto file = std::make_shared<std::string>();
  auto keys = std::make_shared<bool>(false);
  command->add_option("config", *file, "An Apache zoo.cfg");
  command->add_flag("--keys", *keys, "List every key of zoo.cfg with what is allowed, then exit");
  command->callback([file, keys, &exit_code] {
    if (*keys) return print_keys();
    exit_code = static_cast<int>(serve(*file));
  });
}

}  // namespace drover::cli
