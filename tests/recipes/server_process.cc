#include "recipes/server_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace drover::test {
namespace {

using boost::asio::ip::tcp;

constexpr std::chrono::seconds kStartMax{30};

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

ServerProcess::ServerProcess() : folder_(new_folder()), port_(free_port()) {
  std::ofstream(folder_ / "zoo.cfg")
      << "tickTime=500\nminSessionTimeout=1000\nadmin.enableServer=false\n"
      << "dataDir=" << (folder_ / "data").string() << "\nclientPort=" << port_
      << "\nclientPortAddress=127.0.0.1\n";
  start();
}

ServerProcess::~ServerProcess() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void ServerProcess::start() {
  const char* binary = std::getenv("DROVER_BINARY");
  if (!binary) give_up("DROVER_BINARY is not set");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const std::string log = (folder_ / "server.log").string();
  posix_spawn_file_actions_addopen(&actions, 2, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  std::string config = (folder_ / "zoo.cfg").string();
  char serve[] = "serve";
  std::string program = binary;
  char* arguments[] = {program.data(), serve, config.data(), nullptr};
  const int failed = posix_spawn(&pid_, binary, &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) give_up(program + " cannot be run");
  const auto deadline = std::chrono::steady_clock::now() + kStartMax;
  while (!accepts_connections(port_)) {
    if (std::chrono::steady_clock::now() > deadline) give_up("it does not listen");
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) give_up("it ended; is " + program + " built?");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void ServerProcess::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

}  // namespace drover::test
