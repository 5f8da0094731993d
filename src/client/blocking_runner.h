#pragma once
// A SessionRunner on a thread of its own, for callers that wait: answers are futures, watch events
// and changes of state go to the listener on the runner's thread. An event is delivered before any
// answer that could reveal what it tells. Thread-safe.

#include <functional>
#include <future>
#include <memory>
#include <unordered_map>
#include <vector>

#include "client/io_thread.h"
#include "client/session_runner.h"

namespace drover::client {

class BlockingRunner {
 public:
  using Listener = std::function<void(const WatchedEvent&)>;

  // Starts connecting at once. `listener` must not call back into the runner and wait.
  BlockingRunner(std::vector<HostPort> hosts, const SessionMachine::Options& options,
                 Listener listener);
  // Hangs up without closing the session: the server keeps it until its timeout, or call close()
  // before.
  ~BlockingRunner() { thread_.stop(); }
  BlockingRunner(const BlockingRunner&) = delete;
  BlockingRunner& operator=(const BlockingRunner&) = delete;

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

  [[nodiscard]] SessionState state() const { return runner_->state(); }
  [[nodiscard]] wire::SessionId session_id() const { return runner_->session_id(); }

 private:
  void take(Delivery& delivery);
  void answer_waiters();
  // Runs `f` on the runner's thread and waits for what it returns.
  template <typename F>
  auto on_thread(F f) -> decltype(f());

  Listener listener_;
  std::shared_ptr<void> life_ = std::make_shared<int>();  // ends after the thread
  IoThread thread_;
  // Only on that thread, or when it has ended.
  std::unordered_map<RequestId, std::promise<Completion>> answers_;
  std::vector<std::promise<bool>> waiters_;  // for a connection
  std::shared_ptr<SessionRunner> runner_;
};

}  // namespace drover::client
