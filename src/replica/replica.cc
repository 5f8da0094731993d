#include "replica/replica.h"

#include <algorithm>

#include "base/assert.h"
#include "replica/outstanding_queue.h"
#include "replica/reaper.h"
#include "replica/session_owners.h"
#include "txn/apply.h"
#include "txn/read.h"

namespace drover::replica {

using Kind = Outstanding::Kind;
using wire::OpCode;

namespace {
// Answers to reads are of any size and have to wait in memory for their lane.
constexpr std::size_t kReadBytesMax = 16u << 20;
}  // namespace

struct Replica::Impl {
  Impl(ReplicaOptions replica_options, tree::Tree& shared_tree,
       session::SessionTable& session_table, const txn::AuthOptions& auth, base::Log& line_log,
       base::Instant now, base::WallTime now_wall)
      : options(std::move(replica_options)),
        tree(shared_tree),
        sessions(session_table),
        log(line_log),
        prepare(tree, sessions, auth, options.prepare),
        reader(tree, auth, options.prepare.length_max),
        reaper({.check_interval_ms = options.container_check_interval_ms,
                .max_per_minute = options.container_max_per_minute,
                .max_never_used_ms = options.container_max_never_used_ms},
               now),
        wall(now_wall),
        next_session(session::first_session_id(now_wall.ms, options.server_id)),
        proposed(tree.last_zxid()),
        persisted(proposed),
        committed(proposed) {}

  // ---- deciding
  void on_request(const txn::Request& request, std::string_view body, base::Instant now);
  void on_write(const txn::Request& request, std::string_view body);
  void on_create_session(const txn::Request& request);
  void on_reattach(const txn::Request& request, base::Instant now);
  void on_query(Kind kind, const txn::Request& request, std::string_view body);
  void push_outcome(Outstanding entry, const txn::Prepare::Outcome& outcome, std::size_t offset);
  void push_answer(Kind kind, const txn::Request& request);
  void decide_commit();

  // ---- handing back
  [[nodiscard]] bool is_ready(const Outstanding& entry) const {
    return entry.kind != Kind::kTxn || entry.zxid <= committed;
  }
  void apply_txn(const Outstanding& entry, base::Instant now, bool watched,
                 std::span<txn::Deliveries> lanes);
  void keep_digest(wire::Zxid zxid);
  void deliver_changes(std::span<txn::Deliveries> lanes);
  void end_session(const Outstanding& entry, std::span<txn::Deliveries> lanes);
  // True when the answer leaves a watch.
  bool answer(const Outstanding& entry, std::span<txn::Deliveries> lanes);
  void read(const Outstanding& entry, txn::Deliveries& lane, txn::Reply& reply);

  ReplicaOptions options;
  tree::Tree& tree;
  session::SessionTable& sessions;
  base::Log& log;
  txn::Prepare prepare;
  txn::Reader reader;
  Reaper reaper;
  SessionOwners owners;
  OutstandingQueue queue;
  ReplicaProbe probe;
  std::deque<DigestAt> digests;

  base::WallTime wall;  // of the latest event; never runs back
  wire::SessionId next_session;
  // Invariant: committed <= proposed and persisted <= proposed.
  wire::Zxid proposed;
  wire::Zxid persisted;
  wire::Zxid committed;

  std::vector<txn::Change>
      changes;  // of the txn being applied, before they are copied to each lane
  base::ByteBuffer change_bytes;
  base::ByteBuffer no_body;  // where the record of a txn without a client would go
};

Replica::Replica(ReplicaOptions options, tree::Tree& tree, session::SessionTable& sessions,
                 const txn::AuthOptions& auth, base::Log& log, base::Instant now,
                 base::WallTime wall)
    : impl_(std::make_unique<Impl>(std::move(options), tree, sessions, auth, log, now, wall)) {}
Replica::~Replica() = default;

// ---- deciding: a request becomes a txn, or an answer without one

void Replica::on_requests(const txn::RequestBatch& batch, base::Instant now, base::WallTime wall,
                          Effects& effects) {
  Impl& impl = *impl_;
  impl.wall = std::max(impl.wall, wall);
  for (const auto& touch : batch.touches) impl.sessions.touch(touch.session, touch.at);
  if (!batch.requests.empty()) {
    impl.queue.begin_batch();
    for (const txn::Request& request : batch.requests) {
      impl.on_request(request, batch.body(request), now);
    }
    impl.queue.end_batch(effects.persist);
  }
  for (const txn::Origin& connection : batch.closed) impl.owners.remove(connection);
}

void Replica::Impl::on_request(const txn::Request& request, std::string_view body,
                               base::Instant now) {
  if (request.kind == txn::Request::Kind::kReattach) return on_reattach(request, now);
  if (request.op == OpCode::kCreateSession) return on_create_session(request);
  // Anyone who knows a session may end it; all else only its present connection may ask.
  if (request.op != OpCode::kCloseSession) {
    const auto owner = owners.find(request.session);
    if (owner && *owner != request.from) return push_answer(Kind::kCloseConnection, request);
  }
  if (request.op == OpCode::kSync) return on_query(Kind::kSync, request, body);
  if (txn::is_read(request.op)) return on_query(Kind::kRead, request, body);
  on_write(request, body);
}

void Replica::Impl::on_write(const txn::Request& request, std::string_view body) {
  const std::size_t offset = queue.batch_bytes().size();
  const auto outcome = prepare.prepare(request, body, proposed.next(), wall, queue.batch_bytes());
  push_outcome({.watching = request.watching,
                .op = request.op,
                .xid = request.xid,
                .timeout_ms = request.timeout_ms,
                .from = request.from,
                .session = request.session},
               outcome, offset);
}

void Replica::Impl::on_create_session(const txn::Request& request) {
  txn::Request numbered = request;
  numbered.session = next_session;
  next_session = wire::SessionId(next_session.value + 1);
  owners.move(numbered.session, numbered.from);
  on_write(numbered, {});
}

// The former connection is told before the new one is, and hears nothing of what is decided from
// here on.
void Replica::Impl::on_reattach(const txn::Request& request, base::Instant now) {
  Outstanding entry{.kind = Kind::kReattached, .from = request.from, .session = request.session};
  if (sessions.touch(request.session, now, request.timeout_ms)) {
    entry.timeout_ms = request.timeout_ms;
    if (const auto former = owners.move(request.session, request.from)) {
      queue.push({.kind = Kind::kKick, .from = *former, .session = request.session});
    }
  }
  queue.push(entry);
}

// No txn, but a place in their order.
void Replica::Impl::on_query(Kind kind, const txn::Request& request, std::string_view body) {
  if (!sessions.is_open(request.session)) return push_answer(Kind::kDropped, request);
  const std::size_t offset = queue.batch_bytes().size();
  queue.batch_bytes().append(body);
  queue.push({.kind = kind,
              .op = request.op,
              .xid = request.xid,
              .from = request.from,
              .session = request.session,
              .offset = static_cast<std::uint32_t>(offset),
              .size = static_cast<std::uint32_t>(body.size()),
              .identities = kind == Kind::kRead ? request.identities : nullptr});
}

void Replica::Impl::push_answer(Kind kind, const txn::Request& request) {
  queue.push({.kind = kind,
              .op = request.op,
              .xid = request.xid,
              .from = request.from,
              .session = request.session});
}

// `offset`: where prepare began to write. Only a txn uses up the zxid it was offered.
void Replica::Impl::push_outcome(Outstanding entry, const txn::Prepare::Outcome& outcome,
                                 std::size_t offset) {
  using Outcome = txn::Prepare::Outcome;
  entry.error = outcome.error;
  switch (outcome.kind) {
    case Outcome::Kind::kTxn:
      entry.kind = Kind::kTxn;
      proposed = proposed.next();
      entry.zxid = proposed;
      entry.offset = static_cast<std::uint32_t>(offset);
      entry.size = static_cast<std::uint32_t>(queue.batch_bytes().size() - offset);
      break;
    case Outcome::Kind::kReject:
      entry.kind = Kind::kReject;
      break;
    case Outcome::Kind::kRejectThenClose:
      entry.kind = Kind::kRejectThenClose;
      break;
    case Outcome::Kind::kDrop:
      entry.kind = Kind::kDropped;
      break;
  }
  if (entry.kind != Kind::kTxn) queue.batch_bytes().truncate(offset);
  // Nobody waits to hear that the server's own txn was not needed.
  if (entry.kind == Kind::kTxn || entry.has_client) queue.push(entry);
}

// ---- time

void Replica::on_timer(base::Instant now, base::WallTime wall, Effects& effects) {
  Impl& impl = *impl_;
  impl.wall = std::max(impl.wall, wall);
  const auto expired = impl.sessions.expire(now);
  const auto reaped = impl.reaper.due(impl.tree, now, impl.wall);
  if (expired.empty() && reaped.empty()) return;
  impl.queue.begin_batch();
  for (const wire::SessionId session : expired) {
    // Apache's words: tools look for them.
    impl.log.info("Expiring session 0x{:x}, timeout of {}ms exceeded",
                  static_cast<std::uint64_t>(session.value), impl.sessions.timeout_ms(session));
    ++impl.probe.sessions_expired;
    const std::size_t offset = impl.queue.batch_bytes().size();
    const auto outcome = impl.prepare.close_session(session, impl.proposed.next(), impl.wall,
                                                    impl.queue.batch_bytes());
    impl.push_outcome({.has_client = false, .op = OpCode::kCloseSession, .session = session},
                      outcome, offset);
  }
  for (const std::string& path : reaped) {
    const std::size_t offset = impl.queue.batch_bytes().size();
    const auto outcome = impl.prepare.delete_container(path, impl.proposed.next(), impl.wall,
                                                       impl.queue.batch_bytes());
    impl.push_outcome({.has_client = false, .op = OpCode::kDeleteContainer}, outcome, offset);
  }
  impl.queue.end_batch(effects.persist);
}

std::optional<base::Instant> Replica::next_deadline() const {
  const base::Instant reap = impl_->reaper.next_deadline();
  const auto expiry = impl_->sessions.next_expiry();
  return expiry ? std::min(*expiry, reap) : reap;
}

// ---- commit

void Replica::on_persisted(wire::Zxid last, Effects&) {
  DROVER_ASSERT(last <= impl_->proposed, "persisted what was never proposed");
  impl_->persisted = std::max(impl_->persisted, last);
  impl_->queue.persisted(impl_->persisted);
  impl_->decide_commit();
}

// The one place that says what is committed. Alone, a server is its own quorum.
void Replica::Impl::decide_commit() {
  committed = std::max(committed, persisted);
}

bool Replica::has_committed() const {
  return !impl_->queue.empty() && impl_->is_ready(impl_->queue.front());
}

// ---- handing back

namespace {

txn::Deliveries& lane_of(const txn::Origin& origin, std::span<txn::Deliveries> lanes) {
  DROVER_ASSERT(origin.lane < lanes.size(), "a request from a lane that is not there");
  return lanes[origin.lane];
}

void push_reply(txn::Deliveries& lane, const txn::Reply& reply) {
  lane.order.push_back(
      {txn::Deliveries::Item::Kind::kReply, static_cast<std::uint32_t>(lane.replies.size())});
  lane.replies.push_back(reply);
}

// Says to a connection, out of the blue, that it is over.
void push_close(const txn::Origin& origin, wire::SessionId session, wire::Zxid zxid,
                std::span<txn::Deliveries> lanes) {
  push_reply(lane_of(origin, lanes), {.kind = txn::Reply::Kind::kCloseConnection,
                                      .connection = origin.connection,
                                      .zxid = zxid,
                                      .session = session,
                                      .answers_request = false});
}

txn::Reply::Kind reply_kind(const Outstanding& entry) {
  switch (entry.kind) {
    case Kind::kTxn:
      if (entry.op == OpCode::kCreateSession) return txn::Reply::Kind::kSessionCreated;
      if (entry.op == OpCode::kCloseSession) return txn::Reply::Kind::kReplyThenClose;
      return txn::Reply::Kind::kReply;
    case Kind::kSync:
    case Kind::kRead:
    case Kind::kReject:
      return txn::Reply::Kind::kReply;
    case Kind::kRejectThenClose:
      return txn::Reply::Kind::kReplyThenClose;
    case Kind::kDropped:
      return txn::Reply::Kind::kDropped;
    case Kind::kReattached:
      return txn::Reply::Kind::kSessionReattached;
    case Kind::kCloseConnection:
    case Kind::kKick:
      return txn::Reply::Kind::kCloseConnection;
  }
  return txn::Reply::Kind::kDropped;
}

}  // namespace

void Replica::apply_committed(base::Instant now, bool watched, std::span<txn::Deliveries> lanes) {
  Impl& impl = *impl_;
  wire::Zxid last;
  while (has_committed()) {
    const Outstanding& entry = impl.queue.front();
    if (entry.kind == Kind::kRead && lane_of(entry.from, lanes).bytes.size() > kReadBytesMax) break;
    last = std::max(last, entry.zxid);
    watched = watched || entry.watching;
    if (entry.kind == Kind::kTxn) {
      impl.apply_txn(entry, now, watched, lanes);
    } else if (entry.kind == Kind::kKick) {
      push_close(entry.from, entry.session, impl.tree.last_zxid(), lanes);
    } else {
      watched |= impl.answer(entry, lanes);
    }
    impl.queue.pop();
  }
  // The tree now says what prepare had to remember.
  if (last.value > 0) impl.prepare.applied(last);
}

// An answer without a txn: it shows the state that everything decided before it left behind.
bool Replica::Impl::answer(const Outstanding& entry, std::span<txn::Deliveries> lanes) {
  txn::Deliveries& lane = lane_of(entry.from, lanes);
  txn::Reply reply{.kind = reply_kind(entry),
                   .error = entry.error,
                   .xid = entry.xid,
                   .timeout_ms = entry.timeout_ms,
                   .connection = entry.from.connection,
                   .zxid = tree.last_zxid(),
                   .session = entry.session};
  if (entry.kind == Kind::kSync) {
    reply.body_offset = static_cast<std::uint32_t>(lane.bytes.size());
    reply.body_size = entry.size;
    lane.bytes.append(queue.bytes(entry));
  } else if (entry.kind == Kind::kRead) {
    read(entry, lane, reply);
  }
  push_reply(lane, reply);
  return reply.watch != txn::WatchKind::kNone;
}

void Replica::Impl::read(const Outstanding& entry, txn::Deliveries& lane, txn::Reply& reply) {
  txn::WatchWish wish;
  const std::size_t offset = lane.bytes.size();
  reply.error =
      reader.read(entry.op, queue.bytes(entry), entry.session, *entry.identities, lane.bytes, wish);
  reply.body_offset = static_cast<std::uint32_t>(offset);
  reply.body_size = static_cast<std::uint32_t>(lane.bytes.size() - offset);
  if (wish.kind == txn::WatchKind::kNone) return;
  reply.watch = wish.kind;
  reply.watch_path_offset = static_cast<std::uint32_t>(lane.bytes.size());
  reply.watch_path_size = static_cast<std::uint32_t>(wish.path.size());
  lane.bytes.append(wish.path);
}

void Replica::Impl::apply_txn(const Outstanding& entry, base::Instant now, bool watched,
                              std::span<txn::Deliveries> lanes) {
  base::ByteBuffer& body = entry.has_client ? lane_of(entry.from, lanes).bytes : no_body;
  const std::size_t body_offset = body.size();
  const txn::ChangeSink sink{changes, change_bytes};
  const txn::Applied applied =
      txn::apply(queue.bytes(entry), tree, sessions, now,
                 entry.has_client ? entry.op : OpCode::kError, watched ? &sink : nullptr, body);
  DROVER_ASSERT(applied.ok, "prepare made a txn that apply does not know");
  const std::size_t body_size = body.size() - body_offset;
  ++probe.txns;
  if (!applied.digest_matches && ++probe.digest_mismatches == 1) {
    log.error("txn zxid=0x{:x} left a tree whose digest differs from the txn's", entry.zxid.value);
  }
  keep_digest(entry.zxid);
  if (watched) deliver_changes(lanes);
  if (entry.has_client) {
    push_reply(lane_of(entry.from, lanes), {.kind = reply_kind(entry),
                                            .error = applied.error,
                                            .xid = entry.xid,
                                            .timeout_ms = entry.timeout_ms,
                                            .connection = entry.from.connection,
                                            .zxid = entry.zxid,
                                            .session = entry.session,
                                            .body_offset = static_cast<std::uint32_t>(body_offset),
                                            .body_size = static_cast<std::uint32_t>(body_size)});
  }
  no_body.clear();
  if (entry.op == OpCode::kCloseSession) end_session(entry, lanes);
  if (entry.op == OpCode::kDeleteContainer && applied.error == ErrorCode::kOk) {
    ++probe.containers_deleted;
  }
}

void Replica::Impl::keep_digest(wire::Zxid zxid) {
  constexpr std::int64_t kInterval = 128;  // as Apache's
  constexpr std::size_t kDigestsMax = 1024;
  if (!options.prepare.digest_enabled || zxid.value % kInterval != 0) return;
  if (digests.size() == kDigestsMax) digests.pop_front();
  digests.push_back({zxid, tree.digest()});
}

void Replica::Impl::deliver_changes(std::span<txn::Deliveries> lanes) {
  for (txn::Deliveries& lane : lanes) {
    for (txn::Change change : changes) {
      const auto path = change_bytes.view().substr(change.path_offset, change.path_size);
      change.path_offset = static_cast<std::uint32_t>(lane.bytes.size());
      lane.bytes.append(path);
      lane.order.push_back(
          {txn::Deliveries::Item::Kind::kChange, static_cast<std::uint32_t>(lane.changes.size())});
      lane.changes.push_back(std::move(change));
    }
  }
  changes.clear();
  change_bytes.clear();
}

// Whoever holds the session now is cut off, unless it asked for the end itself and gets its reply.
void Replica::Impl::end_session(const Outstanding& entry, std::span<txn::Deliveries> lanes) {
  const auto owner = owners.find(entry.session);
  owners.remove(entry.session);
  if (owner && (!entry.has_client || *owner != entry.from)) {
    push_close(*owner, entry.session, entry.zxid, lanes);
  }
}

// ---- for operators

std::size_t Replica::outstanding() const {
  return impl_->queue.size();
}
wire::Zxid Replica::last_proposed() const {
  return impl_->proposed;
}
const ReplicaProbe& Replica::probe() const {
  return impl_->probe;
}
const std::deque<Replica::DigestAt>& Replica::digests() const {
  return impl_->digests;
}

}  // namespace drover::replica
