#include "cli/local_ensemble.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <thread>

#include "toolbox/four_letter_word.h"

namespace drover::cli {

namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::ip::tcp;

constexpr int kQuorumPortAbove = 707;
constexpr int kElectionPortAbove = 1707;
constexpr int kAdminPortAbove = 5899;
constexpr auto kStopMax = std::chrono::seconds(10);
constexpr auto kStopLook = std::chrono::milliseconds(20);

// Held open until all are found, so that no port is found twice.
std::optional<std::uint16_t> free_port(asio::io_context& context,
                                       std::vector<tcp::acceptor>& held) {
  boost::system::error_code error;
  tcp::acceptor probe(context);
  probe.open(tcp::v4(), error);
  if (!error) probe.bind({asio::ip::address_v4::loopback(), 0}, error);
  if (error) return std::nullopt;
  held.push_back(std::move(probe));
  return held.back().local_endpoint().port();
}

Result<void> write_file(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.flush();
  if (!out) return failure(fmt::format("cannot write {}", path.string()));
  return {};
}

// Only what may be done between fork and exec.
[[noreturn]] void become_server(const char* program, const char* config, int log) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // no server outlives this program
  setpgid(0, 0);                     // Ctrl-C is for this program alone
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execl(program, "drover", "serve", config, static_cast<char*>(nullptr));
  _exit(127);
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return fmt::format("killed by signal {}", WTERMSIG(status));
  return fmt::format("exit code {}", WEXITSTATUS(status));
}

}  // namespace

Result<LocalEnsemble> LocalEnsemble::prepare(const LocalOptions& options) {
  if (options.observers > 0 && options.servers < 2) {
    return failure("observers need at least two servers that vote");
  }
  LocalEnsemble ensemble;
  const int count = options.servers + options.observers;
  for (int sid = 1; sid <= count; ++sid) {
    ensemble.servers_.push_back({.sid = sid,
                                 .observer = sid > options.servers,
                                 .client_port = 0,
                                 .quorum_port = 0,
                                 .election_port = 0,
                                 .admin_port = 0,
                                 .folder = options.dir / fmt::format("server-{}", sid),
                                 .pid = -1});
  }
  std::error_code ignored;
  const bool used = fs::exists(ensemble.servers_.front().folder, ignored);
  const bool fewer = used && !fs::exists(ensemble.servers_.back().folder, ignored);
  const bool more = fs::exists(options.dir / fmt::format("server-{}", count + 1), ignored);
  if (fewer || more) {
    return failure(
        fmt::format("{} holds an ensemble of another size: remove it, or choose another with --dir",
                    options.dir.string()));
  }
  if (auto chosen = ensemble.choose_ports(options.base_port); !chosen) {
    return std::unexpected(chosen.error());
  }
  if (auto written = ensemble.write_folders(); !written) return std::unexpected(written.error());
  return ensemble;
}

Result<void> LocalEnsemble::choose_ports(int base_port) {
  asio::io_context context;
  std::vector<tcp::acceptor> held;
  for (LocalServer& server : servers_) {
    if (base_port != 0) {
      const int client = base_port + server.sid - 1;
      if (client + kAdminPortAbove > 65535) return failure("--base-port is too high");
      server.client_port = static_cast<std::uint16_t>(client);
      server.quorum_port = static_cast<std::uint16_t>(client + kQuorumPortAbove);
      server.election_port = static_cast<std::uint16_t>(client + kElectionPortAbove);
      server.admin_port = static_cast<std::uint16_t>(client + kAdminPortAbove);
      continue;
    }
    for (auto* port :
         {&server.client_port, &server.quorum_port, &server.election_port, &server.admin_port}) {
      const auto found = free_port(context, held);
      if (!found) return failure("no free ports on 127.0.0.1");
      *port = *found;
    }
  }
  return {};
}

Result<void> LocalEnsemble::write_folders() const {
  std::string members;
  for (const LocalServer& server : servers_) {
    members += fmt::format("server.{}=127.0.0.1:{}:{}:{};127.0.0.1:{}\n", server.sid,
                           server.quorum_port, server.election_port,
                           server.observer ? "observer" : "participant", server.client_port);
  }
  for (const LocalServer& server : servers_) {
    std::error_code error;
    const fs::path data = fs::absolute(server.folder, error) / "data";
    fs::create_directories(data, error);
    if (error) return failure(fmt::format("cannot make {}: {}", data.string(), error.message()));
    if (auto written = write_file(data / "myid", fmt::format("{}\n", server.sid)); !written) {
      return written;
    }
    const std::string config = fmt::format(
        "# Written by `drover local`; `drover serve` takes it too.\n"
        "tickTime=2000\ninitLimit=10\nsyncLimit=5\ndataDir={}\nclientPort={}\n"
        "clientPortAddress=127.0.0.1\nmaxClientCnxns=0\n4lw.commands.whitelist=*\n"
        "admin.serverAddress=127.0.0.1\nadmin.serverPort={}\n{}{}",
        data.string(), server.client_port, server.admin_port,
        server.observer ? "peerType=observer\n" : "", members);
    if (auto written = write_file(server.folder / "zoo.cfg", config); !written) return written;
  }
  return {};
}

LocalEnsemble::~LocalEnsemble() {
  stop();
}

Result<void> LocalEnsemble::start() {
  for (LocalServer& server : servers_) {
    const std::string config = server.folder / "zoo.cfg";
    const std::string log_path = server.folder / "server.log";
    const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0) return failure(fmt::format("cannot write {}: {}", log_path, strerror(errno)));
    const pid_t pid = fork();
    if (pid == 0) become_server("/proc/self/exe", config.c_str(), log);
    close(log);
    if (pid < 0) return failure(fmt::format("cannot start a process: {}", strerror(errno)));
    server.pid = pid;
  }
  return {};
}

std::optional<LocalEnsemble::Ended> LocalEnsemble::reap() {
  for (LocalServer& server : servers_) {
    int status = 0;
    if (server.pid < 0 || waitpid(server.pid, &status, WNOHANG) != server.pid) continue;
    server.pid = -1;
    return Ended{.server = &server, .how = how_it_ended(status)};
  }
  return std::nullopt;
}

void LocalEnsemble::stop() {
  for (const LocalServer& server : servers_) {
    if (server.pid > 0) kill(server.pid, SIGTERM);
  }
  const auto give_up_at = std::chrono::steady_clock::now() + kStopMax;
  while (any_runs() && std::chrono::steady_clock::now() < give_up_at) {
    if (!reap()) std::this_thread::sleep_for(kStopLook);
  }
  for (LocalServer& server : servers_) {
    if (server.pid <= 0) continue;
    kill(server.pid, SIGKILL);
    waitpid(server.pid, nullptr, 0);
    server.pid = -1;
  }
}

bool LocalEnsemble::any_runs() const {
  for (const LocalServer& server : servers_) {
    if (server.pid > 0) return true;
  }
  return false;
}

std::string LocalEnsemble::connect_string() const {
  std::string text;
  for (const LocalServer& server : servers_) {
    text += fmt::format("{}127.0.0.1:{}", text.empty() ? "" : ",", server.client_port);
  }
  return text;
}

std::string mode_of_server(std::uint16_t client_port) {
  const auto text =
      toolbox::four_letter_word({"127.0.0.1", client_port}, "srvr", std::chrono::seconds(1));
  if (!text) return {};
  constexpr std::string_view kMode = "\nMode: ";
  const auto at = text->find(kMode);
  if (at == std::string::npos) return {};
  const auto begin = at + kMode.size();
  return text->substr(begin, text->find('\n', begin) - begin);
}

}  // namespace drover::cli
