#include "server/admin_server.h"

#include "server/log.h"

namespace drover::server {

namespace asio = boost::asio;

AdminServer::AdminServer()
    : context_(std::make_shared<asio::io_context>(1)), work_(asio::make_work_guard(*context_)) {}

AdminServer::~AdminServer() {
  stop();
}

Result<std::unique_ptr<net::HttpServer>> AdminServer::open(const Port& port,
                                                           const net::HttpRouter& routes) {
  return net::HttpServer::listen(context_,
                                 {.address = port.address,
                                  .port = port.port,
                                  .idle_timeout = port.idle_timeout,
                                  .is_own_host = port.is_own_host},
                                 routes);
}

Result<void> AdminServer::listen(const Port& port) {
  auto opened = open(port, routes_);
  if (!opened) return std::unexpected(opened.error());
  server_ = std::move(*opened);
  return {};
}

Result<void> AdminServer::listen_for_metrics(const Port& port) {
  auto opened = open(port, metrics_routes_);
  if (!opened) return std::unexpected(opened.error());
  metrics_server_ = std::move(*opened);
  return {};
}

void AdminServer::start() {
  if (!server_ && !metrics_server_) return;
  if (server_) server_->start();
  if (metrics_server_) metrics_server_->start();
  thread_ = std::thread([this] {
    name_this_thread("admin");
    context_->run();
  });
}

void AdminServer::stop() {
  context_->stop();
  if (thread_.joinable()) thread_.join();
}

std::uint16_t AdminServer::port() const {
  return server_ ? server_->local_endpoint().port() : 0;
}

std::uint16_t AdminServer::metrics_port() const {
  return metrics_server_ ? metrics_server_->local_endpoint().port() : 0;
}

}  // namespace drover::server
