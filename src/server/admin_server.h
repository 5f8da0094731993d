#pragma once
// The admin port and the metrics port: HTTP for operators, on one thread of its own, so that
// nothing that comes in there takes time from those that serve clients.
//
// Pages are rows in routes(); docs/admin.md lists them. Who adds rows does so before start().

#include <drover/result.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "net/http_server.h"

namespace drover::server {

class AdminServer {
 public:
  AdminServer();
  ~AdminServer();  // stop()

  [[nodiscard]] net::HttpRouter& routes() { return routes_; }
  [[nodiscard]] net::HttpRouter& metrics_routes() { return metrics_routes_; }
  // Where handlers run; work from other threads comes back here by a post.
  [[nodiscard]] boost::asio::io_context& context() { return *context_; }

  struct Port {
    std::string address;  // empty: every interface
    std::uint16_t port = 0;
    std::chrono::milliseconds idle_timeout{30'000};
    std::function<bool(const std::string& name)> is_own_host{};  // as in HttpServerOptions
  };
  // Bind and listen. Errors: one sentence. Neither, either or both.
  Result<void> listen(const Port& port);
  Result<void> listen_for_metrics(const Port& port);

  void start();
  void stop();  // ends the thread; answers still to come find nobody

  // 0: not listening.
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::uint16_t metrics_port() const;

 private:
  Result<std::unique_ptr<net::HttpServer>> open(const Port& port, const net::HttpRouter& routes);

  std::shared_ptr<boost::asio::io_context> context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  net::HttpRouter routes_, metrics_routes_;
  std::unique_ptr<net::HttpServer> server_, metrics_server_;
  std::thread thread_;
};

}  // namespace drover::server
