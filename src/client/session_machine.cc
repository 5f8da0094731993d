#include "client/session_machine.h"

#include <algorithm>
#include <chrono>

namespace drover::client {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPingIntervalMax{10'000};
constexpr std::uint64_t kPauseMsMax = 1000;     // before any attempt but the first, random
constexpr milliseconds kPauseAfterRound{1000};  // when every host has failed in turn

}  // namespace

SessionMachine::SessionMachine(const Options& options)
    : options_(options), prng_(options.seed), timeout_ms_(options.timeout_ms) {
  DROVER_ASSERT(options.host_count > 0, "a session needs a host");
  for (std::size_t i = 0; i < options.host_count; ++i) hosts_.push_back(i);
  for (std::size_t i = hosts_.size() - 1; i > 0 && options.shuffles_hosts; --i) {
    std::swap(hosts_[i], hosts_[static_cast<std::size_t>(prng_.below(i + 1))]);
  }
}

// --- connections
// -----------------------------------------------------------------------------------------

void SessionMachine::start(base::Instant now, SessionEffects& effects) {
  begin_attempt(now, effects);
}

void SessionMachine::begin_attempt(base::Instant now, SessionEffects& effects) {
  link_ = Link::kConnecting;
  attempt_started_ = now;
  received_.clear();
  effects.connect_to = hosts_[next_host_];
  next_host_ = (next_host_ + 1) % hosts_.size();
}

void SessionMachine::schedule_attempt(base::Instant now) {
  attempt_at_ = now + milliseconds(prng_.below(kPauseMsMax));
  if (failed_in_a_row_ > 0 && failed_in_a_row_ % hosts_.size() == 0) {
    attempt_at_ = attempt_at_ + kPauseAfterRound;
  }
}

void SessionMachine::on_connected(base::Instant now, SessionEffects& effects) {
  if (link_ != Link::kConnecting) return;
  link_ = Link::kHandshaking;
  last_sent_ = now;
  wire::JuteWriter out(effects.send);
  const auto length_at = out.position();
  out.write_int(0);
  wire::ConnectRequest{.last_zxid_seen = last_zxid_,
                       .timeout_ms = options_.timeout_ms,
                       .session_id = has_seen_quorum_ ? session_id_ : wire::SessionId(),
                       .password = password_,
                       .read_only = options_.read_only_allowed}
      .encode(out);
  wire::store_big_endian(out.at(length_at),
                         static_cast<std::uint32_t>(out.position() - length_at - 4));
}

void SessionMachine::on_disconnected(base::Instant now, SessionEffects& effects) {
  if (link_ == Link::kNone || is_over()) return;
  lose_connection(now, effects);
}

void SessionMachine::lose_connection(base::Instant now, SessionEffects& effects) {
  link_ = Link::kNone;
  ++failed_in_a_row_;
  effects.send.clear();  // what was meant for this connection is not for the next
  if (is_closing_) return end(SessionState::kClosed, ErrorCode::kConnectionLoss, effects);
  state_ = SessionState::kConnecting;
  fail_all(ErrorCode::kConnectionLoss, effects);
  tell_state(KeeperState::kDisconnected, effects);
  schedule_attempt(now);
}

void SessionMachine::on_time(base::Instant now, SessionEffects& effects) {
  const auto deadline = next_deadline();
  if (!deadline || now < *deadline) return;
  switch (link_) {
    case Link::kNone:
      return begin_attempt(now, effects);
    case Link::kConnecting:
    case Link::kHandshaking:
      effects.disconnect = true;
      return lose_connection(now, effects);
    case Link::kOpen:
      break;
  }
  if (now >= patience_ends()) {
    effects.disconnect = true;
    return lose_connection(now, effects);
  }
  send_frame(wire::xid::kPing, wire::OpCode::kPing, "", now, effects);
  pings_.push_back(now);
}

// What comes late says little: a server may have heard nothing from us since it was sent, and count
// down. So it is not enough to hear something, as it is for the Java client.
base::Instant SessionMachine::patience_ends() const {
  return std::min(last_heard_ + timeout() * 2 / 3, last_confirmed_ + timeout() * 5 / 6);
}

std::optional<base::Instant> SessionMachine::next_deadline() const {
  if (is_over()) return std::nullopt;
  switch (link_) {
    case Link::kNone:
      return attempt_at_;
    case Link::kConnecting:
    case Link::kHandshaking:
      return attempt_started_ + timeout() / static_cast<std::int64_t>(hosts_.size());
    case Link::kOpen:
      break;
  }
  const auto ping_interval = std::min<std::chrono::nanoseconds>(timeout() / 3, kPingIntervalMax);
  return std::min(last_sent_ + ping_interval, patience_ends());
}

// --- bytes in
// --------------------------------------------------------------------------------------------

void SessionMachine::on_bytes(std::string_view bytes, base::Instant now, SessionEffects& effects) {
  if (link_ != Link::kHandshaking && link_ != Link::kOpen) return;
  last_heard_ = now;
  received_.append(bytes);
  while (received_.size() >= 4) {
    const std::int32_t length = wire::JuteReader(received_.view()).read_int();
    if (length < 0 || length > options_.frame_length_max) {
      effects.disconnect = true;
      return lose_connection(now, effects);
    }
    const auto size = static_cast<std::size_t>(length) + 4;
    if (received_.size() < size) return;
    take_frame(received_.view().substr(4, size - 4), now, effects);
    if (link_ != Link::kOpen) return;  // the frame ended the connection
    received_.consume(size);
  }
}

void SessionMachine::take_frame(std::string_view frame, base::Instant now,
                                SessionEffects& effects) {
  if (link_ == Link::kHandshaking) return finish_handshake(frame, now, effects);
  wire::JuteReader in(frame);
  const auto header = wire::ReplyHeader::decode(in);
  if (!in.ok()) {
    effects.disconnect = true;
    return lose_connection(now, effects);
  }
  switch (header.xid) {
    case wire::xid::kNotification:
      return take_event(in, header, effects);
    case wire::xid::kPing:
      if (pings_.empty()) return;
      last_confirmed_ = std::max(last_confirmed_, pings_.front());
      return pings_.pop_front();
    case wire::xid::kSetWatches:
      return;
    case wire::xid::kAuth:
      if (header.error == ErrorCode::kOk) return;
      effects.disconnect = true;
      tell_state(KeeperState::kAuthFailed, effects);
      return end(SessionState::kAuthFailed, ErrorCode::kAuthFailed, effects);
    default:
      return take_reply(in, header, now, effects);
  }
}

void SessionMachine::finish_handshake(std::string_view frame, base::Instant now,
                                      SessionEffects& effects) {
  wire::JuteReader in(frame);
  const auto response = wire::ConnectResponse::decode(in);
  if (!in.ok()) {
    effects.disconnect = true;
    return lose_connection(now, effects);
  }
  if (response.timeout_ms <= 0) {
    effects.disconnect = true;
    tell_state(KeeperState::kExpired, effects);
    return end(SessionState::kClosed, ErrorCode::kSessionExpired, effects);
  }
  const bool read_only = response.read_only.value_or(false);
  link_ = Link::kOpen;
  last_confirmed_ = last_sent_;  // the handshake
  pings_.clear();
  failed_in_a_row_ = 0;
  has_seen_quorum_ = has_seen_quorum_ || !read_only;
  state_ = read_only ? SessionState::kConnectedReadOnly : SessionState::kConnected;
  session_id_ = response.session_id;
  password_ = response.password;
  timeout_ms_ = response.timeout_ms;
  tell_state(read_only ? KeeperState::kConnectedReadOnly : KeeperState::kSyncConnected, effects);

  // Credentials first, so that the watches are set by those who may see the znodes; then what
  // waited.
  for (const auto& credential : credentials_) send_auth(credential, now, effects);
  if (options_.repeats_watches) {
    for (const auto& rearm : watches_.rearm(last_zxid_)) {
      send_frame(wire::xid::kSetWatches, rearm.op, rearm.body, now, effects);
    }
  }
  while (!queued_.empty()) {
    auto request = std::move(queued_.front());
    queued_.pop_front();
    send_request(std::move(request), now, effects);
  }
}

void SessionMachine::take_event(wire::JuteReader& in, const wire::ReplyHeader& header,
                                SessionEffects& effects) {
  const auto event = wire::WatcherEvent::decode(in);
  if (!in.ok() || !event.path || !watches_.take(event.type, *event.path)) return;
  effects.deliveries.push_back(WatchedEvent{.type = event.type,
                                            .state = state_ == SessionState::kConnectedReadOnly
                                                         ? KeeperState::kConnectedReadOnly
                                                         : event.state,
                                            .path = std::string(*event.path),
                                            .zxid = header.zxid.value});
}

void SessionMachine::take_reply(wire::JuteReader& in, const wire::ReplyHeader& header,
                                base::Instant now, SessionEffects& effects) {
  if (pending_.empty() || pending_.front().xid != header.xid) {
    effects.disconnect =
        true;  // the order of replies is the protocol: nothing after this can be trusted
    return lose_connection(now, effects);
  }
  Pending answered = std::move(pending_.front());
  pending_.pop_front();
  last_confirmed_ = std::max(last_confirmed_, answered.sent);
  // Positive numbers are this library's own.
  const ErrorCode error = is_local(header.error) ? ErrorCode::kSystemError : header.error;
  if (header.zxid.value > 0) last_zxid_ = header.zxid;

  if (const auto& watch = answered.request.watch) {
    const bool is_absent = error == ErrorCode::kNoNode;
    if (error == ErrorCode::kOk) watches_.add(watch->first, watch->second);
    if (is_absent && answered.request.op == wire::OpCode::kExists) {
      watches_.add(WatchKind::kExist, watch->second);
    }
  }
  effects.deliveries.push_back(Completion{.id = answered.id,
                                          .error = error,
                                          .body = error == ErrorCode::kOk || in.remaining() > 0
                                                      ? std::string(in.rest())
                                                      : std::move(answered.request.body),
                                          .zxid = header.zxid});
  if (answered.request.op == wire::OpCode::kCloseSession) {
    effects.disconnect = true;
    end(SessionState::kClosed, ErrorCode::kSessionExpired, effects);
  }
}

// --- requests out
// ----------------------------------------------------------------------------------------

RequestId SessionMachine::submit(Request request, base::Instant now, SessionEffects& effects) {
  const RequestId id = next_id_++;
  if (is_over() || is_closing_) {
    const auto error =
        state_ == SessionState::kAuthFailed ? ErrorCode::kAuthFailed : ErrorCode::kSessionExpired;
    effects.deliveries.push_back(
        Completion{.id = id, .error = error, .body = std::move(request.body), .was_sent = false});
    return id;
  }
  Pending pending{.id = id, .request = std::move(request)};
  if (link_ == Link::kOpen) {
    send_request(std::move(pending), now, effects);
  } else {
    queued_.push_back(std::move(pending));
  }
  return id;
}

void SessionMachine::send_request(Pending pending, base::Instant now, SessionEffects& effects) {
  pending.xid = next_xid_;
  next_xid_ = next_xid_ == INT32_MAX ? 1 : next_xid_ + 1;
  pending.sent = now;
  send_frame(pending.xid, pending.request.op, pending.request.body, now, effects);
  pending_.push_back(std::move(pending));
}

void SessionMachine::send_frame(std::int32_t xid, wire::OpCode op, std::string_view body,
                                base::Instant now, SessionEffects& effects) {
  wire::JuteWriter out(effects.send);
  out.write_int(static_cast<std::int32_t>(body.size() + 8));
  wire::RequestHeader{.xid = xid, .op = op}.encode(out);
  effects.send.append(body);
  last_sent_ = now;
}

void SessionMachine::send_auth(const Credential& credential, base::Instant now,
                               SessionEffects& effects) {
  base::ByteBuffer body;
  wire::JuteWriter out(body);
  wire::AuthRequest{.type = 0,
                    .scheme = credential.scheme,
                    .auth = credential.auth ? wire::NullableBytes(*credential.auth) : std::nullopt}
      .encode(out);
  send_frame(wire::xid::kAuth, wire::OpCode::kAuth, body.view(), now, effects);
}

void SessionMachine::add_auth(Credential credential, base::Instant now, SessionEffects& effects) {
  if (is_over() || is_closing_) return;
  credentials_.push_back(std::move(credential));
  if (link_ == Link::kOpen) send_auth(credentials_.back(), now, effects);
}

RequestId SessionMachine::close(base::Instant now, SessionEffects& effects) {
  const bool is_reachable = link_ == Link::kOpen || is_over() || is_closing_;
  const RequestId id = submit({.op = wire::OpCode::kCloseSession, .body = ""}, now, effects);
  is_closing_ = true;
  if (!is_reachable) {
    effects.disconnect = true;
    end(SessionState::kClosed, ErrorCode::kConnectionLoss, effects);
  }
  return id;
}

void SessionMachine::replace_hosts(std::vector<std::size_t> order) {
  DROVER_ASSERT(!order.empty(), "a session needs a host");
  hosts_ = std::move(order);
  next_host_ = 0;
  failed_in_a_row_ = 0;
}

void SessionMachine::abandon(SessionEffects& effects) {
  if (is_over()) return;
  effects.disconnect = link_ != Link::kNone;
  effects.send.clear();
  tell_state(KeeperState::kDisconnected, effects);
  tell_state(KeeperState::kExpired, effects);
  end(SessionState::kClosed, ErrorCode::kSessionExpired, effects);
}

bool SessionMachine::forget_watches(WatcherType type, std::string_view path,
                                    SessionEffects& effects) {
  const auto removed = watches_.remove(type, path);
  for (const EventType event : removed) {
    effects.deliveries.push_back(WatchedEvent{.type = event,
                                              .state = KeeperState::kSyncConnected,
                                              .path = std::string(path),
                                              .zxid = -1});
  }
  return !removed.empty();
}

// --- the end
// ---------------------------------------------------------------------------------------------

void SessionMachine::end(SessionState state, ErrorCode error, SessionEffects& effects) {
  link_ = Link::kNone;
  state_ = state;
  fail_all(error, effects);
  watches_.clear();
  if (is_closing_) tell_state(KeeperState::kClosed, effects);
}

void SessionMachine::fail_all(ErrorCode error, SessionEffects& effects) {
  for (auto& asked : pending_) {
    effects.deliveries.push_back(
        Completion{.id = asked.id, .error = error, .body = std::move(asked.request.body)});
  }
  for (auto& asked : queued_) {
    effects.deliveries.push_back(Completion{
        .id = asked.id, .error = error, .body = std::move(asked.request.body), .was_sent = false});
  }
  pending_.clear();
  queued_.clear();
}

void SessionMachine::tell_state(KeeperState state, SessionEffects& effects) {
  if (state == last_told_) return;
  last_told_ = state;
  effects.deliveries.push_back(
      WatchedEvent{.type = EventType::kNone, .state = state, .path = "", .zxid = -1});
}

}  // namespace drover::client
