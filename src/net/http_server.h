#pragma once
// An HTTP/1.1 server for operators: few connections, small answers, a table of routes.
//
// Everything that a client sends is bounded: its head by 8 KiB, its body by what the route allows,
// the time for either by a deadline, the number of connections by a limit. Above the limit the
// connection that has been silent for longest makes room. What is wrong gets one answer (400, 404,
// 405, 408, 413, 431, 503) and the connection ends. What a page of another site asks is refused
// with 403 (net/http_origin.h).
//
// Threads: those of its io_context, one at a time, which are not those that serve ZooKeeper's
// clients. Handlers run there too and must not block.

#include <drover/result.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "net/acceptor.h"
#include "net/http_router.h"

namespace drover::net {

struct HttpServerOptions {
  std::string address{};  // as in AcceptorOptions
  std::uint16_t port = 0;
  // For a whole head, for each 64 KiB of a body in either direction, and between two requests.
  std::chrono::milliseconds idle_timeout{30'000};
  std::chrono::milliseconds answer_timeout{30'000};  // a handler's; 503 after it
  std::size_t connections_max = 64;
  // Whether a name in a Host header is one of this server's; addresses and localhost always are.
  // Empty: all are. For routes that ask for it (own_hosts_only).
  std::function<bool(const std::string& name)> is_own_host{};
};

class HttpServer {
 public:
  // Binds and listens; see Acceptor::listen. `router` must outlive the server and not change while
  // it runs.
  static Result<std::unique_ptr<HttpServer>> listen(
      std::shared_ptr<boost::asio::io_context> context, HttpServerOptions options,
      const HttpRouter& router);
  ~HttpServer();

  void start();
  void stop();  // no more connections; those that are open end
  [[nodiscard]] boost::asio::ip::tcp::endpoint local_endpoint() const;
  [[nodiscard]] std::size_t connections_count() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::net
