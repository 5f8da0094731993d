#include "net/connection.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

namespace drover::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {
// More than this left unread at close is not worth taking out: the peer talks to nobody.
constexpr int kDrainReadsMax = 4;
}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, bool keep_alive) {
  error_code ignored;  // the peer may be gone already: the first read finds out
  socket.native_non_blocking(true, ignored);
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  if (keep_alive) socket.set_option(asio::socket_base::keep_alive(true), ignored);
  descriptor_ = socket.release(ignored);
}

Connection::~Connection() {
  end();
}

Connection::ReadResult Connection::read(std::span<char> into) {
  ssize_t bytes = -1;
  do {
    bytes = ::recv(descriptor_, into.data(), into.size(), 0);
  } while (bytes < 0 && errno == EINTR);
  if (bytes > 0) return {Io::kDone, static_cast<std::size_t>(bytes)};
  if (bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {Io::kWouldBlock, 0};
  return {Io::kClosed, 0};
}

Connection::Io Connection::write(base::ByteBuffer& output) {
  while (!output.empty()) {
    const ssize_t sent = ::send(descriptor_, output.data(), output.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      output.consume(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return Io::kWouldBlock;
    } else if (errno != EINTR) {
      return Io::kClosed;
    }
  }
  return Io::kDone;
}

void Connection::close(std::span<char> scratch) {
  for (int i = 0; !scratch.empty() && i < kDrainReadsMax; ++i) {
    const auto result = read(scratch);
    if (result.io != Io::kDone || result.bytes < scratch.size()) break;
  }
  ::shutdown(descriptor_, SHUT_RDWR);
  end();
}

void Connection::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  end();
}

void Connection::end() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
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
