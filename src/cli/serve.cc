#include "cli/serve.h"

#include <fmt/format.h>
#include <pthread.h>

#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/build_info.h"
#include "server/config_file.h"
#include "server/config_keys.h"
#include "server/key_notes.h"
#include "server/log.h"
#include "server/server.h"

namespace drover::cli {

namespace {

using server::ExitCode;

struct ServeOptions {
  std::string file;                     // empty: none
  std::vector<std::string> properties;  // name=value
  bool list_keys = false;
};

Result<server::Config> read_config(const ServeOptions& options) {
  auto config = options.file.empty() ? server::default_config() : server::Config{};
  for (const std::string& property : options.properties) {
    if (auto done = server::set_property(property, config); !done) {
      return std::unexpected(done.error());
    }
  }
  if (options.file.empty()) return config;
  return server::load_config(options.file, std::move(config));
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

ExitCode serve(const ServeOptions& options) {
  const auto config = read_config(options);
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

// One line per key: what is allowed, what holds without it and what it is for; or why it changes
// nothing.
void print_keys() {
  for (const server::Key& key : server::config_keys()) {
    const server::KeyNote* note = server::note_of(key.name);
    std::string text(key.allowed);
    if (!key.why_ignored.empty()) text = fmt::format("no meaning here: {}", key.why_ignored);
    if (note != nullptr && !note->default_value.empty()) {
      text += fmt::format(" (default {})", note->default_value);
    }
    if (note != nullptr) text += fmt::format(". {}", note->meaning);
    fmt::print("{:<46} {}\n", fmt::format("{}{}", key.name, key.prefix ? "*" : ""), text);
  }
}

}  // namespace

void add_serve(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("serve", "Serve clients, in the foreground, until SIGTERM or SIGINT");
  command->footer(
      "Without a file it serves on 127.0.0.1:2181 and keeps its data in ./drover-data.\n"
      "zoo.cfg is Apache ZooKeeper's; `drover serve --keys` lists every key that is known.\n\n"
      "Exit codes: 0 clean stop, 1 failure, 2 bad configuration, 3 data folder not accessible, 4 "
      "no admin port although asked for, 14 election port in use.\n\n"
      "Examples:\n"
      "  drover serve\n"
      "  drover serve /etc/zookeeper/conf/zoo.cfg\n"
      "  drover serve -Dzookeeper.snapCount=10000 zoo.cfg");
  auto options = std::make_shared<ServeOptions>();
  command->add_option("config", options->file, "An Apache zoo.cfg");
  command
      ->add_option(
          "-D", options->properties,
          "A setting, as a JVM takes it: -Dzookeeper.<key>=<value>. The file overrides it; "
          "what means something only to Java is passed over. May be given again and again")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  command->add_flag(
      "--keys", options->list_keys,
      "List every key of zoo.cfg with what is allowed, its default and its meaning, then exit");
  command->callback([options, &exit_code] {
    if (options->list_keys) return print_keys();
    exit_code = static_cast<int>(serve(*options));
  });
}

}  // namespace drover::cli
