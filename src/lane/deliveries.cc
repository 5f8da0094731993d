// What the replica hands back: changes become events, replies go out in their connection's order.

#include <algorithm>

#include "base/assert.h"
#include "lane/frames.h"
#include "lane/lane_impl.h"

namespace drover::lane {

using watch::Registry;

// Two passes. The first follows zxid order: the events of a txn, then its reply. Held reads wait
// for the second: they see the tree after the whole batch, and so every event of the batch has to
// be queued first. A later write of their own connection is never in that batch (Request::after_reads).
void Lane::on_deliveries(const txn::Deliveries& deliveries, base::Instant now) {
  using Kind = txn::Deliveries::Item::Kind;
  for (const txn::Deliveries::Item& item : deliveries.order) {
    if (item.kind == Kind::kChange) {
      impl_->on_change(deliveries, deliveries.changes[item.index]);
    } else {
      impl_->on_reply(deliveries, item.index, now);
    }
  }
  for (const std::uint64_t id : impl_->drains) {
    if (LaneConnection* connection = impl_->connections.find(id)) {
      connection->in_drain_list = false;
      impl_->drain(*connection, deliveries, now);
    }
  }
  impl_->drains.clear();
  if (!impl_->throttled.empty()) impl_->release_throttled();
}

// ---- events (spec 9.3)

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

// To `recipients`, as far as they may read. Their one-shot watches are spent either way.
void Lane::Impl::send_event(EventType type, wire::Zxid zxid, std::string_view path,
                            const AclList* acl) {
  if (recipients.empty()) return;
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
    wrote(*connection);
  }
}

// ---- replies

void Lane::Impl::on_reply(const txn::Deliveries& deliveries, std::uint32_t index,
                          base::Instant now) {
  const txn::Reply& reply = deliveries.replies[index];
  LaneConnection* connection = connections.find(reply.connection);
  if (connection == nullptr || connection->state == LaneConnection::State::kClosed) return;
  if (!reply.answers_request) {
    if (reply.kind == txn::Reply::Kind::kCloseConnection) close_now(*connection);
    return;
  }
  Pending* entry = connection->fifo.next_unanswered();
  DROVER_ASSERT(entry != nullptr, "a reply without a request");
  if (!connection->fifo.is_front(entry)) {
    entry->reply = index + 1;  // a held request stands in front: drain() comes to it
    return;
  }
  emit_reply(*connection, *entry, deliveries, reply, now);
  if (connection->state == LaneConnection::State::kClosed) return;
  pop(*connection);
  if (connection->fifo.empty() || connection->in_drain_list ||
      connection->fifo.front().kind == Pending::Kind::kAwaiting) {
    return;
  }
  connection->in_drain_list = true;
  drains.push_back(connection->id);
}

void Lane::Impl::emit_reply(LaneConnection& connection, const Pending& entry,
                            const txn::Deliveries& deliveries, const txn::Reply& reply,
                            base::Instant now) {
  using Kind = txn::Reply::Kind;
  switch (reply.kind) {
    case Kind::kSessionCreated:
    case Kind::kSessionReattached:
      return on_session(connection, reply.session, reply.timeout_ms);
    case Kind::kCloseConnection:
      return close_now(connection);
    case Kind::kDropped:
      return;
    case Kind::kReply:
    case Kind::kReplyThenClose:
      break;
  }
  // A read between two writes of a pipeline has shown the tree after the later one's batch; a
  // client takes the header's zxid for what it has seen, so it must not fall back.
  const wire::Zxid zxid =
      reply.zxid.value > 0 ? std::max(reply.zxid, connection.zxid_sent) : reply.zxid;
  ReplyFrame frame(connection.output);
  connection.output.append(deliveries.view(reply.body_offset, reply.body_size));
  frame.finish(reply.xid, zxid, reply.error);
  count_reply(connection, reply.xid, entry.op, zxid, entry.received, now);
  if (reply.kind == Kind::kReplyThenClose) close_after_output(connection);
}

void Lane::Impl::answer_held(LaneConnection& connection, base::Instant now) {
  const Pending entry = connection.fifo.front();
  const std::string_view body = connection.fifo.held_frame().substr(8);
  answer(connection, entry.xid, entry.op, body, connection.front_identities, entry.received, now);
}

void Lane::Impl::drain(LaneConnection& connection, const txn::Deliveries& deliveries,
                       base::Instant now) {
  while (!connection.fifo.empty() && connection.state != LaneConnection::State::kClosed) {
    const Pending entry = connection.fifo.front();
    if (entry.kind == Pending::Kind::kHeld) {
      if (!has_room(connection)) return;
      answer_held(connection, now);
    } else if (entry.kind == Pending::Kind::kReady) {
      emit_ready(connection, entry, now);
    } else if (entry.reply != 0) {
      emit_reply(connection, entry, deliveries, deliveries.replies[entry.reply - 1], now);
    } else {
      return;
    }
    if (connection.state != LaneConnection::State::kClosed) pop(connection);
  }
}

}  // namespace drover::lane
