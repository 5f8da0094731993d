#include "recipes/cutting_proxy.h"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace drover::test {

using boost::asio::ip::address_v4;

CuttingProxy::CuttingProxy(std::uint16_t to_port)
    : to_port_(to_port), acceptor_(io_, {address_v4::loopback(), 0}) {
  accept();
  thread_ = std::thread([this] { io_.run(); });
}

CuttingProxy::~CuttingProxy() {
  io_.stop();
  thread_.join();
}

std::string CuttingProxy::address() const {
  return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
}

void CuttingProxy::cut() {
  boost::asio::post(io_, [this] { cut_all(); });
}

void CuttingProxy::shut() {
  boost::asio::post(io_, [this] {
    is_shut_ = true;
    cut_all();
  });
}

void CuttingProxy::open() {
  boost::asio::post(io_, [this] { is_shut_ = false; });
}

void CuttingProxy::swallow_answers() {
  boost::asio::post(io_, [this] {
    for (const auto& weak : std::exchange(answers_, {})) {
      if (const auto direction = weak.lock()) direction->is_swallowed = true;
    }
  });
}

void CuttingProxy::cut_all() {
  for (const auto& weak : std::exchange(sockets_, {})) {
    boost::system::error_code ignored;
    if (const auto socket = weak.lock()) socket->close(ignored);
  }
}

void CuttingProxy::accept() {
  acceptor_.async_accept([this](boost::system::error_code error, Socket accepted) {
    if (error) return;
    auto near = std::make_shared<Socket>(std::move(accepted));
    auto far = std::make_shared<Socket>(io_);
    far->async_connect({address_v4::loopback(), to_port_},
                       [this, near, far](boost::system::error_code failed) {
                         if (failed || is_shut_) return;
                         sockets_.emplace_back(near);
                         sockets_.emplace_back(far);
                         pump(near, far, false);
                         pump(far, near, true);
                       });
    accept();
  });
}

void CuttingProxy::pump(std::shared_ptr<Socket> from, std::shared_ptr<Socket> to,
                        bool are_answers) {
  auto direction = std::make_shared<Direction>(std::move(from), std::move(to));
  if (are_answers) answers_.emplace_back(direction);
  read_on(std::move(direction));
}

void CuttingProxy::read_on(std::shared_ptr<Direction> direction) {
  auto& from = *direction->from;
  from.async_read_some(boost::asio::buffer(direction->buffer),
                       [direction](boost::system::error_code error, std::size_t size) {
                         boost::system::error_code ignored;
                         if (error) return static_cast<void>(direction->to->close(ignored));
                         if (direction->is_swallowed) return read_on(direction);
                         boost::asio::async_write(
                             *direction->to, boost::asio::buffer(direction->buffer.data(), size),
                             [direction](boost::system::error_code failed, std::size_t) {
                               boost::system::error_code unheard;
                               if (failed) {
                                 direction->from->close(unheard);
                               } else {
                                 read_on(direction);
                               }
                             });
                       });
}

}  // namespace drover::test
