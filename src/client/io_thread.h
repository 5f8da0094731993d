#pragma once
// An io_context with one thread that runs it: where a client works that was not given an executor.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <thread>

namespace drover::client {

class IoThread {
 public:
  IoThread() : thread_([state = state_] { state->io.run(); }) {}
  ~IoThread() { stop(); }
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // Ends the thread at once: what was posted and not begun stays undone. The context itself stays
  // for what is made of it, which must go before this object does. Not on the thread itself.
  void stop() {
    if (!has_left_) state_->io.stop();
    if (thread_.joinable()) thread_.join();
  }
  // For an end on the thread itself: it goes when nothing is left to do, and nobody joins it.
  static void let_end(std::unique_ptr<IoThread> self) {
    self->state_->work.reset();
    self->thread_.detach();
    self->has_left_ = true;
  }

  [[nodiscard]] boost::asio::io_context& context() { return state_->io; }
  [[nodiscard]] bool is_this_thread() const {
    return std::this_thread::get_id() == thread_.get_id();
  }

 private:
  struct State {
    boost::asio::io_context io{1};
    std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work{
        io.get_executor()};
  };

  std::shared_ptr<State> state_ = std::make_shared<State>();
  bool has_left_ = false;
  std::thread thread_;  // last: it uses what is above
};

}  // namespace drover::client
