#include "net/acceptor.h"

#include <fmt/format.h>

#include <boost/asio/ip/v6_only.hpp>

namespace drover::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto kPauseAfterTrouble = std::chrono::milliseconds(100);

struct Bound {
  tcp::acceptor acceptor;
  error_code error;
};

Bound bind_and_listen(asio::io_context& context, const tcp::endpoint& endpoint, bool dual_stack,
                      int backlog) {
  Bound bound{tcp::acceptor(context), {}};
  auto& [acceptor, error] = bound;
  acceptor.open(endpoint.protocol(), error);
  if (error) return bound;
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && dual_stack) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(backlog, error);
  return bound;
}

}  // namespace

Acceptor::Acceptor(asio::io_context& context, tcp::acceptor acceptor)
    : acceptor_(std::move(acceptor)), pause_(context) {
  error_code ignored;
  local_ = acceptor_.local_endpoint(ignored);
}

Result<std::unique_ptr<Acceptor>> Acceptor::listen(asio::io_context& context,
                                                   const AcceptorOptions& options) {
  const auto made = [&](tcp::acceptor acceptor) {
    return std::unique_ptr<Acceptor>(new Acceptor(context, std::move(acceptor)));
  };
  const std::string shown =
      fmt::format("{}:{}", options.address.empty() ? "*" : options.address, options.port);
  if (options.address.empty()) {
    auto both = bind_and_listen(context, {tcp::v6(), options.port}, true, options.backlog);
    if (both.error == asio::error::address_family_not_supported) {  // a host without IPv6
      both = bind_and_listen(context, {tcp::v4(), options.port}, false, options.backlog);
    }
    if (both.error)
      return failure(fmt::format("cannot listen on {}: {}", shown, both.error.message()));
    return made(std::move(both.acceptor));
  }
  error_code error;
  const auto found = tcp::resolver(context).resolve(options.address, std::to_string(options.port),
                                                    tcp::resolver::passive, error);
  if (error || found.empty()) {
    return failure(
        fmt::format("cannot listen on {}: unknown address ({})", shown, error.message()));
  }
  auto bound = bind_and_listen(context, found.begin()->endpoint(), false, options.backlog);
  if (bound.error)
    return failure(fmt::format("cannot listen on {}: {}", shown, bound.error.message()));
  return made(std::move(bound.acceptor));
}

void Acceptor::start(PickContext pick_context, OnAccept on_accept, OnTrouble on_trouble) {
  pick_context_ = std::move(pick_context);
  on_accept_ = std::move(on_accept);
  on_trouble_ = std::move(on_trouble);
  accept_next();
}

void Acceptor::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void Acceptor::accept_next() {
  acceptor_.async_accept(pick_context_(), [this](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
    if (!error) on_accept_(std::move(socket));
    if (!error || error == asio::error::connection_aborted) {
      accept_next();
      return;
    }
    on_trouble_(error.message());
    pause_.expires_after(kPauseAfterTrouble);
    pause_.async_wait([this](error_code aborted) {
      if (!aborted && acceptor_.is_open()) accept_next();
    });
  });
}

}  // namespace drover::net
