#include "doctor/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "server/config_file.h"

namespace drover::doctor {

namespace {

class ConfigCheck {
 public:
  explicit ConfigCheck(const std::string& file) : file_(file) {}

  ConfigFacts run() {
    if (file_.empty()) {
      facts_.config = server::default_config();
      ok("config.default", "no zoo.cfg was named: looking at what `drover serve` runs with alone");
      return std::move(facts_);
    }
    auto config = server::load_config(file_);
    if (config) {
      facts_.config = std::move(*config);
      ok("config.read", fmt::format("{} is read without an error", file_));
    } else {
      refused(config.error().message);
    }
    if (facts_.config) look(*facts_.config);
    return std::move(facts_);
  }

 private:
  void add(file_tools::Severity severity, const char* code, std::string what, std::string step) {
    facts_.findings.push_back({.severity = severity,
                               .code = code,
                               .what = std::move(what),
                               .next_step = std::move(step)});
  }
  void ok(const char* code, std::string what) {
    add(file_tools::Severity::kOk, code, std::move(what), "");
  }
  void warn(const char* code, std::string what, std::string step) {
    add(file_tools::Severity::kWarning, code, std::move(what), std::move(step));
  }

  void refused(const std::string& why) {
    const bool of_myid = why.find("myid") != std::string::npos;
    std::ifstream stream(file_, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(stream), {});
    if (auto config = server::parse_config(text, file_)) facts_.config = std::move(*config);
    std::string step = "correct that line; `drover serve --keys` lists every key and what it takes";
    if (of_myid && facts_.config) {
      step = fmt::format("echo <N of this server's server.N> > {}/myid", facts_.config->data_dir);
    }
    add(file_tools::Severity::kProblem, of_myid ? "config.myid" : "config.refused", why,
        std::move(step));
  }

  void look(const server::Config& config) {
    for (const auto& warning : config.warnings) {
      if (warning.find("odd number of servers") != std::string::npos) continue;  // said below
      warn("config.ignored", warning, "");
    }
    if (!config.force_sync) {
      warn(
          "config.force-sync",
          "forceSync=no: a power cut loses acknowledged writes, and an ensemble may then disagree",
          "take forceSync out of zoo.cfg; if the disk is too slow, give dataLogDir one of its own");
    }
    if (config.purge_interval_ms == 0) {
      warn("config.autopurge", "autopurge.purgeInterval=0: old snapshots and logs stay for ever",
           "autopurge.purgeInterval=1 in zoo.cfg, or zkCleanup.sh from cron");
    }
    if (config.data_dir.starts_with("/tmp/")) {
      warn("config.tmp",
           fmt::format("dataDir={}: /tmp is emptied, by a reboot or by a cleaner", config.data_dir),
           "move it to a disk: stop the server, mv, change dataDir");
    }
    if (config.skip_acl) {
      warn("config.skip-acl", "skipACL=yes: ACLs are not looked at, everybody may do everything",
           "take skipACL out of zoo.cfg");
    }
    if (config.distributed()) members(config);
  }

  void members(const server::Config& config) {
    const auto& ensemble = config.ensemble;
    const auto voters = ensemble.voters().size();
    const std::string all =
        file_tools::counted(static_cast<std::int64_t>(ensemble.members.size()), "member");
    ok("config.members", config.self.value == 0
                             ? fmt::format("an ensemble of {}: {} vote", all, voters)
                             : fmt::format("server {} of an ensemble of {}: {} vote",
                                           config.self.value, all, voters));
    if (ensemble.groups.empty() && voters % 2 == 0) {
      warn("config.even",
           fmt::format("{} voters bear the loss of no more members than {} do", voters, voters - 1),
           "add a voter, or make one an observer");
    }
    std::set<std::string> hosts;
    for (const auto& [sid, member] : ensemble.members) {
      if (!hosts.insert(member.quorum.host).second && !is_loopback_name(member.quorum.host)) {
        warn("config.one-host",
             fmt::format("{} stands in two server lines: one machine takes two members down",
                         member.quorum.host),
             "give each member a machine of its own");
      }
    }
    const bool some_local = std::any_of(hosts.begin(), hosts.end(), is_loopback_name);
    const bool some_remote =
        std::any_of(hosts.begin(), hosts.end(), [](const auto& h) { return !is_loopback_name(h); });
    if (some_local && some_remote) {
      add(file_tools::Severity::kProblem, "config.loopback",
          "a server line names localhost: on every other machine that is another server",
          "write the name or address by which the others reach that member");
    }
  }

  static bool is_loopback_name(const std::string& host) {
    return host == "localhost" || host == "::1" || host.starts_with("127.");
  }

  const std::string& file_;
  ConfigFacts facts_;
};

}  // namespace

ConfigFacts check_config(const std::string& file) {
  return ConfigCheck(file).run();
}

}  // namespace drover::doctor
