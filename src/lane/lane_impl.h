#pragma once
// The inside of a lane. One class, told in chapters: lane.cc (connections, frames, limits),
// handshake.cc, requests.cc (what a frame asks), deliveries.cc (events and replies from the
// replica).

#include <deque>

#include "lane/connection_table.h"
#include "lane/hot_sampler.h"
#include "lane/lane.h"
#include "txn/read.h"

namespace drover::lane {

struct Lane::Impl {
  Impl(LaneOptions lane_options, const tree::Tree& shared_tree,
       const txn::AuthOptions& auth_options);

  // ---- lane.cc: connections
  void on_frame(LaneConnection& connection, std::string_view payload, base::Instant now);
  void close_now(LaneConnection& connection);
  // Nothing follows what is in the output already.
  void close_after_output(LaneConnection& connection);
  void forget_requests(LaneConnection& connection);
  void mark_dirty(LaneConnection& connection);
  // Output was appended: pauses reading when it is much, and tells the transport.
  void wrote(LaneConnection& connection);
  // False when the client has left too much unread: then the connection is closed. To be asked
  // before an answer or event that reading_paused does not hold off.
  bool has_room(LaneConnection& connection);

  // ---- lane.cc: limits and touches
  void pause(LaneConnection& connection, Pause reason);
  void resume(LaneConnection& connection, Pause reason);
  [[nodiscard]] bool over_limit(const LaneConnection& connection) const;
  void throttle(LaneConnection& connection);
  void release_throttled();
  void touch(LaneConnection& connection, base::Instant now);
  void flush_touches();
  void close_sessionless(base::Instant now);

  // ---- handshake.cc
  void on_connect(LaneConnection& connection, std::string_view payload, base::Instant now);
  void on_session(LaneConnection& connection, wire::SessionId session, std::int32_t timeout_ms);
  void write_connect_response(LaneConnection& connection);
  void refuse_session(LaneConnection& connection);

  // ---- requests.cc
  void on_request(LaneConnection& connection, std::string_view frame, base::Instant now);
  void forward(LaneConnection& connection, const wire::RequestHeader& header, std::string_view body,
               base::Instant now);
  void on_sync(LaneConnection& connection, const wire::RequestHeader& header, std::string_view body,
               base::Instant now);
  void count_auth(const wire::AuthRequest& request, bool accepted);
  void on_auth(LaneConnection& connection, const wire::RequestHeader& header, std::string_view body,
               base::Instant now);
  void on_sasl(LaneConnection& connection, const wire::RequestHeader& header, std::string_view body,
               base::Instant now);
  void answer_or_hold(LaneConnection& connection, const wire::RequestHeader& header,
                      std::string_view frame, base::Instant now);
  // An answer that is known: at once, or when its turn comes.
  void ready(LaneConnection& connection, Pending entry);
  void emit_ready(LaneConnection& connection, const Pending& entry, base::Instant now);
  void answer(LaneConnection& connection, std::int32_t xid, wire::OpCode op, std::string_view body,
              wire::Zxid zxid, base::Instant received, base::Instant now);
  [[nodiscard]] ErrorCode read(LaneConnection& connection, wire::OpCode op, std::string_view body);
  void leave_watch(LaneConnection& connection, txn::WatchKind kind, std::string_view path);
  [[nodiscard]] bool lacks_enforced_scheme(const LaneConnection& connection) const;
  void push(LaneConnection& connection, const Pending& entry);
  void pop(LaneConnection& connection);
  void count_reply(LaneConnection& connection, std::int32_t xid, wire::OpCode op, wire::Zxid zxid,
                   std::size_t bytes, base::Instant received, base::Instant now);
  void count_latency(wire::OpCode op, std::int64_t latency_ms);

  // ---- deliveries.cc
  void stop_serving();
  void on_change(const txn::Deliveries& deliveries, const txn::Change& change);
  void count_watches(EventType type, std::size_t watches_told);
  void send_event(EventType type, wire::Zxid zxid, std::string_view path, const AclList* acl);
  void on_reply(const txn::Deliveries& deliveries, const txn::Reply& reply, base::Instant now);
  void emit_reply(LaneConnection& connection, const txn::Deliveries& deliveries,
                  const txn::Reply& reply, base::Instant now);
  // Answers what stands at the front and needs nothing from the replica. `zxid`: how far this
  // connection's view of the tree has come.
  void advance(LaneConnection& connection, wire::Zxid zxid, base::Instant now);
  void answer_held(LaneConnection& connection, wire::Zxid zxid, base::Instant now);

  LaneOptions options;
  const tree::Tree& tree;
  const txn::AuthOptions& auth;
  watch::WatchTable watches;
  txn::Reader reader;
  ConnectionTable connections;
  LaneProbe probe;
  HotSampler hot;
  bool serving;            // false: no leader, whoever connects is closed
  std::uint32_t term = 0;  // as in txn::RequestBatch

  txn::RequestBatch outbox;
  std::vector<Connection*> dirty;
  // Kept back from the outbox for a while: reads alone should not wake the replica at every turn.
  std::vector<txn::RequestBatch::Touch> touches;
  base::Instant touches_due;  // meaningful while touches is not empty

  struct Sessionless {
    std::uint64_t connection = 0;
    base::Instant deadline;
  };
  std::deque<Sessionless> sessionless;  // ascending; may name connections that have moved on

  std::size_t in_flight_bytes = 0;       // of requests not yet answered, over all connections
  std::size_t watch_wishes = 0;          // of them, those that may leave a watch
  std::vector<std::uint64_t> throttled;  // paused for kOutstanding
  std::vector<std::uint64_t> set_watches_ready;  // with a setWatches at the front
  std::vector<watch::WatcherId> recipients;      // of one fire
  std::vector<watch::WatcherId> notified;        // of NodeDeleted by the data registry
  base::ByteBuffer event;                        // one event frame, copied to each recipient
};

}  // namespace drover::lane
