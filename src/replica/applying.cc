// A committed txn changes the tree, and everyone who waits for it hears of it.

#include <algorithm>

#include "base/assert.h"
#include "replica/replica_impl.h"
#include "txn/apply.h"

namespace drover::replica {

using Kind = Outstanding::Kind;
using wire::OpCode;

namespace {
// Answers to reads are of any size and have to wait in memory for their lane.
constexpr std::size_t kReadBytesMax = 16u << 20;
}  // namespace

bool Replica::has_committed() const {
  return (!impl_->queue.empty() && impl_->is_ready(impl_->queue.front())) ||
         impl_->pending.has_ready() || impl_->may_release_sync() || !impl_->notices.empty();
}

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

// Says to a connection, out of the blue, that it is over. A learner sees that for itself: the txn
// that ends a session comes by, and who owns a session is its leader's to know.
void push_close(const txn::Origin& origin, wire::SessionId session, wire::Zxid zxid,
                std::span<txn::Deliveries> lanes) {
  if (origin.is_learner()) return;
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
  impl.tell_lanes(lanes);
  impl.answer_pending(lanes);
  while (!impl.queue.empty() && impl.is_ready(impl.queue.front())) {
    const Outstanding& entry = impl.queue.front();
    if (entry.kind == Kind::kRead && lane_of(entry.from, lanes).bytes.size() > kReadBytesMax) break;
    last = std::max(last, entry.zxid);
    const std::string_view bytes = impl.queue.bytes(entry);
    if (entry.kind == Kind::kTxn) {
      impl.apply_txn(entry, bytes, now, watched, lanes);
      impl.answer_pending(lanes);
    } else if (impl.has_no_clients()) {
      // Nobody hears it.
    } else if (entry.kind == Kind::kKick) {
      push_close(entry.from, entry.session, impl.tree.last_zxid(), lanes);
    } else {
      impl.answer(entry, bytes, lanes);
    }
    impl.queue.pop();
  }
  // The tree now says what prepare had to remember.
  if (last.value > 0 && impl.prepare) impl.prepare->applied(last);
}

// Of a standalone server, before anything that clients may not see.
void Replica::Impl::tell_lanes(std::span<txn::Deliveries> lanes) {
  using Item = txn::Deliveries::Item;
  for (const std::uint32_t notice : notices) {
    for (txn::Deliveries& lane : lanes) {
      lane.order.push_back({notice > 0 ? Item::Kind::kServing : Item::Kind::kNotServing, notice});
    }
  }
  notices.clear();
}

// Of a learner: what was behind the txn that was just applied.
void Replica::Impl::answer_pending(std::span<txn::Deliveries> lanes) {
  if (mode != Mode::kLearning) return;
  release_syncs();
  while (pending.has_ready()) {
    if (lane_of(pending.first_ready().from, lanes).bytes.size() > kReadBytesMax) break;
    const PendingRequests::Entry entry = pending.take_ready();
    if (entry.request.kind == Kind::kKick) {
      push_close(entry.request.from, entry.request.session, tree.last_zxid(), lanes);
    } else {
      answer(entry.request, entry.bytes, lanes);
    }
  }
}

bool Replica::Impl::may_release_sync() const {
  return mode == Mode::kLearning && !sync_releases.empty() &&
         (sync_releases.front() <= tree.last_zxid() || queue.empty());
}

// A sync's word came when everything up to `after` was committed; that has to be seen first.
void Replica::Impl::release_syncs() {
  while (may_release_sync()) {
    pending.release_sync();
    sync_releases.pop_front();
  }
}

// An answer without a txn: it shows the state that everything decided before it left behind.
void Replica::Impl::answer(const Outstanding& entry, std::string_view bytes,
                           std::span<txn::Deliveries> lanes) {
  if (entry.from.is_learner()) return;
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
    reply.body_size = static_cast<std::uint32_t>(bytes.size());
    lane.bytes.append(bytes);
  } else if (entry.kind == Kind::kRead) {
    read(entry, bytes, lane, reply);
  }
  push_reply(lane, reply);
}

void Replica::Impl::read(const Outstanding& entry, std::string_view bytes, txn::Deliveries& lane,
                         txn::Reply& reply) {
  txn::WatchWish wish;
  const std::size_t offset = lane.bytes.size();
  reply.error = reader.read(entry.op, bytes, entry.session, *entry.identities, lane.bytes, wish);
  reply.body_offset = static_cast<std::uint32_t>(offset);
  reply.body_size = static_cast<std::uint32_t>(lane.bytes.size() - offset);
  if (wish.kind == txn::WatchKind::kNone) return;
  reply.watch = wish.kind;
  reply.watch_path_offset = static_cast<std::uint32_t>(lane.bytes.size());
  reply.watch_path_size = static_cast<std::uint32_t>(wish.path.size());
  lane.bytes.append(wish.path);
}

// A learner knows a txn's client by session and cxid; where nobody serves, there is none.
void Replica::Impl::find_client(Outstanding& entry, std::string_view bytes) {
  if (has_no_clients()) entry.has_client = false;
  if (mode != Mode::kLearning) return;
  wire::JuteReader in(bytes);
  const auto header = wire::TxnHeader::decode(in);
  entry.op = header.type;
  entry.session = header.session;
  const auto request = pending.take(header.session, header.cxid);
  if (!request) return;
  const wire::Zxid zxid = entry.zxid;
  entry = *request;
  entry.zxid = zxid;
}

void Replica::Impl::apply_txn(Outstanding entry, std::string_view bytes, base::Instant now,
                              bool watched, std::span<txn::Deliveries> lanes) {
  find_client(entry, bytes);
  const wire::Zxid before = tree.last_zxid();
  base::ByteBuffer& body = entry.has_client ? lane_of(entry.from, lanes).bytes : no_body;
  const std::size_t body_offset = body.size();
  const txn::ChangeSink sink{changes, change_bytes};
  const tree::TtlChanges ttl_before = tree.ttl_changes();
  const txn::Applied applied =
      txn::apply(bytes, tree, sessions, now, entry.has_client ? entry.op : OpCode::kError,
                 watched ? &sink : nullptr, body, {.compare_digest = !fuzzy});
  DROVER_ASSERT(applied.ok, "prepare made a txn that apply does not know");
  const std::size_t body_size = body.size() - body_offset;
  ++probe.txns;
  probe.ttl_nodes_created += tree.ttl_changes().created - ttl_before.created;
  probe.ttl_nodes_deleted += tree.ttl_changes().deleted - ttl_before.deleted;
  if (!applied.digest_matches && ++probe.digest_mismatches == 1) {
    log.error("txn zxid=0x{:x} left a tree whose digest differs from the txn's", entry.zxid.value);
  }
  keep_digest(entry.zxid, before);
  if (watched) deliver_changes(lanes);
  if (entry.has_client) {
    push_reply(lane_of(entry.from, lanes), {.kind = applied.error == ErrorCode::kSessionMoved
                                                        ? txn::Reply::Kind::kCloseConnection
                                                        : reply_kind(entry),
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

void Replica::Impl::keep_digest(wire::Zxid zxid, wire::Zxid before) {
  if (!options.prepare.digest_enabled || fuzzy || zxid.value % options.digest_interval != 0) return;
  if (digests.size() >= options.digests_max) digests.pop_front();
  digests.push_back({zxid, tree.digest(), before});
}

void Replica::Impl::deliver_changes(std::span<txn::Deliveries> lanes) {
  for (txn::Deliveries& lane : lanes) {
    if (!lane.takes_changes) continue;
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
  if (owner && !owner->is_learner() && (!entry.has_client || *owner != entry.from)) {
    push_close(*owner, entry.session, entry.zxid, lanes);
  }
}

}  // namespace drover::replica
