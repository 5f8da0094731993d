#include "net/connection.h"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <iterator>

namespace drover::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {
// More than this left unread at close is not worth taking out: the peer talks to nobody.
constexpr int kDrainReadsMax = 4;
}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, bool keep_alive) : socket_(std::move(socket)) {
  error_code ignored;  // the peer may be gone already: the first read finds out
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  if (keep_alive) socket_.set_option(asio::socket_base::keep_alive(true), ignored);
}

Connection::ReadResult Connection::read(std::span<char> into) {
  error_code error;
  const std::size_t bytes = socket_.read_some(asio::buffer(into.data(), into.size()), error);
  if (!error) return {Io::kDone, bytes};
  if (error == asio::error::would_block || error == asio::error::interrupted)
    return {Io::kWouldBlock, 0};
  return {Io::kClosed, 0};
}

Connection::Io Connection::write(base::ByteBuffer& output) {
  while (!output.empty()) {
    error_code error;
    const std::size_t sent = socket_.write_some(asio::buffer(output.data(), output.size()), error);
    if (error == asio::error::would_block || error == asio::error::interrupted)
      return Io::kWouldBlock;
    if (error) return Io::kClosed;
    output.consume(sent);
  }
  return Io::kDone;
}

void Connection::close(std::span<char> scratch) {
  error_code ignored;
  for (int i = 0; !scratch.empty() && i < kDrainReadsMax; ++i) {
    const auto result = read(scratch);
    if (result.io != Io::kDone || result.bytes < scratch.size()) break;
  }
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

void Connection::reset() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

std::string address_text(const asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
  const auto bytes = v6.to_bytes();
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    fmt::format_to(std::back_inserter(text), "{}{:x}", i == 0 ? "" : ":",
                   bytes[i] << 8 | bytes[i + 1]);
  }
  return text;
}

}  // namespace drover::net
