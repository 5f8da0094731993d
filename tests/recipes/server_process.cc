#include "recipes/server_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

namespace drover::test {
namespace {

using boost::asio::ip::tcp;

constexpr std::chrono::seconds kStartMax{30};
constexpr const char* kLog = "server.log";

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "server for the test: %s\n", why.c_str());
  std::abort();
}

bool accepts_connections(std::uint16_t port) {
  boost::asio::io_context io;
  tcp::socket socket(io);
  boost::system::error_code error;
  socket.connect({boost::asio::ip::address_v4::loopback(), port}, error);
  return !error;
}

// In the new process: nothing but system calls until it is another program. It goes with the test,
// also when that is killed, and holds none of the test's output open.
[[noreturn]] void run_server(const char* binary, const char* config, const char* log, pid_t test) {
  const int file = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  const bool is_ready = file >= 0 && dup2(file, STDOUT_FILENO) >= 0 &&
                        dup2(file, STDERR_FILENO) >= 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
                        getppid() == test;  // else the test died before it could be said
  if (is_ready) execl(binary, binary, "serve", config, nullptr);
  _exit(127);
}

std::filesystem::path new_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "drover-test-XXXXXX").string();
  if (!mkdtemp(name.data())) give_up("no temporary folder");
  return name;
}

}  // namespace

std::uint16_t free_port() {
  boost::asio::io_context io;
  return tcp::acceptor(io, {boost::asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
}

ServerProcess::ServerProcess(const std::string& settings)
    : folder_(new_folder()), port_(free_port()) {
  std::ofstream(folder_ / "zoo.cfg")
      << "tickTime=500\nminSessionTimeout=1000\nadmin.enableServer=false\n"
      << "dataDir=" << (folder_ / "data").string() << "\nclientPort=" << port_
      << "\nclientPortAddress=127.0.0.1\n"
      << settings;
  start();
}

ServerProcess::~ServerProcess() {
  kill();
  if (::testing::UnitTest::GetInstance()->Failed()) {
    std::fprintf(stderr, "the server's log ends with:\n%s\n", log_tail().c_str());
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void ServerProcess::start() {
  const char* binary = std::getenv("DROVER_BINARY");
  if (!binary) give_up("DROVER_BINARY is not set");
  const std::string log = (folder_ / kLog).string();
  const std::string config = (folder_ / "zoo.cfg").string();
  const pid_t test = getpid();
  pid_ = fork();
  if (pid_ < 0) give_up("no process for it");
  if (pid_ == 0) run_server(binary, config.c_str(), log.c_str(), test);
  const auto deadline = std::chrono::steady_clock::now() + kStartMax;
  while (!accepts_connections(port_)) {
    if (std::chrono::steady_clock::now() > deadline) give_up("it does not listen\n" + log_tail());
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      give_up(std::string("it ended; is ") + binary + " built?\n" + log_tail());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

std::string ServerProcess::log_tail() const {
  constexpr std::size_t kTail = 4000;
  std::ifstream file(folder_ / kLog);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return text.size() > kTail ? text.substr(text.size() - kTail) : text;
}

void ServerProcess::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

}  // namespace drover::test
