#pragma once
// A lane: one reactor's share of a server, without the reactor. It owns its connections' sessions
// from handshake to close: decoding, per-connection FIFO, reads, watches, replies. Reads are
// answered here, in place, from the shared tree; writes leave through the outbox to the replica and
// come back as Deliveries.
//
// Threads: one. Calls marked [tree] read the tree and need this lane's slot held.
// Order: replies leave in request order; an event is appended to a connection's output
// before any answer that could reveal the change, because Deliveries are drained before frames are
// handled.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_buffer.h"
#include "base/distribution.h"
#include "base/time.h"
#include "tree/tree.h"
#include "txn/auth.h"
#include "txn/request.h"
#include "watch/watch_table.h"

namespace drover::lane {

struct LaneOptions {
  std::uint32_t index = 0;
  bool serving = true;  // false: only from the first Deliveries item kServing on (an ensemble)
  std::int32_t session_timeout_ms_min = 6000;
  std::int32_t session_timeout_ms_max = 60000;
  std::int32_t frame_size_max = 1048575;         // jute.maxbuffer, bytes, inclusive
  std::int32_t length_max = 2097150;             // of one string or buffer, bytes
  std::int32_t sessionless_timeout_ms = 10000;   // nio.sessionlessCnxnTimeout
  std::int32_t outstanding_requests_max = 1000;  // globalOutstandingLimit, this lane's share
  std::size_t output_bytes_pause = 4u << 20;     // above it a connection is not read
  std::size_t output_bytes_max = 64u
                                 << 20;  // above it a connection is closed rather than sent more
  std::vector<std::string> enforced_auth_schemes{};  // empty: enforce.auth.enabled=false
};

class HotSampler;  // lane/hot_sampler.h

// What the transport shares with the lane about one connection. Owned by the lane; valid from
// open() to closed().
struct Connection;  // lane/connection.h

// Plain counters since the start; the owner of the lane's thread may read and reset them (srst).
struct LaneProbe {
  std::int64_t packets_received = 0;
  std::int64_t packets_sent = 0;  // replies and events
  std::int64_t events_sent = 0;
  // Of requests, from their frame's arrival to their reply.
  std::int64_t latency_ms_min = 0, latency_ms_max = 0, latency_ms_sum = 0, latency_count = 0;
  std::int64_t outstanding = 0;  // requests not yet answered, now

  // The same latencies, those of txns and all others apart, ms.
  base::Distribution update_ms, read_ms;
  // Frames to clients without their length words: -1 before the first.
  std::int64_t response_bytes_last = -1, response_bytes_min = -1, response_bytes_max = -1;
  std::int64_t response_bytes = 0;
  std::int64_t watch_bytes = 0;
  // How many watches one event spent or told, by its type; only events that somebody heard.
  base::Distribution created_watches, deleted_watches, changed_watches, children_watches;
  std::int64_t handshakes = 0;
  std::int64_t revalidations = 0;        // handshakes that named a session
  std::int64_t sessionless_expired = 0;  // connections that never asked for one
  std::int64_t refused_not_serving = 0;  // handshakes while there was no leader
  std::int64_t stale_replies = 0;        // answers that found nobody
  std::int64_t auth_failed = 0;          // auth packets that were refused
  std::int64_t ensemble_auth_ok = 0, ensemble_auth_failed = 0, ensemble_auth_skipped = 0;
  // Answers by operation; see op_index.
  static constexpr std::size_t kOps = 128;
  std::array<std::int64_t, kOps> ops{};
  [[nodiscard]] static constexpr std::size_t op_index(wire::OpCode op) {
    // Any number a client sends comes here. Those of no operation share the place of 0.
    constexpr std::size_t kCreateSession = 110, kCloseSession = 111;
    if (op == wire::OpCode::kCreateSession) return kCreateSession;
    if (op == wire::OpCode::kCloseSession) return kCloseSession;
    const auto number = static_cast<std::uint32_t>(op);
    return number < kCreateSession ? number : 0;
  }
};

class Lane {
 public:
  // All referenced must outlive the lane.
  Lane(LaneOptions options, const tree::Tree& tree, const txn::AuthOptions& auth);
  ~Lane();

  // A transport is connected. `remote_address` is textual, without port; it becomes the `ip`
  // identity.
  Connection& open(std::string remote_address, std::uint16_t remote_port, base::Instant now);
  // The transport is gone, for whatever reason. `connection` is freed.
  void closed(Connection& connection);

  // [tree] One frame's payload, its length already checked against frame_size_max. The view is not
  // kept.
  void on_frame(Connection& connection, std::string_view payload, base::Instant now);
  // [tree] What the replica hands back, in zxid order.
  void on_deliveries(const txn::Deliveries& deliveries, base::Instant now);
  // Closes idle connections without a session, flushes touches.
  void on_timer(base::Instant now);
  [[nodiscard]] std::optional<base::Instant> next_deadline() const;

  // Requests, touches and closures for the replica. The caller moves or swaps the batch away, or
  // clears it.
  [[nodiscard]] txn::RequestBatch& outbox();
  // Connections whose output, close flag or reading pause changed. The caller swaps the list away,
  // or works through it and clears it; closed() takes the connection out of what is still in the
  // list.
  [[nodiscard]] std::vector<Connection*>& dirty();

  // The transport has sent output: reading may go on.
  void on_flushed(Connection& connection);

  [[nodiscard]] const watch::WatchTable& watches() const;
  // A watch is here, or an answer on its way to us may leave one: the replica has to collect
  // changes.
  [[nodiscard]] bool wants_changes() const;
  // The connection with this id (what a watcher is in watches()), or null.
  [[nodiscard]] const Connection* find(std::uint64_t id) const;
  [[nodiscard]] LaneProbe& probe();
  [[nodiscard]] HotSampler& hot();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::lane
