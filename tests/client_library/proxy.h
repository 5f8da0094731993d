#pragma once
// A TCP relay in front of a real server, which a test can cut, stall and make forget replies. It
// has a thread of its own; every function may be called from the test's.

#include <array>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>

namespace drover {

class Proxy {
 public:
  explicit Proxy(const std::string& server)
      : host_(server.substr(0, server.rfind(':'))), port_(server.substr(server.rfind(':') + 1)) {
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Proxy() {
    io_.stop();
    thread_.join();
  }

  [[nodiscard]] std::string address() const {
    return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  // Ends every connection; new ones are taken.
  void cut() {
    on_thread([this] {
      for (const auto& pair : pairs_) pair->close();
      pairs_.clear();
    });
  }
  // Every new connection is ended at once, until told otherwise.
  void refuse(bool refuses) {
    on_thread([&] { refuses_ = refuses; });
  }
  // Connections stay, nothing passes in either direction. false: goes on where it stopped.
  void freeze(bool is_frozen) {
    on_thread([&] {
      is_frozen_ = is_frozen;
      if (is_frozen) return;
      for (const auto& pair : pairs_) pair->go_on(*this);
    });
  }
  // From now on what servers answer is lost, though requests still pass: the answer to something
  // that happened never comes. Ends with the next cut().
  void lose_replies(bool loses) {
    on_thread([&] { loses_replies_ = loses; });
  }
  // Bytes that went to servers since the beginning.
  [[nodiscard]] std::size_t sent() const { return sent_; }
  // Bytes of replies that were lost.
  [[nodiscard]] std::size_t lost() const { return lost_; }

 private:
  using tcp = boost::asio::ip::tcp;
  using Error = boost::system::error_code;

  struct Pair : std::enable_shared_from_this<Pair> {
    explicit Pair(tcp::socket accepted)
        : client(std::move(accepted)), server(client.get_executor()) {}

    void close() {
      Error ignored;
      client.close(ignored);
      server.close(ignored);
    }
    void relay(Proxy& proxy, tcp::socket& from, tcp::socket& to, std::array<char, 65536>& buffer,
               bool is_reply) {
      from.async_read_some(boost::asio::buffer(buffer),
                           [this, self = shared_from_this(), &proxy, &from, &to, &buffer, is_reply](
                               Error error, std::size_t size) {
                             if (error) return close();
                             pass(proxy, from, to, buffer, is_reply, size);
                           });
    }
    void pass(Proxy& proxy, tcp::socket& from, tcp::socket& to, std::array<char, 65536>& buffer,
              bool is_reply, std::size_t size) {
      if (proxy.is_frozen_) {
        (is_reply ? held_reply : held_request) = size;
        return;
      }
      if (is_reply && proxy.loses_replies_) {
        proxy.lost_ += size;
        return relay(proxy, from, to, buffer, is_reply);
      }
      if (!is_reply) proxy.sent_ += size;
      boost::asio::async_write(to, boost::asio::buffer(buffer.data(), size),
                               [this, self = shared_from_this(), &proxy, &from, &to, &buffer,
                                is_reply](Error error, std::size_t) {
                                 if (error) return close();
                                 relay(proxy, from, to, buffer, is_reply);
                               });
    }
    void go_on(Proxy& proxy) {
      if (const auto size = std::exchange(held_request, 0)) {
        pass(proxy, client, server, requests, false, size);
      }
      if (const auto size = std::exchange(held_reply, 0)) {
        pass(proxy, server, client, replies, true, size);
      }
    }

    tcp::socket client;
    tcp::socket server;
    std::array<char, 65536> requests;
    std::array<char, 65536> replies;
    std::size_t held_request = 0;
    std::size_t held_reply = 0;
  };

  template <typename F>
  void on_thread(F f) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      f();
      done.set_value();
    });
    done.get_future().wait();
  }
  void accept() {
    acceptor_.async_accept([this](Error error, tcp::socket accepted) {
      if (!error && !refuses_) {
        auto pair = std::make_shared<Pair>(std::move(accepted));
        pairs_.insert(pair);
        tcp::resolver resolver(io_);
        boost::asio::connect(pair->server, resolver.resolve(host_, port_), error);
        if (error) {
          pair->close();
        } else {
          pair->server.set_option(tcp::no_delay(true), error);
          pair->client.set_option(tcp::no_delay(true), error);
          pair->relay(*this, pair->client, pair->server, pair->requests, false);
          pair->relay(*this, pair->server, pair->client, pair->replies, true);
        }
      }
      accept();
    });
  }

  std::string host_;
  std::string port_;
  boost::asio::io_context io_;
  tcp::acceptor acceptor_{io_, tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0)};
  std::set<std::shared_ptr<Pair>> pairs_;
  bool refuses_ = false;
  bool is_frozen_ = false;
  bool loses_replies_ = false;
  std::atomic<std::size_t> sent_ = 0;
  std::atomic<std::size_t> lost_ = 0;
  std::thread thread_;
};

}  // namespace drover
