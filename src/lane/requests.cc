// What a frame asks, and whether it is answered here and now, later, or by the replica.

#include <algorithm>

#include "lane/frames.h"
#include "lane/lane_impl.h"
#include "lane/watch_requests.h"

namespace drover::lane {

using wire::OpCode;

namespace {

bool asks_for_watch(OpCode op, std::string_view body) {
  const bool can = op == OpCode::kGetData || op == OpCode::kExists || op == OpCode::kGetChildren ||
                   op == OpCode::kGetChildren2;
  if (!can) return false;
  wire::JuteReader in(body);
  in.read_bytes();
  return in.read_bool() && in.ok();
}

}  // namespace

void Lane::Impl::on_request(LaneConnection& connection, std::string_view frame, base::Instant now) {
  wire::JuteReader in(frame, options.length_max);
  const auto header = wire::RequestHeader::decode(in);
  if (!in.ok()) return close_now(connection);
  if (header.op == OpCode::kAuth) return on_auth(connection, header, in.rest(), now);
  if (header.op == OpCode::kSasl) return on_sasl(connection, header, in.rest(), now);
  if (!options.enforced_auth_schemes.empty() && lacks_enforced_scheme(connection)) {
    return ready(connection, {.then_close = true,
                              .xid = header.xid,
                              .op = header.op,
                              .error = ErrorCode::kSessionClosedRequireSaslAuth,
                              .received = now});
  }
  touch(connection, now);
  if (hot.on()) [[unlikely]]
    hot.note(header.op, in.rest(), connection.id, now);
  switch (header.op) {
    case OpCode::kExists:
    case OpCode::kGetData:
    case OpCode::kGetAcl:
    case OpCode::kGetChildren:
    case OpCode::kGetChildren2:
    case OpCode::kMultiRead:
    case OpCode::kGetEphemerals:
    case OpCode::kGetAllChildrenNumber:
    case OpCode::kWhoAmI:
      // Behind a write of its own it must see that write and not the next one: the replica reads it
      // there.
      if (!connection.fifo.empty()) return forward(connection, header, in.rest(), now);
      return answer(connection, header.xid, header.op, in.rest(), tree.last_zxid(), now, now);
    case OpCode::kPing:
    case OpCode::kAddWatch:
    case OpCode::kCheckWatches:
    case OpCode::kRemoveWatches:
    case OpCode::kSetWatches:
    case OpCode::kSetWatches2:
      return answer_or_hold(connection, header, frame, now);
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl:
    case OpCode::kDelete:
    case OpCode::kSetData:
    case OpCode::kSetAcl:
    case OpCode::kMulti:
    case OpCode::kReconfig:
      return forward(connection, header, in.rest(), now);
    case OpCode::kSync:
      return on_sync(connection, header, in.rest(), now);
    case OpCode::kCloseSession:
      forward(connection, header, {}, now);
      // Whatever is pipelined behind it never runs.
      connection.state = LaneConnection::State::kFinishing;
      return;
    // A check outside a multi, the numbers that the server keeps to itself, and any other number.
    case OpCode::kCheck:
    case OpCode::kDeleteContainer:
    case OpCode::kCreateSession:
    case OpCode::kNotification:
    case OpCode::kError:
      break;
    case OpCode::kAuth:
    case OpCode::kSasl:
      break;  // handled above
  }
  ready(connection, {.then_close = true,
                     .xid = header.xid,
                     .op = header.op,
                     .error = ErrorCode::kUnimplemented,
                     .zxid = wire::Zxid(-1),
                     .received = now});
}

// ---- the FIFO

void Lane::Impl::push(LaneConnection& connection, const Pending& entry) {
  connection.fifo.push(entry);
  if (entry.leaves_watch) {
    ++connection.watch_wishes;
    ++watch_wishes;
  }
  ++connection.outstanding;
  ++probe.outstanding;
  in_flight_bytes += entry.size;
  throttle(connection);
}

void Lane::Impl::pop(LaneConnection& connection) {
  const Pending& entry = connection.fifo.front();
  if (entry.leaves_watch) {
    --connection.watch_wishes;
    --watch_wishes;
  }
  in_flight_bytes -= entry.size;
  connection.fifo.pop();
  --connection.outstanding;
  --probe.outstanding;
}

void Lane::Impl::forward(LaneConnection& connection, const wire::RequestHeader& header,
                         std::string_view body, base::Instant now) {
  txn::Request& request = outbox.requests.emplace_back();
  request.op = header.op;
  request.xid = header.xid;
  request.from = {options.index, connection.id};
  request.session = connection.session;
  request.body_offset = static_cast<std::uint32_t>(outbox.bytes.size());
  request.body_size = static_cast<std::uint32_t>(body.size());
  request.identities = connection.identities;
  outbox.bytes.append(body);
  push(connection, {.leaves_watch = asks_for_watch(header.op, body),
                    .xid = header.xid,
                    .op = header.op,
                    .size = static_cast<std::uint32_t>(body.size()),
                    .received = now});
}

// The replica echoes the body as it stands, so it gets the path record and nothing behind it.
void Lane::Impl::on_sync(LaneConnection& connection, const wire::RequestHeader& header,
                         std::string_view body, base::Instant now) {
  wire::JuteReader in(body, options.length_max);
  in.read_bytes();
  if (in.ok()) {
    return forward(connection, header, body.substr(0, body.size() - in.remaining()), now);
  }
  ready(connection, {.xid = header.xid,
                     .op = header.op,
                     .error = ErrorCode::kMarshallingError,
                     .zxid = tree.last_zxid(),
                     .received = now});
}

void Lane::Impl::answer_or_hold(LaneConnection& connection, const wire::RequestHeader& header,
                                std::string_view frame, base::Instant now) {
  if (connection.fifo.empty()) {
    return answer(connection, header.xid, header.op, frame.substr(kRequestHeaderSize),
                  tree.last_zxid(), now, now);
  }
  connection.fifo.hold(frame);
  push(connection, {.kind = Pending::Kind::kHeld,
                    .leaves_watch = header.op == OpCode::kAddWatch,
                    .xid = header.xid,
                    .op = header.op,
                    .size = static_cast<std::uint32_t>(frame.size()),
                    .received = now});
  // It compares with the tree as of the end of a batch, so nothing of its connection may be on its
  // way behind it. Clients send it first thing after their handshake, where it waits for nobody.
  const bool compares = header.op == OpCode::kSetWatches || header.op == OpCode::kSetWatches2;
  if (compares) pause(connection, Pause::kSetWatches);
}

// ---- answers made here

void Lane::Impl::answer(LaneConnection& connection, std::int32_t xid, OpCode op,
                        std::string_view body, wire::Zxid zxid, base::Instant received,
                        base::Instant now) {
  base::ByteBuffer& out = connection.output;
  ErrorCode error = ErrorCode::kOk;
  if (op == OpCode::kSetWatches || op == OpCode::kSetWatches2) {
    // Its events go before its reply, so they are written before the reply's header.
    std::int64_t events = 0;
    error = set_watches(tree, watches, connection.id, body, op == OpCode::kSetWatches2,
                        options.length_max, out, events);
    connection.counters.sent += events;
    probe.packets_sent += events;
    probe.events_sent += events;
  }
  ReplyFrame frame(out);
  switch (op) {
    case OpCode::kPing:
      xid = wire::xid::kPing;  // whatever was asked
      break;
    case OpCode::kSetWatches:
    case OpCode::kSetWatches2:
      break;
    case OpCode::kAddWatch:
      error = add_watch(watches, connection.id, body, options.length_max, out);
      break;
    case OpCode::kCheckWatches:
    case OpCode::kRemoveWatches:
      error = check_watches(watches, connection.id, body, options.length_max,
                            op == OpCode::kRemoveWatches);
      break;
    default:
      error = read(connection, op, body);
  }
  frame.finish(xid, zxid, error);
  count_reply(connection, xid, op, zxid, frame.size(), received, now);
}

ErrorCode Lane::Impl::read(LaneConnection& connection, OpCode op, std::string_view body) {
  txn::WatchWish wish;
  const ErrorCode error =
      reader.read(op, body, connection.session, *connection.identities, connection.output, wish);
  leave_watch(connection, wish.kind, wish.path);
  return error;
}

void Lane::Impl::leave_watch(LaneConnection& connection, txn::WatchKind kind,
                             std::string_view path) {
  switch (kind) {
    case txn::WatchKind::kNone:
      return;
    case txn::WatchKind::kData:
      return watches.add(watch::Registry::kData, path, connection.id, watch::Mode::kStandard);
    case txn::WatchKind::kChildren:
      return watches.add(watch::Registry::kChildren, path, connection.id, watch::Mode::kStandard);
  }
}

void Lane::Impl::ready(LaneConnection& connection, Pending entry) {
  entry.kind = Pending::Kind::kReady;
  const base::Instant now = entry.received;
  if (connection.fifo.empty()) return emit_ready(connection, entry, now);
  if (entry.then_close) connection.state = LaneConnection::State::kFinishing;
  push(connection, entry);
}

void Lane::Impl::emit_ready(LaneConnection& connection, const Pending& entry, base::Instant now) {
  ReplyFrame frame(connection.output);
  // Without SASL configured Apache answers every token with none.
  if (entry.op == OpCode::kSasl) wire::JuteWriter(connection.output).write_bytes(std::nullopt);
  frame.finish(entry.xid, entry.zxid, entry.error);
  count_reply(connection, entry.xid, entry.op, entry.zxid, frame.size(), entry.received, now);
  if (entry.then_close) close_after_output(connection);
}

namespace {
// What becomes a txn.
bool is_update(OpCode op) {
  switch (op) {
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl:
    case OpCode::kDelete:
    case OpCode::kDeleteContainer:
    case OpCode::kSetData:
    case OpCode::kSetAcl:
    case OpCode::kCheck:
    case OpCode::kMulti:
    case OpCode::kReconfig:
    case OpCode::kCreateSession:
    case OpCode::kCloseSession:
      return true;
    default:
      return false;
  }
}
}  // namespace

static_assert(LaneProbe::op_index(static_cast<OpCode>(INT32_MIN)) == 0);
static_assert(LaneProbe::op_index(static_cast<OpCode>(INT32_MAX)) == 0);

void Lane::Impl::count_latency(OpCode op, std::int64_t latency_ms) {
  if (probe.latency_count == 0 || latency_ms < probe.latency_ms_min) {
    probe.latency_ms_min = latency_ms;
  }
  probe.latency_ms_max = std::max(probe.latency_ms_max, latency_ms);
  probe.latency_ms_sum += latency_ms;
  ++probe.latency_count;
  ++probe.ops[LaneProbe::op_index(op)];
  (is_update(op) ? probe.update_ms : probe.read_ms).add(latency_ms);
}

void Lane::Impl::count_reply(LaneConnection& connection, std::int32_t xid, OpCode op,
                             wire::Zxid zxid, std::size_t bytes, base::Instant received,
                             base::Instant now) {
  Connection::Counters& counters = connection.counters;
  const std::int64_t latency_ms = now.ms() - received.ms();
  ++counters.sent;
  if (xid >= 0) counters.last_cxid = xid;  // the client's own last request
  counters.last_op = op;
  counters.last_zxid = zxid;
  counters.last_response = now;
  counters.last_latency_ms = latency_ms;
  if (counters.latency_count == 0 || latency_ms < counters.latency_ms_min) {
    counters.latency_ms_min = latency_ms;
  }
  counters.latency_ms_max = std::max(counters.latency_ms_max, latency_ms);
  counters.latency_ms_sum += latency_ms;
  ++counters.latency_count;
  ++probe.packets_sent;
  count_latency(op, latency_ms);
  const auto size = static_cast<std::int64_t>(bytes);
  probe.response_bytes += size;
  probe.response_bytes_last = size;
  probe.response_bytes_max = std::max(probe.response_bytes_max, size);
  probe.response_bytes_min =
      probe.response_bytes_min < 0 ? size : std::min(probe.response_bytes_min, size);
  wrote(connection);
}

// ---- authentication

namespace {

// A connection may prove to be many, but each auth copies the list and each access check walks it.
constexpr std::size_t kIdentitiesMax = 2000;

bool fits(const std::vector<Id>& identities, std::size_t bytes_max) {
  std::size_t bytes = 0;
  for (const Id& id : identities) bytes += id.scheme.size() + id.id.size();
  return identities.size() <= kIdentitiesMax && bytes <= bytes_max;
}

}  // namespace

void Lane::Impl::count_auth(const wire::AuthRequest& request, bool accepted) {
  if (!accepted) ++probe.auth_failed;
  if (request.scheme != "ensemble" || !auth.ensemble_scheme) return;
  if (auth.ensemble_names.empty() || request.auth.value_or(std::string_view()).empty()) {
    ++probe.ensemble_auth_skipped;
  } else {
    ++(accepted ? probe.ensemble_auth_ok : probe.ensemble_auth_failed);
  }
}

void Lane::Impl::on_auth(LaneConnection& connection, const wire::RequestHeader& header,
                         std::string_view body, base::Instant now) {
  wire::JuteReader in(body, options.length_max);
  const auto request = wire::AuthRequest::decode(in);
  if (!in.ok()) return close_now(connection);
  const auto added =
      txn::authenticate(auth, request.scheme, request.auth, connection.remote_address);
  Pending entry{.xid = header.xid, .op = header.op, .received = now};
  count_auth(request, added.has_value());
  if (!added) {
    entry.error = added.error();
    entry.then_close = true;
    return ready(connection, entry);
  }
  // Requests already on their way keep the list they have.
  auto identities = std::make_shared<std::vector<Id>>(*connection.identities);
  for (const Id& id : *added) {
    if (std::ranges::find(*identities, id) == identities->end()) identities->push_back(id);
  }
  if (!fits(*identities, static_cast<std::size_t>(options.length_max))) {
    entry.error = ErrorCode::kAuthFailed;
    entry.then_close = true;
    return ready(connection, entry);
  }
  connection.identities = std::move(identities);
  ready(connection, entry);
}

// A client that sends no token at all is cut off, as in Apache.
void Lane::Impl::on_sasl(LaneConnection& connection, const wire::RequestHeader& header,
                         std::string_view body, base::Instant now) {
  wire::JuteReader in(body, options.length_max);
  const auto token = in.read_bytes();
  if (!in.ok() || !token) return close_now(connection);
  ready(connection, {.xid = header.xid, .op = header.op, .received = now});
}

bool Lane::Impl::lacks_enforced_scheme(const LaneConnection& connection) const {
  return std::ranges::none_of(*connection.identities, [this](const Id& id) {
    return std::ranges::find(options.enforced_auth_schemes, id.scheme) !=
           options.enforced_auth_schemes.end();
  });
}

}  // namespace drover::lane
