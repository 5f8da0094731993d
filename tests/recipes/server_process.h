#pragma once
// A real `drover serve` on a port of its own, in a folder of its own; both go with the object, or
// with the test program, however that ends. Its log is shown when a test has failed.

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace drover::test {

// A port of the loopback that was free a moment ago.
[[nodiscard]] std::uint16_t free_port();

class ServerProcess {
 public:
  // Aborts the test program when there is no server within half a minute.
  // `settings`: more lines of its configuration.
  explicit ServerProcess(const std::string& settings = {});
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();

  // The server ends with the thread that calls this.
  void start();
  void kill();  // SIGKILL
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  [[nodiscard]] std::string log_tail() const;

  std::filesystem::path folder_;
  std::uint16_t port_;
  pid_t pid_ = 0;
};

}  // namespace drover::test
