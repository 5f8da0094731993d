#pragma once
// Stands between a client and a server, and cuts all connections when told to.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace drover::test {

class CuttingProxy {
 public:
  explicit CuttingProxy(std::uint16_t to_port);
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;
  ~CuttingProxy();

  // Any thread. New connections are taken at once.
  void cut();
  // Cuts them, and every new one at once, until open().
  void shut();
  void open();
  // Swallows what servers answer from now on, on the connections that there are: requests arrive,
  // and nobody hears what became of them.
  void swallow_answers();
  [[nodiscard]] std::string address() const;

 private:
  using Socket = boost::asio::ip::tcp::socket;

  struct Direction {
    std::shared_ptr<Socket> from;
    std::shared_ptr<Socket> to;
    bool is_swallowed = false;
    std::vector<char> buffer = std::vector<char>(65536);
  };

  void accept();
  void cut_all();
  void pump(std::shared_ptr<Socket> from, std::shared_ptr<Socket> to, bool are_answers);
  static void read_on(std::shared_ptr<Direction> direction);

  std::uint16_t to_port_;
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<std::weak_ptr<Socket>> sockets_;     // on thread_
  std::vector<std::weak_ptr<Direction>> answers_;  // on thread_
  bool is_shut_ = false;                           // on thread_
  std::thread thread_;
};

}  // namespace drover::test
