#include "client/quorum_search.h"

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <string_view>

namespace drover::client {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{100};
constexpr milliseconds kPauseMax{60'000};
constexpr milliseconds kStep{500};
constexpr milliseconds kAnswerMax{1000};  // a server that takes longer is asked again in its turn

asio::awaitable<bool> ask(asio::any_io_executor executor, HostPort host) {
  boost::system::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  tcp::resolver resolver(executor);
  const auto found = co_await resolver.async_resolve(host.host, std::to_string(host.port), token);
  if (error) co_return false;
  tcp::socket socket(executor);
  co_await asio::async_connect(socket, found, token);
  if (error) co_return false;
  co_await asio::async_write(socket, asio::buffer(std::string_view("isro")), token);
  if (error) co_return false;
  std::array<char, 2> answer{};
  co_await asio::async_read(socket, asio::buffer(answer), token);
  co_return !error && std::string_view(answer.data(), answer.size()) == "rw";
}

asio::awaitable<void> pause(asio::any_io_executor executor, milliseconds delay) {
  asio::steady_timer timer(executor, delay);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace

asio::awaitable<std::optional<HostPort>> find_quorum(asio::any_io_executor executor,
                                                     std::vector<HostPort> hosts,
                                                     std::weak_ptr<void> connection) {
  using namespace asio::experimental::awaitable_operators;
  milliseconds delay = kFirstPause;
  for (std::size_t turn = 0;; ++turn) {
    // In steps: nobody waits for this, but the executor is kept busy by it.
    for (milliseconds left = delay; left.count() > 0; left -= kStep) {
      co_await pause(executor, std::min(left, kStep));
      if (connection.expired()) co_return std::nullopt;
    }
    const HostPort& host = hosts[turn % hosts.size()];
    auto answer = co_await (ask(executor, host) || pause(executor, kAnswerMax));
    if (answer.index() == 0 && std::get<0>(answer)) co_return host;
    delay = std::min(delay * 2, kPauseMax);
  }
}

}  // namespace drover::client
