#pragma once
// What a server shows of itself, as plain values. The server room fills it; this room alone knows
// how ZooKeeper spells it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/metrics.h"
#include "admin/summary.h"
#include "wire/op_code.h"
#include "wire/zxid.h"

namespace drover::admin {

struct ConnectionView {
  std::string remote_address;  // textual, without port
  std::uint16_t remote_port = 0;
  int interest_ops =
      1;  // 1 reading, 5 also writing, 0 paused or closing (Java's SelectionKey bits)
  std::int64_t outstanding = 0;
  std::int64_t received = 0, sent = 0;  // packets
  wire::SessionId session;              // 0: none yet
  wire::OpCode last_op = wire::OpCode::kNotification;
  std::int64_t established_ms = 0;  // wall clock
  std::int32_t timeout_ms = 0;
  std::int32_t last_cxid = -1;
  wire::Zxid last_zxid{-1};
  std::int64_t last_response_ms = 0;  // monotonic
  std::int64_t last_latency_ms = 0;
  Summary latency_ms;
};

// Sessions that are due together.
struct ExpiryBucket {
  std::int64_t expires_at_ms = 0;  // wall clock
  std::vector<wire::SessionId> sessions;
  std::int64_t deadline_ms = 0;  // the same moment, monotonic
};

struct SessionWatch {
  std::string path;
  wire::SessionId session;
};

// Settings that `conf` prints.
struct ConfView {
  int client_port = -1;
  int secure_client_port = -1;
  std::string data_dir;  // absolute, version-2 included
  std::string data_log_dir;
  std::int64_t tick_ms = 0;
  std::int64_t connections_per_ip_max = 0;
  std::int64_t session_timeout_ms_min = 0;
  std::int64_t session_timeout_ms_max = 0;
  int listen_backlog = -1;
  std::int64_t server_id = 0;
  std::string initial_text{};  // zoo.cfg as it was read at the start
  std::vector<std::pair<std::string, std::string>> properties{};  // what a JVM would have, by name
  struct Ensemble {
    std::int64_t init_limit = 0, sync_limit = 0;  // ticks
    int election_port = 0, quorum_port = 0;
    bool observer = false;
    std::string membership;  // as in /zookeeper/config, without a newline at the end
    struct Member {
      std::int64_t sid = 0;
      std::string quorum, election, client;  // host:port; `client` may be empty
      bool observer = false;
    };
    std::vector<Member> members{};  // ascending
  };
  std::optional<Ensemble> ensemble;  // none: standalone
};

// A learner as its leader sees it.
struct LearnerLine {
  std::string remote_address;  // /ip:port, or empty
  std::int64_t sid = 0;
  bool observer = false, voter = false, synced = false;
  std::int64_t established_ms = 0;  // wall clock
  std::int64_t queued_bytes = 0;
  std::int64_t packets_received = 0, packets_sent = 0;
  std::int64_t requests = 0;  // of its clients
  wire::Zxid last_acked{-1};
};

// What only the one that leads knows.
struct LeaderView {
  std::int64_t learners = 0, synced_followers = 0, synced_non_voting_followers = 0;
  std::int64_t synced_observers = 0;
  std::int64_t uptime_ms = 0;  // since it serves
  std::int64_t pending_syncs = 0;
  std::int64_t proposal_bytes_last = -1, proposal_bytes_min = -1, proposal_bytes_max = -1;
  std::vector<LearnerLine> lines{};
};

// What a member of an ensemble says of itself.
struct EnsembleView {
  std::string peer_state;        // `following - broadcast`
  std::string zab_state;         // election, discovery, synchronization, broadcast
  std::int64_t leader_sid = -1;  // -1: none
  std::string leader_host;       // empty: none
  bool has_served = false;       // since the start
  std::int64_t quorum_size = 0;  // voters
  std::optional<LeaderView> leader;
};

// The parts of a view that cost something; the rest is always there.
struct Wanted {
  bool connections = false;
  bool watches = false;
  bool sessions = false;  // when they are due, and their ephemerals
  bool digests = false;
  bool metrics = false;
  bool folder_sizes = false;
  bool environment = false;
  bool learners = false;
  // Takes effect before the view is made.
  enum class Reset { kNothing, kConnections, kServer, kObservers } reset = Reset::kNothing;
};

struct SnapshotView {
  wire::Zxid zxid{-1};      // -1: none
  std::int64_t time_s = 0;  // when it was written, seconds since 1970
};

struct StatusView {
  std::string version;  // `<x.y.z>-<hash>, built on <date>`
  bool serving = true;
  bool lets_clients_in = true;  // false: a leader that leaves clients to others (leaderServes=no)
  std::string mode = "standalone";  // leader, follower, observer
  std::optional<EnsembleView> ensemble;

  // Requests and connections.
  Summary latency_ms;
  std::int64_t packets_received = 0, packets_sent = 0;
  std::int64_t auth_failed = 0;  // auth packets that were refused
  std::int64_t connections_count = 0;
  std::int64_t outstanding = 0;
  // Of an answer to a client, bytes; -1: none yet.
  std::int64_t response_bytes_last = -1, response_bytes_min = -1, response_bytes_max = -1;
  std::int64_t slow_syncs = 0;  // longer than fsync.warningthresholdms
  std::int64_t uptime_ms = 0;
  std::int64_t monotonic_ms = 0;            // when the view was made
  std::int64_t disk_busy_ms = 0;            // how long the write under way has lasted; 0: none is
  std::int64_t wall_ms = 0;                 // when the view was made, ms since 1970
  std::vector<ConnectionView> connections;  // only when wanted, as below

  // Tree and sessions.
  wire::Zxid zxid;
  std::int64_t node_count = 0;  // znodes, the root once
  std::int64_t ephemerals_count = 0;
  std::int64_t approximate_data_size = 0;
  std::int64_t sessions_count = 0;
  std::int64_t watch_count = 0;  // data and child watches
  std::vector<SessionWatch> data_watches;
  std::vector<ExpiryBucket> session_buckets;
  // Of a learner, which expires nobody. Ascending, with the timeout in ms.
  std::vector<std::pair<wire::SessionId, std::int32_t>> global_sessions;
  std::vector<std::pair<wire::SessionId, std::vector<std::string>>> ephemerals;
  std::vector<std::pair<wire::Zxid, std::int64_t>> digests;

  // The process and its folders.
  ConfView conf;
  SnapshotView last_snapshot;
  std::int64_t data_dir_bytes = 0, log_dir_bytes = 0;
  std::vector<std::pair<std::string, std::string>> environment;  // in order
  std::int64_t open_file_descriptors = -1, file_descriptors_max = -1;
  std::uint64_t trace_mask = 306;
  MetricSet metrics;
  // What Prometheus clients of every language tell of a process (process_...).
  struct ProcessMetric {
    std::string_view name, type;
    double value = 0;
  };
  std::vector<ProcessMetric> process_metrics;
};

}  // namespace drover::admin
