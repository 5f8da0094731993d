#pragma once
// An ensemble on this machine: a folder and a `drover serve` process per server, all on loopback.
// For trying out, not for keeping data.

#include <drover/result.h>
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace drover::cli {

struct LocalOptions {
  int servers = 3;    // that vote
  int observers = 0;  // that do not
  // Clients at P, P+1, ...; the ports between servers 707 and 1707 above, the admin port 5899
  // above, so that 2181 means 2888, 3888 and 8080. 0: any that are free.
  int base_port = 2181;
  std::filesystem::path dir = "drover-local";
};

struct LocalServer {
  int sid = 0;
  bool observer = false;
  std::uint16_t client_port = 0, quorum_port = 0, election_port = 0, admin_port = 0;
  std::filesystem::path folder;  // zoo.cfg, server.log, data/
  pid_t pid = -1;                // -1: not running
};

class LocalEnsemble {
 public:
  // Writes the folders and configurations; data that is there already is used again. Errors: a
  // folder with another number of servers, one that cannot be written, no free ports.
  static Result<LocalEnsemble> prepare(const LocalOptions& options);
  ~LocalEnsemble();  // stop()
  LocalEnsemble(LocalEnsemble&&) = default;

  // Runs this very program once per server. Blocked signals are unblocked in the servers.
  Result<void> start();
  // Takes note of one server that has ended; nullopt: none (more) has. `how` says how.
  struct Ended {
    const LocalServer* server;
    std::string how;
  };
  std::optional<Ended> reap();
  // SIGTERM, then SIGKILL for who is not gone after a while.
  void stop();

  [[nodiscard]] const std::vector<LocalServer>& servers() const { return servers_; }
  [[nodiscard]] bool any_runs() const;
  [[nodiscard]] std::string connect_string() const;

 private:
  LocalEnsemble() = default;
  Result<void> choose_ports(int base_port);
  Result<void> write_folders() const;

  std::vector<LocalServer> servers_;
};

// What the server on a loopback port answers to `srvr` as its mode; empty: it does not serve.
[[nodiscard]] std::string mode_of_server(std::uint16_t client_port);

}  // namespace drover::cli
