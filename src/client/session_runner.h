#pragma once
// Runs a SessionMachine on real sockets: one thread of its own with one io_context. Calls may come
// from any thread; answers are futures, watch events and changes of state go to the listener on the
// runner's thread. An event is delivered before any answer that could reveal what it tells.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "client/connect_string.h"
#include "client/session_machine.h"

namespace drover::client {

class SessionRunner {
 public:
  using Listener = std::function<void(const WatchedEvent&)>;

  // Starts connecting at once. `listener` must not call back into the runner and wait.
  SessionRunner(std::vector<HostPort> hosts, SessionMachine::Options options, Listener listener);
  // Hangs up without closing the session: the server keeps it until its timeout, or call close()
  // before.
  ~SessionRunner();
  SessionRunner(const SessionRunner&) = delete;
  SessionRunner& operator=(const SessionRunner&) = delete;

  [[nodiscard]] std::future<Completion> ask(Request request);
  void add_auth(Credential credential);
  // Forgets watches here; false if there was none. The server is not told.
  bool forget_watches(WatcherType type, std::string path);
  [[nodiscard]] bool has_watch(WatcherType type, std::string path);
  // Gives the present connection up, as if it had been lost.
  void drop_connection();
  // Ends the session and waits for the server to say so, at most one session timeout.
  void close();
  // True as soon as the session is connected; false when it is over or `at_most` has passed.
  [[nodiscard]] bool wait_connected(std::chrono::milliseconds at_most);

  [[nodiscard]] SessionState state() const { return state_.load(); }
  [[nodiscard]] wire::SessionId session_id() const { return wire::SessionId(session_id_.load()); }

 private:
  struct Link;

  // Calls `f(machine, now, effects)` and carries the effects out. On the runner's thread.
  template <typename F>
  void drive(F f);
  void carry_out(SessionEffects& effects);
  void connect(std::size_t host);
  void read(const std::shared_ptr<Link>& link);
  void write(const std::shared_ptr<Link>& link);
  void hang_up();
  void lost(const std::shared_ptr<Link>& link);
  void arm_timer();
  void answer_waiters();

  // Runs `f` on the runner's thread and waits for what it returns.
  template <typename F>
  auto on_thread(F f) -> decltype(f());

  std::vector<HostPort> hosts_;
  Listener listener_;
  boost::asio::io_context io_;

  // All below: only on the runner's thread, but for the atomics.
  SessionMachine machine_;
  boost::asio::ip::tcp::resolver resolver_{io_};
  boost::asio::steady_timer timer_{io_};
  std::shared_ptr<Link>
      link_;  // the present connection; handlers of earlier ones see that they are not it
  std::unordered_map<RequestId, std::promise<Completion>> answers_;
  std::vector<std::promise<bool>> waiters_;  // for a connection
  std::atomic<SessionState> state_ = SessionState::kConnecting;
  std::atomic<std::int64_t> session_id_ = 0;

  std::thread thread_;  // last: it uses everything above
};

}  // namespace drover::client
