// The first frame of a connection and what comes of it.

#include <algorithm>
#include <array>

#include "lane/frames.h"
#include "lane/lane_impl.h"
#include "session/session_table.h"

namespace drover::lane {

void Lane::Impl::on_connect(LaneConnection& connection, std::string_view payload,
                            base::Instant now) {
  ++probe.handshakes;
  if (!serving) {
    ++probe.refused_not_serving;
    return close_now(connection);
  }
  wire::JuteReader in(payload, options.length_max);
  const auto request = wire::ConnectRequest::decode(in);
  // Who has seen more than we have must ask a server that has caught up.
  if (!in.ok() || request.last_zxid_seen > tree.last_zxid()) return close_now(connection);
  connection.answers_read_only = request.read_only.has_value();
  connection.timeout_ms = std::min(std::max(request.timeout_ms, options.session_timeout_ms_min),
                                   options.session_timeout_ms_max);

  txn::Request to_replica;
  to_replica.timeout_ms = connection.timeout_ms;
  to_replica.from = {options.index, connection.id};
  to_replica.identities = connection.identities;
  to_replica.op = wire::OpCode::kCreateSession;
  if (request.session_id != wire::SessionId()) {
    // Before anything else: a wrong password must not disturb the session's live connection.
    const std::array<char, 16> password = session::password_of(request.session_id);
    if (request.password != std::string_view(password.data(), password.size())) {
      return refuse_session(connection);
    }
    ++probe.revalidations;
    to_replica.kind = txn::Request::Kind::kReattach;
    to_replica.session = request.session_id;
  }
  outbox.requests.push_back(std::move(to_replica));
  connection.state = LaneConnection::State::kConnecting;
  pause(connection, Pause::kHandshake);
  push(connection, {.op = wire::OpCode::kCreateSession, .received = now});
}

void Lane::Impl::on_session(LaneConnection& connection, wire::SessionId session,
                            std::int32_t timeout_ms) {
  if (timeout_ms <= 0) return refuse_session(connection);
  connection.session = session;
  connection.timeout_ms = timeout_ms;
  connection.state = LaneConnection::State::kOpen;
  write_connect_response(connection);
  resume(connection, Pause::kHandshake);
}

// Clients tell by different fields that a session is gone, so all are zero.
void Lane::Impl::refuse_session(LaneConnection& connection) {
  connection.session = wire::SessionId();
  connection.timeout_ms = 0;
  write_connect_response(connection);
  close_after_output(connection);
}

// The one frame without a reply header. Its length is part of the protocol: the C client reads
// exactly 41 bytes, or 40 when it sent no readOnly byte.
void Lane::Impl::write_connect_response(LaneConnection& connection) {
  std::array<char, 16> password{};
  if (connection.session != wire::SessionId()) password = session::password_of(connection.session);
  wire::ConnectResponse response{.timeout_ms = connection.timeout_ms,
                                 .session_id = connection.session,
                                 .password = {password.data(), password.size()},
                                 .read_only = std::nullopt};
  if (connection.answers_read_only) response.read_only = false;
  wire::JuteWriter out(connection.output);
  out.write_int(connection.answers_read_only ? 37 : 36);
  response.encode(out);
  ++connection.counters.sent;
  ++probe.packets_sent;
  wrote(connection);
}

}  // namespace drover::lane
