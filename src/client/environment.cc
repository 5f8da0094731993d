#include "client/environment.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <random>
#include <string>
#include <utility>

#include "base/prng.h"

namespace drover::client {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

class SteadyAlarm final : public Alarm {
 public:
  explicit SteadyAlarm(const asio::any_io_executor& executor) : timer_(executor) {}

  void set(base::Instant moment, std::move_only_function<void()> ring) override {
    timer_.expires_at(std::chrono::steady_clock::time_point(
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(moment.since_start)));
    timer_.async_wait([ring = std::move(ring)](error_code error) mutable {
      if (!error) ring();
    });
  }
  void cancel() override { timer_.cancel(); }

 private:
  asio::steady_timer timer_;
};

// Lives until the last operation on its socket has ended.
class SocketConnection final : public Connection,
                               public std::enable_shared_from_this<SocketConnection> {
 public:
  SocketConnection(const asio::any_io_executor& executor, Events events)
      : events_(std::move(events)), resolver_(executor), socket_(executor) {}

  void connect(const HostPort& to) {
    resolver_.async_resolve(
        to.host, std::to_string(to.port),
        [self = shared_from_this()](error_code error, const tcp::resolver::results_type& found) {
          if (self->is_closed_) return;
          if (error) return self->lose();
          self->connect_to_one_of(found);
        });
  }
  void write(base::ByteBuffer& bytes) override {
    if (waiting_.empty()) {
      waiting_.swap(bytes);
    } else {
      waiting_.append(bytes.view());
    }
    bytes.clear();
    if (writing_.empty()) write_more();
  }
  void close() override {
    is_closed_ = true;
    resolver_.cancel();
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  void connect_to_one_of(const tcp::resolver::results_type& found) {
    asio::async_connect(socket_, found,
                        [self = shared_from_this()](error_code error, const auto& /*endpoint*/) {
                          if (self->is_closed_) return;
                          if (error) return self->lose();
                          self->socket_.set_option(tcp::no_delay(true), error);
                          self->events_.connected();
                          if (!self->is_closed_) self->read();
                        });
  }
  void read() {
    socket_.async_read_some(asio::buffer(input_),
                            [self = shared_from_this()](error_code error, std::size_t size) {
                              if (self->is_closed_) return;
                              if (error) return self->lose();
                              self->events_.bytes({self->input_.data(), size});
                              if (!self->is_closed_) self->read();
                            });
  }
  void write_more() {
    writing_.swap(waiting_);
    asio::async_write(socket_, asio::buffer(writing_.data(), writing_.size()),
                      [self = shared_from_this()](error_code error, std::size_t /*size*/) {
                        if (self->is_closed_) return;
                        if (error) return self->lose();
                        self->writing_.clear();
                        if (!self->waiting_.empty()) self->write_more();
                      });
  }
  void lose() {
    close();
    events_.lost();
  }

  const Events events_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  bool is_closed_ = false;
  std::array<char, 64 * 1024> input_;
  base::ByteBuffer waiting_;  // to be written after `writing_`
  base::ByteBuffer writing_;
};

class RealWorld final : public Environment {
 public:
  base::Instant now() override {
    return base::Instant{std::chrono::steady_clock::now().time_since_epoch()};
  }
  std::uint64_t random_number() override {
    // One for each thread, so that nobody waits for it.
    thread_local base::Prng prng([] {
      std::random_device entropy;
      return (std::uint64_t{entropy()} << 32) | entropy();
    }());
    return prng.next();
  }
  std::unique_ptr<Alarm> make_alarm(const asio::any_io_executor& executor) override {
    return std::make_unique<SteadyAlarm>(executor);
  }
  std::shared_ptr<Connection> connect(const asio::any_io_executor& executor, const HostPort& to,
                                      Connection::Events events) override {
    auto connection = std::make_shared<SocketConnection>(executor, std::move(events));
    connection->connect(to);
    return connection;
  }
};

// How a context says that it belongs to another world than the real one.
class Signpost final : public asio::execution_context::service {
 public:
  static inline asio::execution_context::id id;

  explicit Signpost(asio::execution_context& context) : service(context) {}
  void shutdown() override {}

  Environment* to = nullptr;
};

}  // namespace

Environment& Environment::of(const asio::any_io_executor& executor) {
  // Never destroyed: the thread of a client whose last handle went on it may outlive main().
  static RealWorld& real_world = *new RealWorld;
  auto& context = asio::query(executor, asio::execution::context);
  if (!asio::has_service<Signpost>(context)) return real_world;
  return *asio::use_service<Signpost>(context).to;
}

void Environment::give(asio::execution_context& context, Environment& environment) {
  asio::use_service<Signpost>(context).to = &environment;
}

}  // namespace drover::client
