#include "server/member_poll.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <chrono>
#include <memory>
#include <utility>

namespace drover::server {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto kPatience = std::chrono::milliseconds(500);
constexpr std::size_t kAnswerMax = 4096;

std::optional<std::string_view> value_of(std::string_view text, std::string_view key) {
  const auto at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(at + key.size());
  return rest.substr(0, rest.find('\n'));
}

template <typename Number>
std::optional<Number> number(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  Number value{};
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

class Poll : public std::enable_shared_from_this<Poll> {
 public:
  Poll(asio::io_context& context, std::function<void(MemberStatus)> done)
      : resolver_(context), socket_(context), timer_(context), done_(std::move(done)) {}

  void begin(const std::string& host, const std::string& port) {
    timer_.expires_after(kPatience);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code aborted) {
      if (!aborted) self->finish({.why = "no answer within 500 ms"});
    });
    resolver_.async_resolve(host, port, [self = shared_from_this()](auto error, const auto& found) {
      if (error) return self->fail(error);
      asio::async_connect(self->socket_, found, [self](auto failed, const tcp::endpoint&) {
        failed ? self->fail(failed) : self->ask();
      });
    });
  }

 private:
  void ask() {
    asio::async_write(socket_, asio::buffer("srvr", 4),
                      [self = shared_from_this()](auto error, std::size_t) {
                        error ? self->fail(error) : self->listen();
                      });
  }
  void listen() {
    answer_.resize(kAnswerMax);
    asio::async_read(socket_, asio::buffer(answer_),
                     [self = shared_from_this()](auto error, std::size_t size) {
                       if (error && error != asio::error::eof) return self->fail(error);
                       self->finish(parse_srvr(std::string_view(self->answer_).substr(0, size)));
                     });
  }
  void fail(boost::system::error_code error) { finish({.why = error.message()}); }
  void finish(MemberStatus status) {
    timer_.cancel();
    resolver_.cancel();
    boost::system::error_code ignored;
    socket_.close(ignored);
    if (const auto done = std::exchange(done_, nullptr)) done(std::move(status));
  }

  tcp::resolver resolver_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  std::function<void(MemberStatus)> done_;
  std::string answer_;
};

}  // namespace

MemberStatus parse_srvr(std::string_view text) {
  MemberStatus status;
  const auto mode = value_of(text, "Mode: ");
  if (!mode) {
    const std::string_view line = text.substr(0, text.find('\n'));
    status.why = line.empty() ? "it closed without an answer" : std::string(line);
    return status;
  }
  status.role = *mode;
  if (const auto zxid = value_of(text, "Zxid: 0x")) {
    std::uint64_t value = 0;
    if (std::from_chars(zxid->data(), zxid->data() + zxid->size(), value, 16).ec == std::errc()) {
      status.zxid = static_cast<std::int64_t>(value);
    }
  }
  status.connections = number<std::int64_t>(value_of(text, "Connections: "));
  status.outstanding = number<std::int64_t>(value_of(text, "Outstanding: "));
  if (auto latency = value_of(text, "Latency min/avg/max: ")) {
    latency->remove_prefix(std::min(latency->find('/') + 1, latency->size()));
    status.latency_avg_ms = number<double>(latency);
  }
  return status;
}

void poll_member(asio::io_context& context, const std::string& host, const std::string& port,
                 std::function<void(MemberStatus)> done) {
  std::make_shared<Poll>(context, std::move(done))->begin(host, port);
}

}  // namespace drover::server
