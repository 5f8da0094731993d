#include "replica/replica.h"

#include <algorithm>

#include "base/assert.h"
#include "replica/replica_impl.h"

namespace drover::replica {

using Kind = Outstanding::Kind;
using wire::OpCode;

namespace {

ReaperOptions reaper_options(const ReplicaOptions& options) {
  return {.check_interval_ms = options.container_check_interval_ms,
          .max_per_minute = options.container_max_per_minute,
          .max_never_used_ms = options.container_max_never_used_ms};
}

// The last counter that a txn may have: the one behind it would run into the epoch
// (ZOOKEEPER-1277).
constexpr std::int64_t kCounterMax = 0xfffffffe;

}  // namespace

Replica::Impl::Impl(ReplicaOptions replica_options, tree::Tree& shared_tree,
                    session::SessionTable& session_table, const txn::AuthOptions& auth_options,
                    base::Log& line_log, base::Instant now, base::WallTime now_wall)
    : options(replica_options),
      tree(shared_tree),
      sessions(session_table),
      auth(auth_options),
      log(line_log),
      mode(options.standalone ? Mode::kStandalone : Mode::kIdle),
      reader(tree, auth, options.prepare.length_max),
      reaper(reaper_options(options), now),
      wall(now_wall),
      next_session(session::first_session_id(now_wall.ms, options.server_id)),
      proposed(tree.last_zxid()),
      persisted(proposed),
      committed(proposed) {
  if (mode == Mode::kStandalone) prepare.emplace(tree, sessions, auth, options.prepare);
}

Replica::Replica(ReplicaOptions options, tree::Tree& tree, session::SessionTable& sessions,
                 const txn::AuthOptions& auth, base::Log& log, base::Instant now,
                 base::WallTime wall)
    : impl_(std::make_unique<Impl>(options, tree, sessions, auth, log, now, wall)) {}
Replica::~Replica() = default;

// ---- roles

void Replica::lead(zab::Epoch epoch, base::Instant now) {
  Impl& impl = *impl_;
  DROVER_ASSERT(impl.mode == Impl::Mode::kIdle && impl.queue.empty(),
                "a role before the last one ended");
  impl.mode = Impl::Mode::kLeading;
  impl.proposed = impl.persisted = impl.committed = wire::Zxid::of(epoch, 0);
  impl.prepare.emplace(impl.tree, impl.sessions, impl.auth, impl.options.prepare);
  impl.reaper = Reaper(reaper_options(impl.options), now);
  impl.sessions.restart(now);
}

void Replica::learn() {
  Impl& impl = *impl_;
  DROVER_ASSERT(impl.mode == Impl::Mode::kIdle && impl.queue.empty(),
                "a role before the last one ended");
  impl.mode = Impl::Mode::kLearning;
  impl.proposed = impl.persisted = impl.committed = impl.tree.last_zxid();
}

void Replica::stop() {
  Impl& impl = *impl_;
  impl.mode = Impl::Mode::kIdle;
  impl.prepare.reset();
  impl.pending.clear();
  impl.sync_releases.clear();
  impl.revalidating.clear();
  impl.owners.clear();
}

bool Replica::all_persisted() const {
  return impl_->persisted == impl_->proposed;
}

void Replica::settle() {
  DROVER_ASSERT(impl_->mode == Impl::Mode::kIdle && all_persisted(), "settled too early");
  impl_->committed = impl_->proposed;
}

void Replica::reloaded() {
  Impl& impl = *impl_;
  DROVER_ASSERT(!impl.makes_txns() && impl.queue.empty(),
                "the tree was replaced while something is outstanding");
  impl.proposed = impl.persisted = impl.committed = impl.tree.last_zxid();
  impl.digests.clear();
  impl.fuzzy = false;
}

void Replica::image_is_fuzzy() {
  impl_->fuzzy = true;
}

void Replica::image_is_whole() {
  impl_->fuzzy = false;
}

void Replica::pause() {
  Impl& impl = *impl_;
  DROVER_ASSERT(impl.mode == Impl::Mode::kStandalone, "only a standalone server pauses");
  impl.mode = Impl::Mode::kPaused;
  impl.prepare.reset();
  impl.owners.clear();
  impl.notices.push_back(0);
}

bool Replica::is_paused() const {
  return impl_->mode == Impl::Mode::kPaused;
}

bool Replica::may_replace() const {
  return is_paused() && all_persisted() && impl_->queue.empty() && impl_->notices.empty();
}

void Replica::resume(base::Instant now) {
  Impl& impl = *impl_;
  DROVER_ASSERT(may_replace(), "resumed while something is outstanding");
  DROVER_ASSERT(impl.tree.last_zxid() >= impl.proposed, "the new tree is older than a txn");
  impl.proposed = impl.persisted = impl.committed = impl.tree.last_zxid();
  impl.digests.clear();
  impl.mode = Impl::Mode::kStandalone;
  impl.prepare.emplace(impl.tree, impl.sessions, impl.auth, impl.options.prepare);
  impl.reaper = Reaper(reaper_options(impl.options), now);
  impl.sessions.restart(now);
  impl.notices.push_back(++impl.term);
}

void Replica::commit(wire::Zxid up_to) {
  DROVER_ASSERT(up_to <= impl_->proposed, "committed what was never proposed");
  impl_->committed = std::max(impl_->committed, up_to);
}

bool Replica::is_used_up() const {
  return impl_->is_used_up();
}

bool Replica::Impl::is_used_up() const {
  return proposed.counter() >= kCounterMax;
}

// ---- deciding: a request becomes a txn, or an answer without one

void Replica::on_requests(const txn::RequestBatch& batch, base::Instant now, base::WallTime wall,
                          Effects& effects) {
  Impl& impl = *impl_;
  impl.wall = std::max(impl.wall, wall);
  const bool learning = impl.mode == Impl::Mode::kLearning;
  for (const auto& touch : batch.touches) {
    impl.sessions.touch(touch.session, touch.at);
    if (learning) {
      effects.touches.push_back({touch.session, impl.sessions.timeout_ms(touch.session)});
    }
  }
  if (learning) {
    for (const txn::Request& request : batch.requests) {
      impl.send_on(request, batch.body(request), effects);
    }
  } else if (impl.makes_txns() && !batch.requests.empty()) {
    // Of a lane that had not yet heard that its connections are over.
    if (impl.mode == Impl::Mode::kStandalone && batch.term != impl.term) return;
    impl.queue.begin_batch();
    for (const txn::Request& request : batch.requests) {
      impl.on_request(request, batch.body(request), now);
    }
    impl.queue.end_batch(effects.persist);
  }
}

void Replica::Impl::on_request(const txn::Request& request, std::string_view body,
                               base::Instant now) {
  if (request.kind == txn::Request::Kind::kReattach) return on_reattach(request, now);
  if (request.op == OpCode::kCreateSession) return on_create_session(request);
  // Anyone who knows a session may end it; all else only its present connection may ask.
  if (request.op != OpCode::kCloseSession) {
    const auto owner = owners.find(request.session);
    if (owner && *owner != request.from) {
      // A learner waits for a txn, whatever comes of its request.
      if (request.from.is_learner()) return refuse(request, ErrorCode::kSessionMoved);
      return push_answer(Kind::kCloseConnection, request);
    }
  }
  if (request.op == OpCode::kSync) return on_query(Kind::kSync, request, body);
  if (txn::is_read(request.op)) return on_query(Kind::kRead, request, body);
  on_write(request, body);
}

void Replica::Impl::on_write(const txn::Request& request, std::string_view body) {
  if (is_used_up()) return push_answer(Kind::kCloseConnection, request);
  const std::size_t offset = queue.batch_bytes().size();
  const auto outcome = prepare->prepare(request, body, proposed.next(), wall, queue.batch_bytes());
  if (request.from.is_learner() && outcome.kind != txn::Prepare::Outcome::Kind::kTxn) {
    queue.batch_bytes().truncate(offset);
    return refuse(request, outcome.kind == txn::Prepare::Outcome::Kind::kDrop
                               ? ErrorCode::kSessionExpired
                               : outcome.error);
  }
  push_outcome({.has_client = !request.from.is_learner(),
                .op = request.op,
                .xid = request.xid,
                .timeout_ms = request.timeout_ms,
                .from = request.from,
                .session = request.session},
               outcome, offset);
}

void Replica::Impl::on_create_session(const txn::Request& request) {
  txn::Request numbered = request;
  if (!request.from.is_learner()) {  // a learner has numbered it
    numbered.session = next_session;
    next_session = wire::SessionId(next_session.value + 1);
  }
  owners.move(numbered.session, numbered.from);
  on_write(numbered, {});
}

// The former connection is told before the new one is, and hears nothing of what is decided from
// here on.
void Replica::Impl::on_reattach(const txn::Request& request, base::Instant now) {
  Outstanding entry{.kind = Kind::kReattached, .from = request.from, .session = request.session};
  if (sessions.touch(request.session, now, request.timeout_ms)) {
    entry.timeout_ms = request.timeout_ms;
    const auto former = owners.move(request.session, request.from);
    if (former && !former->is_learner()) {
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

// The error txn says to the learner's client why, and uses up a zxid as every write of a learner
// does.
void Replica::Impl::refuse(const txn::Request& request, ErrorCode error) {
  if (is_used_up()) return;
  const std::size_t offset = queue.batch_bytes().size();
  const auto outcome = prepare->refuse(request, error, proposed.next(), wall, queue.batch_bytes());
  push_outcome({.has_client = false,
                .op = request.op,
                .xid = request.xid,
                .from = request.from,
                .session = request.session},
               outcome, offset);
}

// ---- what learners' clients ask

void Replica::on_learner_requests(std::span<const LearnerRequest> requests, base::WallTime wall,
                                  Effects& effects) {
  Impl& impl = *impl_;
  DROVER_ASSERT(impl.mode == Impl::Mode::kLeading, "a learner's request without a leadership");
  impl.wall = std::max(impl.wall, wall);
  impl.queue.begin_batch();
  for (const LearnerRequest& from_learner : requests) {
    const zab::ForwardedRequest& forwarded = from_learner.request;
    txn::Request request{.op = forwarded.op,
                         .xid = forwarded.cxid,
                         .from = {.lane = txn::Origin::kLearner, .connection = from_learner.link},
                         .session = forwarded.session,
                         .identities = from_learner.identities};
    if (forwarded.op == OpCode::kCreateSession) {
      wire::JuteReader body(forwarded.body);
      request.timeout_ms = body.read_int();
    }
    // The first to speak for a session that nobody holds holds it.
    if (!impl.owners.find(request.session)) impl.owners.move(request.session, request.from);
    impl.on_request(request, forwarded.body, base::Instant{});
  }
  impl.queue.end_batch(effects.persist);
}

bool Replica::on_revalidate(std::uint64_t link, wire::SessionId session, std::int32_t timeout_ms,
                            base::Instant now) {
  Impl& impl = *impl_;
  if (!impl.sessions.touch(session, now, timeout_ms)) return false;
  const auto former =
      impl.owners.move(session, {.lane = txn::Origin::kLearner, .connection = link});
  if (former && !former->is_learner()) {
    std::vector<wire::TxnBytes> none;
    impl.queue.begin_batch();
    impl.queue.push({.kind = Kind::kKick, .from = *former, .session = session});
    impl.queue.end_batch(none);
  }
  return true;
}

void Replica::touch(wire::SessionId session, std::int32_t timeout_ms, base::Instant now) {
  impl_->sessions.touch(session, now, timeout_ms);
}

// ---- time

void Replica::on_timer(base::Instant now, base::WallTime wall, Effects& effects) {
  Impl& impl = *impl_;
  impl.wall = std::max(impl.wall, wall);
  if (!impl.makes_txns() || impl.is_used_up()) return;
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
    const auto outcome = impl.prepare->close_session(session, impl.proposed.next(), impl.wall,
                                                     impl.queue.batch_bytes());
    impl.push_outcome({.has_client = false, .op = OpCode::kCloseSession, .session = session},
                      outcome, offset);
  }
  for (const std::string& path : reaped) {
    const std::size_t offset = impl.queue.batch_bytes().size();
    const auto outcome = impl.prepare->delete_container(path, impl.proposed.next(), impl.wall,
                                                        impl.queue.batch_bytes());
    impl.push_outcome({.has_client = false, .op = OpCode::kDeleteContainer}, outcome, offset);
  }
  impl.queue.end_batch(effects.persist);
}

std::optional<base::Instant> Replica::next_deadline() const {
  if (!impl_->makes_txns()) return std::nullopt;
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

// Alone, a server is its own quorum; in an ensemble commit() says what the quorum has.
void Replica::Impl::decide_commit() {
  if (mode == Mode::kStandalone || mode == Mode::kPaused) {
    committed = std::max(committed, persisted);
  }
}

// ---- for operators

std::size_t Replica::outstanding() const {
  return impl_->queue.size() + impl_->pending.size();
}
wire::Zxid Replica::last_proposed() const {
  return impl_->proposed;
}
const ReplicaProbe& Replica::probe() const {
  return impl_->probe;
}
std::map<std::string, std::int64_t> Replica::quota_refusals() const {
  if (!impl_->prepare) return {};
  return impl_->prepare->quota_refusals();
}
const std::deque<Replica::DigestAt>& Replica::digests() const {
  return impl_->digests;
}

}  // namespace drover::replica
