#pragma once
// A listening TCP port.

#include <drover/result.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace drover::net {

struct AcceptorOptions {
  std::string address;     // a name or a literal; empty: every interface, IPv6 and IPv4
  std::uint16_t port = 0;  // 0: any free one
  int backlog = 50;        // connections that wait to be accepted
};

// Threads: those of its io_context, one at a time.
class Acceptor {
 public:
  // Binds and listens. Errors say what could not be done to which address (in use, not ours,
  // unknown name).
  static Result<std::unique_ptr<Acceptor>> listen(boost::asio::io_context& context,
                                                  const AcceptorOptions& options);

  // Which context the next socket lives on; asked before each accept.
  using PickContext = std::function<boost::asio::io_context&()>;
  // Runs on the acceptor's own context, whatever the socket's.
  using OnAccept = std::function<void(boost::asio::ip::tcp::socket)>;
  // No socket could be made (out of descriptors or memory); accepting goes on after a pause.
  using OnTrouble = std::function<void(const std::string&)>;

  // Accepts until close(). What the functions refer to must outlive that.
  void start(PickContext pick_context, OnAccept on_accept, OnTrouble on_trouble);
  void close();

  [[nodiscard]] boost::asio::ip::tcp::endpoint local_endpoint() const { return local_; }

 private:
  Acceptor(boost::asio::io_context& context, boost::asio::ip::tcp::acceptor acceptor);
  void accept_next();

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::tcp::endpoint local_;
  boost::asio::steady_timer pause_;
  PickContext pick_context_;
  OnAccept on_accept_;
  OnTrouble on_trouble_;
};

}  // namespace drover::net
