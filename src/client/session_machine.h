#pragma once
// A client's session as a state machine: bytes and time in, bytes and outcomes out. It makes the
// handshake, numbers requests and pairs them with replies, pings, finds the next server when one is
// lost, takes the same session there with its credentials and watches, and learns when the session
// is over. No socket, clock or thread: whoever owns those calls it and carries out the effects, in
// the order of the struct.
//
// The owner's duties:
//   1. call start() once;
//   2. report what became of each connect_to: on_connected(), or on_disconnected() when it failed;
//   3. hand over bytes as they come; report a connection that ended by itself with
//   on_disconnected(), never
//      one that an effect told it to close;
//   4. call on_time() when next_deadline() has come. Deadlines change with every call.

#include <drover/connection_state.h>
#include <drover/event.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/byte_buffer.h"
#include "base/prng.h"
#include "base/time.h"
#include "client/watch_registry.h"
#include "wire/client_records.h"

namespace drover::client {

using drover::SessionState;

using RequestId = std::uint64_t;

struct Credential {
  std::string scheme;
  std::optional<std::string> auth;  // nullopt: null on the wire
};

// What the owner wants to ask; the body is the encoded record after the header.
struct Request {
  wire::OpCode op = wire::OpCode::kPing;
  std::string body;
  // The watch that the request leaves on success. kData on exists becomes kExist when there is no
  // znode.
  std::optional<std::pair<WatchKind, std::string>> watch = std::nullopt;
};

// The answer to a request, exactly one per submit().
struct Completion {
  RequestId id = 0;
  ErrorCode error =
      ErrorCode::kOk;  // with kConnectionLoss, kSessionExpired, kAuthFailed made up here
  // The reply's record; of a request that got none (kConnectionLoss, kSessionExpired and
  // kAuthFailed made up here, or an error that came alone) its own, given back, so that it can be
  // asked again.
  std::string body;
  bool was_sent = true;  // false: certainly not executed; true with kConnectionLoss: nobody knows
  wire::Zxid zxid{};     // of the reply's header; 0: there was no reply
};

using Delivery = std::variant<Completion, WatchedEvent>;

struct SessionEffects {
  bool disconnect = false;                // close the present connection
  std::optional<std::size_t> connect_to;  // open one to this host, an index below host_count
  base::ByteBuffer send;                  // write this to it
  std::vector<Delivery> deliveries;       // for the owner's user, in this order
};

class SessionMachine {
 public:
  struct Options {
    std::size_t host_count = 1;
    std::int32_t timeout_ms = 30'000;  // asked for; the server may grant another
    bool read_only_allowed = false;
    bool shuffles_hosts = true;                // else they are tried as listed
    bool repeats_watches = true;               // tell the next server of them after a reconnection
    std::uint64_t seed = 0;                    // order of hosts, pauses between attempts
    std::int32_t frame_length_max = 64 << 20;  // bytes of one reply, else the connection is dropped
  };

  explicit SessionMachine(const Options& options);

  void start(base::Instant now, SessionEffects& effects);
  void on_connected(base::Instant now, SessionEffects& effects);
  void on_disconnected(base::Instant now, SessionEffects& effects);
  void on_bytes(std::string_view bytes, base::Instant now, SessionEffects& effects);
  void on_time(base::Instant now, SessionEffects& effects);

  // Requests made while connecting wait for the handshake, or fail with the attempt.
  RequestId submit(Request request, base::Instant now, SessionEffects& effects);
  // Sent now and after every reconnection. A refusal ends the session in kAuthFailed.
  void add_auth(Credential credential, base::Instant now, SessionEffects& effects);
  // Sends closeSession behind everything asked before; the session is over when it is answered, or
  // cannot be (kConnectionLoss: the server will let it expire).
  RequestId close(base::Instant now, SessionEffects& effects);

  // From now on these hosts, indices of the owner's list, in this order.
  void replace_hosts(std::vector<std::size_t> order);

  // Gives the session up as expired, without a server's word.
  void abandon(SessionEffects& effects);

  // Forgets watches on `path`; the removal events go to `effects`. False: there was none.
  bool forget_watches(WatcherType type, std::string_view path, SessionEffects& effects);
  [[nodiscard]] bool has_watch(WatcherType type, std::string_view path) const {
    return watches_.contains(type, path);
  }

  [[nodiscard]] SessionState state() const { return state_; }
  [[nodiscard]] bool is_connected() const {
    return state_ == SessionState::kConnected || state_ == SessionState::kConnectedReadOnly;
  }
  [[nodiscard]] wire::SessionId session_id() const { return session_id_; }
  // The newest that a server has shown.
  [[nodiscard]] wire::Zxid last_zxid() const { return last_zxid_; }
  [[nodiscard]] std::int32_t timeout_ms() const { return timeout_ms_; }
  // When the newest request that a server has answered was sent: since then, at the earliest, the
  // servers count the session's timeout down.
  [[nodiscard]] base::Instant last_confirmed() const { return last_confirmed_; }
  // nullopt: nothing to wait for, the session is over.
  [[nodiscard]] std::optional<base::Instant> next_deadline() const;

 private:
  enum class Link { kNone, kConnecting, kHandshaking, kOpen };

  struct Pending {
    RequestId id = 0;
    std::int32_t xid = 0;
    Request request;
    base::Instant sent{};
  };

  void begin_attempt(base::Instant now, SessionEffects& effects);
  void schedule_attempt(base::Instant now);
  void lose_connection(base::Instant now, SessionEffects& effects);
  void finish_handshake(std::string_view frame, base::Instant now, SessionEffects& effects);
  void take_frame(std::string_view frame, base::Instant now, SessionEffects& effects);
  void take_event(wire::JuteReader& in, const wire::ReplyHeader& header, SessionEffects& effects);
  void take_reply(wire::JuteReader& in, const wire::ReplyHeader& header, base::Instant now,
                  SessionEffects& effects);
  void send_request(Pending pending, base::Instant now, SessionEffects& effects);
  void send_frame(std::int32_t xid, wire::OpCode op, std::string_view body, base::Instant now,
                  SessionEffects& effects);
  void send_auth(const Credential& credential, base::Instant now, SessionEffects& effects);
  void end(SessionState state, ErrorCode error, SessionEffects& effects);
  void fail_all(ErrorCode error, SessionEffects& effects);
  void tell_state(KeeperState state, SessionEffects& effects);
  [[nodiscard]] bool is_over() const {
    return state_ == SessionState::kClosed || state_ == SessionState::kAuthFailed;
  }
  // When an open connection is given up unless something comes.
  [[nodiscard]] base::Instant patience_ends() const;
  [[nodiscard]] std::chrono::nanoseconds timeout() const {
    return std::chrono::milliseconds(timeout_ms_);
  }

  Options options_;
  base::Prng prng_;
  std::vector<std::size_t> hosts_;  // shuffled once; attempts go round
  std::size_t next_host_ = 0;
  std::size_t failed_in_a_row_ = 0;  // attempts since the last handshake

  SessionState state_ = SessionState::kConnecting;
  Link link_ = Link::kNone;
  base::Instant attempt_at_;         // link_ kNone: when the next attempt is due
  base::Instant attempt_started_;    // link_ kConnecting, kHandshaking
  base::Instant last_sent_;          // link_ kOpen
  base::Instant last_heard_;         // link_ kOpen
  base::Instant last_confirmed_;     // link_ kOpen
  std::deque<base::Instant> pings_;  // unanswered: when they were sent
  base::ByteBuffer received_;        // the beginning of a frame

  wire::SessionId session_id_;
  // A server without a quorum gives out sessions that no other server knows; the first one with a
  // quorum is asked for another.
  bool has_seen_quorum_ = false;
  std::string password_ = std::string(wire::kPasswordSize, '\0');
  std::int32_t timeout_ms_;
  wire::Zxid last_zxid_;

  RequestId next_id_ = 1;
  std::int32_t next_xid_ = 1;
  bool is_closing_ = false;      // closeSession was asked for
  std::deque<Pending> queued_;   // waiting for a handshake
  std::deque<Pending> pending_;  // sent, unanswered, in the order of their xids
  std::vector<Credential> credentials_;
  WatchRegistry watches_;
  KeeperState last_told_ = KeeperState::kDisconnected;
};

}  // namespace drover::client
