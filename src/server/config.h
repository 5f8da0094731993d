#pragma once
// What zoo.cfg says, checked and with defaults filled in. Reading it is pure: text in, Config or
// one error sentence out. The keys stand in one table (config_keys.cc).

#include <drover/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "storage/compression.h"
#include "zab/ensemble_config.h"

namespace drover::server {

struct Config {
  // Ports.
  int client_port = -1;                      // -1: not set; 0: any free one
  std::string client_port_address;           // empty: every interface
  int listen_backlog = -1;                   // -1: the server's own default
  std::int64_t connections_per_ip_max = 60;  // 0: no limit
  std::int64_t connections_max = 0;          // 0: no limit
  bool tcp_keep_alive = false;
  std::int32_t sessionless_timeout_ms = 10000;

  // Folders.
  std::string data_dir;
  std::string data_log_dir;  // empty: data_dir
  bool data_dir_autocreate = true;
  bool db_autocreate = true;

  // Sessions.
  std::int64_t tick_ms = 3000;
  std::int32_t session_timeout_ms_min = -1;  // as given; -1: 2 ticks. See session_timeouts()
  std::int32_t session_timeout_ms_max = -1;  // as given; -1: 20 ticks

  // Log and snapshots.
  std::int64_t preallocate_kb = 65536;
  std::int64_t snapshot_every_txns = 100000;
  std::int64_t snapshot_every_kb = 4194304;  // <= 0: off
  std::int64_t log_file_kb_max = -1;         // <= 0: no limit
  std::int64_t fsync_warning_ms = 1000;
  bool force_sync = true;
  storage::Compression compression = storage::Compression::kNone;
  bool trust_empty_snapshot = false;
  bool digest_enabled = true;
  std::int32_t purge_retain = 3;
  std::int64_t purge_interval_ms = 3'600'000;  // 0: off

  // Requests.
  std::int32_t frame_bytes_max = 1048575;
  std::int32_t frame_extra_bytes = -1;  // -1: as frame_bytes_max
  std::int32_t outstanding_requests_max = 1000;
  bool extended_types_enabled = false;
  bool enforce_quota = false;
  bool reconfig_enabled = false;
  std::int64_t container_check_interval_ms = 60000;
  std::int64_t container_max_per_minute = 10000;
  std::int64_t container_max_never_used_ms = 0;

  // Access.
  bool skip_acl = false;
  bool digest_auth_enabled = true;
  std::string digest_algorithm = "SHA1";
  std::string super_digest;
  std::string ensemble_auth_names;  // comma list, as given
  bool enforce_auth = false;
  std::string enforce_auth_schemes;  // comma list, as given
  bool session_requires_sasl = false;

  // Operators.
  std::string four_letter_words = "srvr";
  bool read_only_enabled = false;
  // The admin port. No value: on this machine only, and only if the port is free
  // (docs/decisions/0008).
  std::optional<bool> admin_enabled;
  std::string admin_address;  // empty: every interface, or loopback when not asked for
  int admin_port = 8080;      // 0: any free one
  std::string admin_command_url = "/commands";
  std::int64_t admin_idle_timeout_ms = 30000;
  std::int64_t admin_rate_limit_ms = 300000;     // of snapshot and restore; 0: none
  std::vector<std::string> admin_allowed_hosts;  // lower case; `*`: any
  bool admin_snapshot_enabled = true;
  bool admin_restore_enabled = true;
  bool prometheus = false;      // a port of its own for metrics
  std::string metrics_address;  // empty: every interface
  int metrics_port = 7000;      // 0: any free one
  base::LogLevel log_level = base::LogLevel::kInfo;
  std::uint32_t reactors = 1;

  // The ensemble.
  zab::EnsembleConfig ensemble;     // the `server.N` lines; empty: none
  bool standalone_enabled = true;   // one voter runs without an ensemble
  std::string dynamic_config_file;  // empty: members stand in zoo.cfg itself
  zab::ServerId self;               // myid
  bool observer = false;            // peerType; from the list of servers once `self` is known
  std::int64_t init_limit = 0;      // ticks; 0: not set
  std::int64_t sync_limit = 0;      // ticks; 0: not set
  std::int64_t connect_limit = 0;   // ticks; 0: init_limit
  std::int64_t connect_retry_ms = 100;
  std::int64_t election_connect_timeout_ms = 5000;
  std::int64_t election_handshake_timeout_ms = -1;  // -1: sync_limit ticks
  std::int64_t notification_interval_ms_min = 200;
  std::int64_t notification_interval_ms_max = 60000;
  std::int32_t election_bind_retries = 3;  // a second apart; 0: for ever
  std::int64_t epoch_wait_ms_max = -1;     // leader.maxTimeToWaitForEpoch; -1: off
  std::int64_t commit_log_count = 500;
  bool force_snapshot_sync = false;
  bool leader_serves = true;
  bool quorum_keep_alive = false;
  bool quorum_listen_on_all = false;

  // zoo.cfg as it was read, and its keys with their values, by name; passwords are left out.
  std::string source_text;
  std::vector<std::pair<std::string, std::string>> source_keys;
  // What was read but changes nothing, one sentence each, `file:line: ` in front.
  std::vector<std::string> warnings;

  struct Timeouts {
    std::int32_t ms_min, ms_max;
  };
  [[nodiscard]] Timeouts session_timeouts() const;
  // Of one decoded string or buffer: jute.maxbuffer + jute.maxbuffer.extrasize, bytes.
  [[nodiscard]] std::int32_t length_max() const;
  // Runs as a member of an ensemble.
  [[nodiscard]] bool distributed() const;
};

// Parses the text of a zoo.cfg; `file` stands in the messages. Errors: one line, `file:line: key:
// what is allowed`. The caller exits with 2. Of an ensemble's member only what stands in this file
// is known then; load_config (config_file.h) reads the rest. `config` holds what was set before:
// the file overrides it.
Result<Config> parse_config(std::string_view text, std::string_view file, Config config = {});

// Takes `name=value`, what follows -D among the words for a JVM: `zookeeper.snapCount=1000`,
// `jute.maxbuffer=4194304`. Those that mean something only to Java are passed over without a word.
// Errors: one line, `command line: <name>: what is allowed`.
Result<void> set_property(std::string_view name_and_value, Config& config);

// What `drover serve` without a file runs with: standalone, 127.0.0.1:2181, data in ./drover-data.
[[nodiscard]] Config default_config();

}  // namespace drover::server
