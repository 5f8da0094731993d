#pragma once
// The engine behind drover::Client: one session after the other on one executor, calls that wait
// for a connection and are tried again, watches and who waits for them, the states that recipes
// follow.
//
// Threads: submit(), run(), and what says so may be called on any thread; everything else belongs
// to the executor, which runs one function at a time. Work that was handed in is begun in the order
// in which it came.

#include <drover/client.h>

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "base/prng.h"
#include "client/agenda.h"
#include "client/call.h"
#include "client/connect_string.h"
#include "client/environment.h"
#include "client/session_runner.h"
#include "client/watch_table.h"

namespace drover::client {

class Core : public std::enable_shared_from_this<Core> {
 public:
  Core(boost::asio::any_io_executor executor, ConnectString servers, ClientOptions options);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // --- any thread

  // Starts connecting.
  void start();
  void submit(std::unique_ptr<Call> call);
  // Runs `action` on the executor, in its turn.
  void run(std::move_only_function<void()> action);
  [[nodiscard]] const boost::asio::any_io_executor& executor() const { return executor_; }
  [[nodiscard]] const ClientOptions& options() const { return options_; }
  [[nodiscard]] const std::string& chroot() const { return chroot_; }
  [[nodiscard]] SessionState state() const { return runner_->state(); }
  [[nodiscard]] std::int64_t session_id() const { return runner_->session_id().value; }
  [[nodiscard]] std::chrono::milliseconds negotiated_timeout() const {
    return std::chrono::milliseconds(runner_->timeout_ms());
  }
  [[nodiscard]] std::stop_token suspect_token() const;
  [[nodiscard]] std::stop_token closing_token() const { return closing_.get_token(); }
  [[nodiscard]] Stream<ConnectionState> connection_states() { return states_.subscribe(); }
  [[nodiscard]] Subscription on_connection_state(std::function<void(ConnectionState)> changed);
  // Closes the session, and stays until that is done.
  void close_and_linger();

  // --- on the executor

  // Carries out what was begun; no-op while a batch of answers is being delivered.
  void flush() { runner_->flush(); }
  // Sends the call, or keeps it until there is a connection.
  void begin(std::unique_ptr<Call> call);
  void wait_connected(std::chrono::milliseconds at_most, detail::Handler<void> handler);
  void add_auth(Credential credential);
  void replace_hosts(std::vector<HostPort> hosts);
  void close(std::move_only_function<void(ErrorCode)> closed);

  // Makes the OneShot of a read that left a watch. `path` is the server's.
  [[nodiscard]] OneShot make_one_shot(WatchKind kind, const std::string& path,
                                      const std::string& prefix);
  [[nodiscard]] Stream<WatchedEvent> make_stream(WatchKind kind, const std::string& path,
                                                 const std::string& prefix);
  [[nodiscard]] Agenda& agenda() { return *agenda_; }
  [[nodiscard]] std::uint64_t random() { return prng_.next(); }
  [[nodiscard]] base::Instant now() { return environment_.now(); }
  [[nodiscard]] bool is_closing() const { return is_closing_; }
  [[nodiscard]] const SessionMachine& machine() const { return runner_->machine(); }

 private:
  using Item = std::variant<std::unique_ptr<Call>, std::move_only_function<void()>>;
  struct Waiter {  // for a connection
    detail::Handler<void> handler;
    std::uint64_t number;
  };

  // Calls of a namespace whose znode is being made wait here.
  struct NameSpace {
    enum class State : std::uint8_t { kUnknown, kBeingMade, kMade };
    State state = State::kUnknown;
    std::vector<std::unique_ptr<Call>> waiting;
  };

  void enqueue(Item item);
  [[nodiscard]] bool drain();

  void take(Delivery& delivery);
  void take_completion(Completion& completion);
  void settle(std::unique_ptr<Call> call, Completion& completion);
  [[nodiscard]] bool may_repeat(const Call& call, const Completion& completion) const;
  void make_name_space(const std::string& path);
  void name_space_settled(const std::string& path, bool is_made);
  void fail(std::unique_ptr<Call> call, ErrorCode error);
  void send(std::unique_ptr<Call> call);
  void send_waiting();
  void expire_waiting();
  void fail_waiting(ErrorCode error);
  void watch_for_overdue();
  void look_for_overdue();

  void take_state(KeeperState state);
  void connected(ConnectionState state);
  void suspended();
  void lost(ErrorCode why);
  void renew_session();
  void count_down_to_lost();
  void tell(ConnectionState state);
  void make_suspect();
  void answer_connection_waiters(ErrorCode error);
  void set_persistent_again();

  void drop_watch(WatchKind kind, const std::string& path,
                  const detail::Channel<WatchedEvent>* channel);
  void forget_watch(WatchKind kind, const std::string& path);
  void remove_from_server(WatcherType type, const std::string& path);
  void remove_all_from_server(const std::string& path);
  void track_ensemble();
  void finish_closing(ErrorCode error);

  const boost::asio::any_io_executor executor_;
  Environment& environment_;
  const std::string chroot_;
  std::vector<HostPort> hosts_;  // on the executor only
  const ClientOptions options_;
  std::shared_ptr<SessionRunner> runner_;
  std::shared_ptr<Agenda> agenda_;
  base::Prng prng_;
  StreamSource<ConnectionState> states_;
  std::stop_source closing_;

  std::mutex inbox_mutex_;
  std::vector<Item> inbox_;
  bool is_awake_ = false;  // somebody is going to look into the inbox

  mutable std::mutex suspect_mutex_;
  std::stop_source suspect_;

  std::mutex listeners_mutex_;
  std::map<std::uint64_t, std::shared_ptr<std::function<void(ConnectionState)>>> listeners_;
  std::uint64_t last_listener_ = 0;

  // On the executor only.
  std::vector<Item> drained_;
  std::deque<std::unique_ptr<Call>> sent_;  // by id: the first is first_sent_
  RequestId first_sent_ = 1;
  std::map<std::string, NameSpace> name_spaces_;
  std::deque<std::unique_ptr<Call>> waiting_;  // for a connection, the longest first
  bool is_waiting_watched_ = false;
  bool is_overdue_watched_ = false;
  std::vector<Waiter> connection_waiters_;
  std::uint64_t last_waiter_ = 0;
  std::vector<Credential> credentials_;
  WatchTable watches_;
  // Requests on their way that will leave a watch. While there is one, a watch that nobody wants
  // any more stays on the server: removing it would remove the new one.
  std::map<std::pair<WatcherType, std::string>, int> arming_;
  std::optional<ConnectionState> connection_state_;
  bool has_been_connected_ = false;
  bool is_new_session_ = false;  // persistent watches are to be set in it
  std::optional<Agenda::Entry> lost_entry_;
  bool is_closing_ = false;
  bool is_closed_ = false;
  RequestId close_id_ = 0;
  std::vector<std::move_only_function<void(ErrorCode)>> closed_;
};

}  // namespace drover::client
