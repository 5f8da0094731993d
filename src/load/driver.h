#pragma once
// Keeps a number of sessions busy from one thread: each always has `outstanding` requests in
// flight. Bare epoll, one read and one write per wake-up of a session, so that what is measured is
// the server.
//
// A connection that the server closes is counted and stays closed; the run goes on with the others
// and fails when none is left. A session with nothing to do for kPingInterval is kept alive by a
// ping.

#include <drover/result.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/byte_buffer.h"
#include "base/time.h"
#include "client/connect_string.h"
#include "load/workload.h"

namespace drover::load {

[[nodiscard]] base::Instant steady_now();

class LoadDriver {
 public:
  struct Options {
    std::vector<client::HostPort> servers;  // sessions take them in turn
    std::size_t sessions = 1;
    std::int32_t session_timeout_ms = 30'000;
  };

  explicit LoadDriver(Options options);
  ~LoadDriver();
  LoadDriver(const LoadDriver&) = delete;
  LoadDriver& operator=(const LoadDriver&) = delete;

  // Resolves the servers and opens every session. Errors: a name that does not resolve, a server
  // that refuses or hangs up, kStallMax without an answer.
  Result<void> open();

  // Runs until `until`, or until the workload is finished and everything is answered. Requests are
  // in flight when it returns at `until`: call it again, or drain().
  Result<void> run(Workload& workload, std::size_t outstanding, base::Instant until);

  // Sends nothing more, takes what is in flight.
  Result<void> drain(Workload& workload);

  // Ends all sessions with closeSession.
  Result<void> close();

  [[nodiscard]] std::uint64_t connections_lost() const { return connections_lost_; }

  // Without any reply for so long a run gives up.
  static constexpr std::chrono::seconds kStallMax{30};
  // Half of the shortest session timeout that a server with default settings grants.
  static constexpr std::chrono::seconds kPingInterval{2};

 private:
  enum class State { kClosed, kConnecting, kHandshaking, kOpen };

  struct InFlight {
    base::Instant sent;
    std::uint32_t tag = 0;
  };

  // What is in flight, oldest first. A ring that only grows.
  class InFlightQueue {
   public:
    [[nodiscard]] std::size_t size() const { return tail_ - head_; }
    void push(InFlight item);
    InFlight pop();
    void clear() { head_ = tail_ = 0; }

   private:
    std::vector<InFlight> ring_;  // Invariant: its size is a power of two
    std::size_t head_ = 0;
    std::size_t tail_ = 0;
  };

  struct Session {
    State state = State::kClosed;
    int socket = -1;
    std::uint32_t registered_events = 0;  // with epoll
    std::size_t server = 0;               // index into addresses_
    base::Instant connect_started;
    base::Instant last_sent;
    std::int32_t next_xid = 1;
    bool is_closing = false;  // closeSession was sent
    base::ByteBuffer out;     // encoded, not yet written
    std::string partial;      // the beginning of a frame whose rest has not arrived
    InFlightQueue in_flight;
  };

  Result<void> resolve();
  Result<void> start_connect(std::size_t index);
  void send_handshake(Session& session);
  // One wait for readiness, at most until `until`, and everything that follows from it.
  Result<void> step(Workload* workload, std::size_t outstanding, base::Instant until);
  Result<void> handle(std::size_t index, std::uint32_t events, Workload* workload);
  Result<void> receive(std::size_t index, Workload* workload);
  // Takes complete frames off the front of `bytes`; returns what remains.
  Result<std::string_view> take_frames(std::size_t index, std::string_view bytes,
                                       Workload* workload);
  Result<void> take_frame(std::size_t index, std::string_view frame, Workload* workload);
  Result<void> finish_handshake(std::size_t index, std::string_view frame, Workload* workload);
  void fill(std::size_t index, Workload& workload, std::size_t outstanding);
  Result<void> flush(std::size_t index, Workload* workload);
  Result<void> ping_idle_sessions(base::Instant now, Workload* workload);
  void watch_socket(std::size_t index, std::uint32_t events);
  void hang_up(Session& session);
  Result<void> lose(std::size_t index, const std::string& why, Workload* workload);
  [[nodiscard]] bool anything_in_flight() const;

  Options options_;
  std::vector<sockaddr_storage> addresses_;
  std::vector<Session> sessions_;
  int epoll_ = -1;
  std::size_t open_count_ = 0;
  bool draining_ = false;
  std::uint64_t connections_lost_ = 0;
  std::uint64_t losses_in_a_row_ = 0;
  base::Instant pings_checked_;
  base::Instant last_reply_;  // when bytes last arrived on any session
  std::vector<char> input_;   // shared by all sessions
};

}  // namespace drover::load
