#pragma once
// Runs a SessionMachine with connections and an alarm, on an executor that runs one function at a
// time (a strand, or an io_context with one thread). Everything is called there, but for what says
// otherwise; what the session has to say goes to the sink, there too.

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "client/connect_string.h"
#include "client/environment.h"
#include "client/session_machine.h"

namespace drover::client {

class SessionRunner : public std::enable_shared_from_this<SessionRunner> {
 public:
  struct Owner {
    // Each delivery, in order. May call the runner.
    std::function<void(Delivery&)> take;
    // After every batch of deliveries, and before what it caused is written: the moment to submit
    // more. True: there may be more still, call again.
    std::function<bool()> batch_ended = [] { return false; };
  };

  SessionRunner(boost::asio::any_io_executor executor, std::vector<HostPort> hosts,
                SessionMachine::Options options, Owner owner);
  // Hangs up without closing the session: the server keeps it until its timeout.
  ~SessionRunner() = default;
  SessionRunner(const SessionRunner&) = delete;
  SessionRunner& operator=(const SessionRunner&) = delete;

  // Starts connecting. `owner` must be alive while the sink is called, and is kept so.
  void start(std::weak_ptr<void> owner);
  // Begins a new session in place of one that is over, with these credentials.
  void renew(const std::vector<Credential>& credentials);

  // The answer is delivered with this id. Ids count up from 1, and on through renewals. Written at
  // the end of the batch, or by flush().
  RequestId submit(Request request);
  void add_auth(Credential credential);
  // As SessionMachine's; each is carried out at the end of the batch, or by flush().
  bool forget_watches(WatcherType type, std::string_view path);
  RequestId close();
  void abandon();
  // From now on these hosts. The connection is kept if it leads to one of them and the load is to
  // stay there (rebalanced(), host_list.h), else given up. `random` is any number.
  void replace_hosts(std::vector<HostPort> hosts, base::Prng& prng);
  // Gives the present connection up, as if it had been lost.
  void drop_connection();
  // Carries out what the calls above have left to do. No-op while the sink is being called.
  void flush();

  [[nodiscard]] const SessionMachine& machine() const { return *machine_; }
  // Any thread.
  [[nodiscard]] SessionState state() const { return state_.load(); }
  [[nodiscard]] wire::SessionId session_id() const { return wire::SessionId(session_id_.load()); }
  [[nodiscard]] std::int32_t timeout_ms() const { return timeout_ms_.load(); }

 private:
  // Calls `f(machine, now, effects)`, then flush().
  template <typename F>
  void drive(F f);
  [[nodiscard]] bool has_effects() const;
  void carry_out();
  void publish_state();
  void connect(std::size_t host);
  void hang_up();
  void arm_alarm();
  // While connected to a server without a quorum: looks for one that has it, and moves there.
  void look_for_quorum();
  void move_to(const HostPort& host);

  boost::asio::any_io_executor executor_;
  Environment& environment_;
  std::vector<HostPort> hosts_;
  HostPort current_;  // where connection_ leads
  bool is_looking_for_quorum_ = false;
  SessionMachine::Options options_;
  Owner owner_;
  std::weak_ptr<void> owner_life_;
  std::unique_ptr<SessionMachine> machine_;
  RequestId ids_before_ = 0;  // given by machines before this one
  RequestId last_id_ = 0;     // of this machine

  SessionEffects effects_;
  std::vector<Delivery> deliveries_;  // those being delivered
  bool is_flushing_ = false;

  std::unique_ptr<Alarm> alarm_;
  // When it rings. A deadline that moved away is noticed then: most of them do.
  std::optional<base::Instant> armed_for_;
  std::shared_ptr<Connection> connection_;

  std::atomic<SessionState> state_ = SessionState::kConnecting;
  std::atomic<std::int64_t> session_id_ = 0;
  std::atomic<std::int32_t> timeout_ms_ = 0;
};

}  // namespace drover::client
