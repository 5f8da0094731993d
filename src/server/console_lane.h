#pragma once
// The console as a client of its own server: a lane on the admin thread, with a slot at the gate
// and an inbox like a reactor's, but without connections. Reads look at the tree under that slot;
// writes travel through the replica with the identities of whoever asked, in one session that all
// of them share, so that access checks, quotas, the way to the leader and errors are the ones that
// every client meets (docs/decisions/0009).
//
// Threads: the admin server's, but for the calls marked [any thread].

#include <drover/error_code.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "base/distribution.h"
#include "base/time.h"
#include "server/clock.h"
#include "server/mutex.h"
#include "server/shared_tree.h"
#include "txn/request.h"
#include "wire/op_code.h"

namespace drover::server {

struct ConsoleLaneOptions {
  bool serving = true;                  // false: only once the replica says so (an ensemble)
  std::int32_t session_timeout_ms = 0;  // of the console's own session
};

class ConsoleLane {
 public:
  struct Answer {
    ErrorCode error = ErrorCode::kOk;  // kConnectionLoss: not served, or cut off before an answer
    std::string body;                  // the response record
  };
  using Done = std::function<void(const Answer&)>;
  // Takes the batch and leaves an empty one; [any thread].
  using Forward = std::function<void(txn::RequestBatch&)>;

  // `context` is the admin server's. All referenced must outlive the lane.
  ConsoleLane(boost::asio::io_context& context, SharedTree& shared, ConsoleLaneOptions options,
              Forward forward);

  void stop();  // once the admin thread has ended

  // [any thread] The writer has put something into the inbox.
  void wake();

  // Calls task(const tree::Tree&) with the tree held. False, and no call: nobody is served. Short
  // tasks only; whatever grows with the tree is a ConsoleWalk.
  template <typename Task>
  bool read(Task task) {
    const ReadHold hold(shared_.gate, shared_.console_lane());
    const auto began = SteadyClock::now();
    take_inbox();
    if (!serving_) return false;
    task(static_cast<const tree::Tree&>(shared_.tree));
    note_hold(began);
    return true;
  }
  // For walks: the tree itself, and whether it is still the one of `generation`.
  template <typename Task>
  void hold(Task task) {
    const ReadHold hold(shared_.gate, shared_.console_lane());
    const auto began = SteadyClock::now();
    take_inbox();
    task(shared_.tree);
    note_hold(began);
  }
  // [any thread] Something that serves clients was kept from it since then: the writer by a hold of
  // the tree, or a reactor by a question.
  void note_hold(SteadyClock::time_point since);
  [[nodiscard]] base::Distribution hold_us() const;  // [any thread]
  // Changes whenever what the tree shows may have been replaced. Under the hold.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  [[nodiscard]] bool serving() const { return serving_; }
  [[nodiscard]] SharedTree& shared() { return shared_; }

  // The one that all writes go through; 0: none now.
  [[nodiscard]] wire::SessionId session() const { return session_; }

  // `body` is the request record. `done` comes later on the admin thread, once.
  void write(const txn::Identities& identities, wire::OpCode op, base::ByteBuffer body, Done done);

 private:
  mutable Mutex holds_mutex_;
  base::Distribution hold_us_ DROVER_GUARDED_BY(holds_mutex_);

  struct Pending {
    txn::Identities identities;
    wire::OpCode op = wire::OpCode::kError;
    base::ByteBuffer body;
    Done done;
    std::int32_t xid = 0;
    base::Instant asked;
  };
  enum class Session { kNone, kAsked, kOpen };

  void take_inbox() DROVER_REQUIRES_SHARED(shared_.gate);
  void on_reply(const txn::Deliveries& inbox, const txn::Reply& reply);
  void lose_session();  // whatever was asked is answered with kConnectionLoss
  void finish(Pending pending, Answer answer);
  void ask_for_session();
  void send(Pending pending);
  void forward();
  void touch();
  void arm();
  void on_timer();

  boost::asio::io_context& context_;
  SharedTree& shared_;
  const ConsoleLaneOptions options_;
  Forward forward_;
  std::optional<boost::asio::steady_timer> timer_;  // once there is a session

  bool serving_;
  std::uint32_t term_ = 0;  // as in txn::RequestBatch
  std::uint64_t generation_ = 0;
  Session session_state_ = Session::kNone;
  wire::SessionId session_;
  std::uint64_t connection_ = 0;  // a new number per session, so that late answers find nobody
  std::int32_t next_xid_ = 1;
  std::deque<Pending> waiting_;  // for the session
  std::deque<Pending> sent_;     // in order
  base::Instant last_write_, last_touch_;
  txn::RequestBatch batch_;
  std::atomic<bool> wake_posted_{false};
};

}  // namespace drover::server
