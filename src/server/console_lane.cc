#include "server/console_lane.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "server/clock.h"

namespace drover::server {

namespace asio = boost::asio;

namespace {

// Writes on their way; the page has one or two, a script that wants more is a client.
constexpr std::size_t kPendingMax = 256;
// The session ends when nothing was written for so long.
constexpr std::int64_t kIdleMs = 20'000;
constexpr auto kLook = std::chrono::seconds(1);
// An answer that does not come: without a quorum nothing is decided.
constexpr std::int64_t kPatienceMs = 20'000;

}  // namespace

ConsoleLane::ConsoleLane(asio::io_context& context, SharedTree& shared, ConsoleLaneOptions options,
                         Forward forward)
    : context_(context),
      shared_(shared),
      options_(options),
      forward_(std::move(forward)),
      serving_(options.serving) {}

void ConsoleLane::stop() {
  timer_.reset();
}

void ConsoleLane::note_hold(SteadyClock::time_point since) {
  const std::int64_t us = (SteadyClock::now() - since) / std::chrono::microseconds(1);
  const MutexLock lock(holds_mutex_);
  hold_us_.add(us);
}

base::Distribution ConsoleLane::hold_us() const {
  const MutexLock lock(holds_mutex_);
  return hold_us_;
}

void ConsoleLane::wake() {
  if (wake_posted_.exchange(true, std::memory_order_acq_rel)) return;
  asio::post(context_, [this] {
    wake_posted_.store(false, std::memory_order_release);
    const ReadHold hold(shared_.gate, shared_.console_lane());
    take_inbox();
  });
}

void ConsoleLane::take_inbox() {
  using Kind = txn::Deliveries::Item::Kind;
  txn::Deliveries& inbox = shared_.inboxes[shared_.console_lane()];
  if (inbox.empty()) return;
  for (const txn::Deliveries::Item& item : inbox.order) {
    switch (item.kind) {
      case Kind::kReply:
        on_reply(inbox, inbox.replies[item.index]);
        break;
      case Kind::kServing:
        serving_ = true;
        term_ = item.index;
        break;
      case Kind::kNotServing:
        serving_ = false;
        ++generation_;
        lose_session();
        break;
      case Kind::kChange:  // not taken
        break;
    }
  }
  inbox.clear();
}

void ConsoleLane::on_reply(const txn::Deliveries& inbox, const txn::Reply& reply) {
  using Kind = txn::Reply::Kind;
  if (reply.connection != connection_ || session_state_ == Session::kNone) return;
  switch (reply.kind) {
    case Kind::kSessionCreated:
      if (reply.timeout_ms <= 0) return lose_session();
      session_ = reply.session;
      session_state_ = Session::kOpen;
      for (Pending& pending : std::exchange(waiting_, {})) send(std::move(pending));
      return;
    case Kind::kReply:
      if (sent_.empty() || sent_.front().xid != reply.xid) return;
      {
        Pending pending = std::move(sent_.front());
        sent_.pop_front();
        finish(std::move(pending),
               {reply.error, std::string(inbox.view(reply.body_offset, reply.body_size))});
      }
      return;
    case Kind::kDropped:
      if (!sent_.empty()) {
        Pending pending = std::move(sent_.front());
        sent_.pop_front();
        finish(std::move(pending), {.error = ErrorCode::kConnectionLoss, .body = {}});
      }
      return;
    case Kind::kReplyThenClose:
    case Kind::kSessionReattached:
    case Kind::kCloseConnection:
      return lose_session();
  }
}

void ConsoleLane::lose_session() {
  session_state_ = Session::kNone;
  session_ = {};
  for (auto* list : {&sent_, &waiting_}) {
    for (Pending& pending : std::exchange(*list, {})) {
      finish(std::move(pending), {.error = ErrorCode::kConnectionLoss, .body = {}});
    }
  }
}

// Later: the tree may be held now, and the answer may lead to the next request.
void ConsoleLane::finish(Pending pending, Answer answer) {
  asio::post(context_,
             [done = std::move(pending.done), answer = std::move(answer)] { done(answer); });
}

void ConsoleLane::write(const txn::Identities& identities, wire::OpCode op, base::ByteBuffer body,
                        Done done) {
  Pending pending{.identities = identities,
                  .op = op,
                  .body = std::move(body),
                  .done = std::move(done),
                  .xid = 0,
                  .asked = now()};
  hold([](tree::Tree&) {});  // whether we serve
  if (!serving_ || sent_.size() + waiting_.size() >= kPendingMax) {
    return finish(std::move(pending), {.error = ErrorCode::kConnectionLoss, .body = {}});
  }
  last_write_ = now();
  if (session_state_ == Session::kOpen) return send(std::move(pending));
  waiting_.push_back(std::move(pending));
  if (session_state_ == Session::kNone) ask_for_session();
}

void ConsoleLane::ask_for_session() {
  session_state_ = Session::kAsked;
  ++connection_;
  txn::Request& request = batch_.requests.emplace_back();
  request.op = wire::OpCode::kCreateSession;
  request.timeout_ms = options_.session_timeout_ms;
  request.from = {shared_.console_lane(), connection_};
  request.identities = waiting_.front().identities;
  forward();
  last_touch_ = now();
  arm();
}

void ConsoleLane::send(Pending pending) {
  pending.xid = next_xid_;
  next_xid_ = next_xid_ == INT32_MAX ? 1 : next_xid_ + 1;
  txn::Request& request = batch_.requests.emplace_back();
  request.op = pending.op;
  request.xid = pending.xid;
  request.from = {shared_.console_lane(), connection_};
  request.session = session_;
  request.identities = pending.identities;
  request.body_offset = static_cast<std::uint32_t>(batch_.bytes.size());
  request.body_size = static_cast<std::uint32_t>(pending.body.size());
  batch_.bytes.append(pending.body.view());
  pending.body = {};
  sent_.push_back(std::move(pending));
  touch();
}

void ConsoleLane::forward() {
  batch_.term = term_;
  forward_(batch_);
}

void ConsoleLane::touch() {
  last_touch_ = now();
  batch_.touches.push_back({session_, last_touch_});
  forward();
}

void ConsoleLane::arm() {
  if (!timer_) timer_.emplace(context_);
  timer_->expires_after(kLook);
  timer_->async_wait([this](boost::system::error_code aborted) {
    if (!aborted) on_timer();
  });
}

void ConsoleLane::on_timer() {
  hold([](tree::Tree&) {});
  if (session_state_ == Session::kNone) return;
  const base::Instant time = now();
  const auto passed = [&time](base::Instant since) { return time.ms() - since.ms(); };
  const auto late = [&](const std::deque<Pending>& list) {
    return !list.empty() && passed(list.front().asked) > kPatienceMs;
  };
  if (late(waiting_) || late(sent_)) {
    lose_session();  // it expires
    return;
  }
  if (session_state_ == Session::kOpen) {
    if (sent_.empty() && passed(last_write_) > kIdleMs) {
      txn::Request& request = batch_.requests.emplace_back();
      request.op = wire::OpCode::kCloseSession;
      request.xid = next_xid_;
      request.from = {shared_.console_lane(), connection_};
      request.session = session_;
      request.identities = std::make_shared<const std::vector<Id>>();
      forward();
      session_state_ = Session::kNone;
      session_ = {};
      return;
    }
    if (passed(last_touch_) > options_.session_timeout_ms / 3) touch();
  }
  arm();
}

}  // namespace drover::server
