#pragma once
// An io_context with one thread that runs it: where a client works that was not given an executor.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

namespace drover::client {

class IoThread {
 public:
  IoThread() : thread_([this] { io_.run(); }) {}
  ~IoThread() { stop(); }
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // Ends the thread at once: what was posted and not begun stays undone. The context itself stays
  // for what is made of it, which must go before this object does. Not on the thread itself.
  void stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] boost::asio::io_context& context() { return io_; }
  [[nodiscard]] bool is_this_thread() const {
    return std::this_thread::get_id() == thread_.get_id();
  }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::thread thread_;  // last: it uses what is above
};

}  // namespace drover::client
