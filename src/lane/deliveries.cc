// What the replica hands back: changes become events, replies go out in their connection's order.

#include <algorithm>

#include "base/assert.h"
#include "lane/frames.h"
#include "lane/lane_impl.h"

namespace drover::lane {

using watch::Registry;

namespace {
// A reply that is shorter than this cannot add up to much, as the number of requests is bounded.
constexpr std::uint32_t kBodyChecked = 4096;
}  // namespace

// In zxid order: the events of a txn, then its reply, and behind it what its connection had
// waiting. Only a setWatches waits for the end: it looks at the tree, which shows the whole batch
// already, so that every event of the batch has to be queued before its answer.
void Lane::on_deliveries(const txn::Deliveries& deliveries, base::Instant now) {
  using Kind = txn::Deliveries::Item::Kind;
  for (const txn::Deliveries::Item& item : deliveries.order) {
    switch (item.kind) {
      case Kind::kChange:
        impl_->on_change(deliveries, deliveries.changes[item.index]);
        break;
      case Kind::kReply:
        impl_->on_reply(deliveries, deliveries.replies[item.index], now);
        break;
      case Kind::kServing:
        impl_->serving = true;
        impl_->term = item.index;
        break;
      case Kind::kNotServing:
        impl_->stop_serving();
        break;
    }
  }
  for (const std::uint64_t id : impl_->set_watches_ready) {
    LaneConnection* connection = impl_->connections.find(id);
    if (connection == nullptr || connection->fifo.empty()) continue;
    impl_->answer_held(*connection, impl_->tree.last_zxid(), now);
    impl_->resume(*connection, Pause::kSetWatches);
    impl_->advance(*connection, impl_->tree.last_zxid(), now);
  }
  impl_->set_watches_ready.clear();
  if (!impl_->throttled.empty()) impl_->release_throttled();
}

// The tree is about to show what is not committed, or to be replaced: nobody may look at it. Who
// has not said yet that it is a client may be an operator asking why.
void Lane::Impl::stop_serving() {
  serving = false;
  outbox.clear();
  connections.for_each([this](LaneConnection& connection) {
    if (connection.state != LaneConnection::State::kNew) close_now(connection);
  });
}

// ---- events

void Lane::Impl::on_change(const txn::Deliveries& deliveries, const txn::Change& change) {
  if (watches.empty()) return;
  const std::string_view path = deliveries.view(change.path_offset, change.path_size);
  if (change.kind == txn::Change::Kind::kDataChanged) {
    recipients.clear();
    watches.fire(Registry::kData, path, recipients);
    return send_event(EventType::kNodeDataChanged, change.zxid, path, change.acl.get());
  }
  const bool created = change.kind == txn::Change::Kind::kCreated;
  const EventType type = created ? EventType::kNodeCreated : EventType::kNodeDeleted;
  recipients.clear();
  watches.fire(Registry::kData, path, recipients);
  send_event(type, change.zxid, path, change.acl.get());
  if (!created) {
    // A child watch hears of the deletion too, unless its connection just did.
    notified.swap(recipients);
    recipients.clear();
    watches.fire(Registry::kChildren, path, recipients);
    std::erase_if(recipients,
                  [this](watch::WatcherId id) { return std::ranges::binary_search(notified, id); });
    send_event(type, change.zxid, path, change.acl.get());
  }
  const std::string_view parent = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
  recipients.clear();
  watches.fire(Registry::kChildren, parent, recipients);
  send_event(EventType::kNodeChildrenChanged, change.zxid, parent, change.parent_acl.get());
}

void Lane::Impl::count_watches(EventType type, std::size_t watches_told) {
  const auto told = static_cast<std::int64_t>(watches_told);
  if (type == EventType::kNodeCreated) probe.created_watches.add(told);
  if (type == EventType::kNodeDeleted) probe.deleted_watches.add(told);
  if (type == EventType::kNodeDataChanged) probe.changed_watches.add(told);
  if (type == EventType::kNodeChildrenChanged) probe.children_watches.add(told);
}

// To `recipients`, as far as they may read. Their one-shot watches are spent either way.
void Lane::Impl::send_event(EventType type, wire::Zxid zxid, std::string_view path,
                            const AclList* acl) {
  if (recipients.empty()) return;
  count_watches(type, recipients.size());
  event.clear();
  append_event(event, type, zxid, path);
  for (const watch::WatcherId id : recipients) {
    LaneConnection* connection = connections.find(id);
    DROVER_ASSERT(connection != nullptr, "a watch outlived its connection");
    if (acl != nullptr && !txn::allowed(auth, acl, perms::kRead, *connection->identities)) {
      continue;
    }
    if (!has_room(*connection)) continue;
    connection->output.append(event.view());
    ++connection->counters.sent;
    ++probe.packets_sent;
    ++probe.events_sent;
    probe.watch_bytes += static_cast<std::int64_t>(event.size() - kFrameLengthSize);
    wrote(*connection);
  }
}

// ---- replies

void Lane::Impl::on_reply(const txn::Deliveries& deliveries, const txn::Reply& reply,
                          base::Instant now) {
  LaneConnection* connection = connections.find(reply.connection);
  if (connection == nullptr || connection->state == LaneConnection::State::kClosed) {
    ++probe.stale_replies;
    return;
  }
  if (!reply.answers_request) {
    if (reply.kind == txn::Reply::Kind::kCloseConnection) close_now(*connection);
    return;
  }
  DROVER_ASSERT(
      !connection->fifo.empty() && connection->fifo.front().kind == Pending::Kind::kAwaiting,
      "a reply without a request");
  emit_reply(*connection, deliveries, reply, now);
  if (connection->state == LaneConnection::State::kClosed) return;
  pop(*connection);
  advance(*connection, reply.zxid, now);
}

void Lane::Impl::emit_reply(LaneConnection& connection, const txn::Deliveries& deliveries,
                            const txn::Reply& reply, base::Instant now) {
  using Kind = txn::Reply::Kind;
  switch (reply.kind) {
    case Kind::kSessionCreated:
    case Kind::kSessionReattached:
      count_latency(wire::OpCode::kCreateSession, now.ms() - connection.fifo.front().received.ms());
      return on_session(connection, reply.session, reply.timeout_ms);
    case Kind::kCloseConnection:
      return close_now(connection);
    case Kind::kDropped:
      return;
    case Kind::kReply:
    case Kind::kReplyThenClose:
      break;
  }
  if (reply.body_size > kBodyChecked && !has_room(connection)) return;
  leave_watch(connection, reply.watch,
              deliveries.view(reply.watch_path_offset, reply.watch_path_size));
  ReplyFrame frame(connection.output);
  connection.output.append(deliveries.view(reply.body_offset, reply.body_size));
  frame.finish(reply.xid, reply.zxid, reply.error);
  const Pending& entry = connection.fifo.front();
  count_reply(connection, reply.xid, entry.op, reply.zxid, frame.size(), entry.received, now);
  if (reply.kind == Kind::kReplyThenClose) close_after_output(connection);
}

void Lane::Impl::advance(LaneConnection& connection, wire::Zxid zxid, base::Instant now) {
  while (!connection.fifo.empty()) {
    const Pending& entry = connection.fifo.front();
    if (entry.kind == Pending::Kind::kAwaiting) return;
    if (entry.op == wire::OpCode::kSetWatches || entry.op == wire::OpCode::kSetWatches2) {
      set_watches_ready.push_back(connection.id);
      return;
    }
    if (entry.kind == Pending::Kind::kHeld) {
      answer_held(connection, zxid, now);
    } else {
      Pending answer_known = entry;
      if (entry.zxid.value > 0) answer_known.zxid = zxid;
      emit_ready(connection, answer_known, now);
      if (connection.state == LaneConnection::State::kClosed) return;
      pop(connection);
    }
  }
}

void Lane::Impl::answer_held(LaneConnection& connection, wire::Zxid zxid, base::Instant now) {
  const Pending& entry = connection.fifo.front();
  const std::string_view body = connection.fifo.held_frame().substr(kRequestHeaderSize);
  answer(connection, entry.xid, entry.op, body, zxid, entry.received, now);
  pop(connection);
}

}  // namespace drover::lane
