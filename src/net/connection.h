#pragma once
// One accepted TCP stream, non-blocking. It never waits and never allocates: whoever owns it reads
// when told that bytes are there (net/readiness.h), writes when it has something to say, and goes
// on when told that the peer can take more. So a request costs one recv and one send, with no recv
// that only finds out that there is nothing.
//
// Threads: one at a time.

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <span>
#include <string>

#include "base/byte_buffer.h"

namespace drover::net {

class Connection {
 public:
  // Takes an open socket out of Asio's hands; makes it non-blocking, TCP_NODELAY on, keep-alive as
  // told (clientTcpKeepAlive).
  Connection(boost::asio::ip::tcp::socket socket, bool keep_alive);
  ~Connection();  // closes, if nobody did
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  enum class Io {
    kDone,        // read: `bytes` arrived; write: everything is on its way
    kWouldBlock,  // nothing (more) can be done before the next edge
    kClosed,      // the peer ended its sending side, or the stream broke
  };
  struct ReadResult {
    Io io = Io::kClosed;
    std::size_t bytes = 0;
  };
  // Reads what is there, at most into.size() > 0 bytes.
  ReadResult read(std::span<char> into);
  // Sends as much as the socket takes and consumes it from `output`.
  Io write(base::ByteBuffer& output);

  // For Readiness; -1 once closed.
  [[nodiscard]] int descriptor() const { return descriptor_; }

  // Ends the stream after what was written. Bytes that nobody read are taken out first: left in
  // place they would turn the FIN into a reset, which may destroy the last answer on its way. With
  // an empty `scratch` none are taken out.
  void close(std::span<char> scratch);
  // Ends the stream at once with a reset.
  void reset();

 private:
  void end();

  int descriptor_;
};

// An address as Java prints it, since clients and operators compare the text (scheme `ip`, `cons`):
// IPv6 as eight groups without `::`; an IPv4 address that came in through an IPv6 socket as plain
// IPv4.
[[nodiscard]] std::string address_text(const boost::asio::ip::address& address);

}  // namespace drover::net
