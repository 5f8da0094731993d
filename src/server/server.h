#pragma once
// The whole server on a real machine: carries out the replica's effects, owns every thread, port
// and folder.
//
//   auto server = Server::start(config, log);   binds, restores, serves
//   (*server)->stop();                          answers what is in flight, syncs, ends every thread
//
// Threads: reactors (the first also runs the replica), disk, snapshot. start() and stop() belong to
// one thread, which is none of these.

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "base/log.h"
#include "server/config.h"
#include "server/exit_code.h"

namespace drover::server {

struct StartError {
  ExitCode code = ExitCode::kFailed;
  std::string message;  // one sentence
};

class Server {
 public:
  // `log` must outlive the server. A disk that fails later ends the process with ExitCode::kFailed,
  // for nothing can be promised any more.
  static std::expected<std::unique_ptr<Server>, StartError> start(const Config& config,
                                                                  base::Log& log);
  ~Server();  // stop()

  void stop();
  // The port that clients connect to, which the system chose when the configuration said 0.
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::uint16_t admin_port() const;  // 0: there is none

 private:
  Server();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::server
