#include "server/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "net/http_origin.h"
#include "server/environment.h"
#include "storage/file_names.h"

namespace drover::server {

namespace {

constexpr std::int64_t kBytesPerKb = 1024;

std::vector<std::string> split_list(std::string_view comma_list) {
  std::vector<std::string> items;
  while (!comma_list.empty()) {
    const auto comma = comma_list.find(',');
    std::string_view item = comma_list.substr(0, comma);
    comma_list = comma == std::string_view::npos ? "" : comma_list.substr(comma + 1);
    item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
  }
  return items;
}

std::uint64_t bytes_or_off(std::int64_t kb) {
  return kb <= 0 ? 0 : static_cast<std::uint64_t>(kb * kBytesPerKb);
}

}  // namespace

txn::AuthOptions auth_options(const Config& config) {
  txn::AuthOptions options;
  options.skip_acl = config.skip_acl;
  options.digest_enabled = config.digest_auth_enabled;
  options.digest_algorithm = config.digest_algorithm;
  options.super_digest = config.super_digest;
  options.ensemble_names = split_list(config.ensemble_auth_names);
  options.ensemble_scheme = !options.ensemble_names.empty();
  return options;
}

ReactorOptions reactor_options(const Config& config, std::uint32_t index) {
  const auto [ms_min, ms_max] = config.session_timeouts();
  ReactorOptions options;
  options.lane.index = index;
  options.lane.serving = !config.distributed();
  options.lane.session_timeout_ms_min = ms_min;
  options.lane.session_timeout_ms_max = ms_max;
  options.lane.frame_size_max = config.frame_bytes_max;
  options.lane.length_max = config.length_max();
  options.lane.sessionless_timeout_ms = config.sessionless_timeout_ms;
  options.lane.outstanding_requests_max =
      std::max(1, config.outstanding_requests_max / static_cast<std::int32_t>(config.reactors));
  if (config.enforce_auth)
    options.lane.enforced_auth_schemes = split_list(config.enforce_auth_schemes);
  if (config.session_requires_sasl) options.lane.enforced_auth_schemes.emplace_back("sasl");
  options.tcp_keep_alive = config.tcp_keep_alive;
  options.four_letter_words = admin::Whitelist(config.four_letter_words, config.read_only_enabled);
  return options;
}

ConsoleLaneOptions console_lane_options(const Config& config) {
  constexpr std::int32_t kTimeoutMs = 10'000;
  const auto [ms_min, ms_max] = config.session_timeouts();
  return {.serving = !config.distributed(),
          .session_timeout_ms = std::clamp(kTimeoutMs, ms_min, std::max(ms_min, ms_max))};
}

replica::ReplicaOptions replica_options(const Config& config) {
  replica::ReplicaOptions options;
  options.tick_ms = config.tick_ms;
  options.lanes = config.reactors + 1;  // and the console's
  options.prepare.extended_types_enabled = config.extended_types_enabled;
  options.prepare.enforce_quota = config.enforce_quota;
  options.prepare.digest_enabled = config.digest_enabled;
  options.prepare.reconfig_enabled = config.reconfig_enabled;
  options.prepare.length_max = config.length_max();
  options.container_check_interval_ms = config.container_check_interval_ms;
  options.container_max_per_minute = config.container_max_per_minute;
  options.container_max_never_used_ms = config.container_max_never_used_ms;
  return options;
}

storage::RestoreOptions restore_options(const Config& config, const storage::DataDir& dir) {
  return {.snapshot_dir = dir.snapshot_dir(),
          .log_dir = dir.log_dir(),
          .trust_empty_snapshot = config.trust_empty_snapshot,
          .db_autocreate = config.db_autocreate,
          .length_max = config.length_max()};
}

replica::PeerOptions peer_options(const Config& config) {
  replica::PeerOptions options;
  options.self = config.self;
  options.config = config.ensemble;
  options.election.notification_interval_ms_min = config.notification_interval_ms_min;
  options.election.notification_interval_ms_max = config.notification_interval_ms_max;
  options.election_links.connect_timeout_ms = config.election_connect_timeout_ms;
  options.election_links.handshake_timeout_ms = config.election_handshake_timeout_ms == -1
                                                    ? config.sync_limit * config.tick_ms
                                                    : config.election_handshake_timeout_ms;
  options.leader.tick_ms = options.learner.tick_ms = config.tick_ms;
  options.leader.init_limit = options.learner.init_limit = config.init_limit;
  options.leader.sync_limit = options.learner.sync_limit = config.sync_limit;
  options.leader.max_time_to_wait_for_epoch_ms = config.epoch_wait_ms_max;
  options.leader.force_snapshot_sync = config.force_snapshot_sync;
  options.learner.connect_limit = config.connect_limit;
  options.learner.connect_retry_ms = config.connect_retry_ms;
  options.proposals.txns_min = static_cast<std::size_t>(config.commit_log_count);
  options.proposals.txns_max = std::max(options.proposals.txns_max, options.proposals.txns_min);
  options.replica = replica_options(config);
  options.length_max = config.length_max();
  return options;
}

PeerLinksOptions peer_links_options(const Config& config) {
  const zab::Member& me = *config.ensemble.find(config.self);
  const auto listen_address = [&config](const zab::Address& address) {
    return config.quorum_listen_on_all || address.is_wildcard() ? std::string() : address.host;
  };
  return {.election_address = listen_address(me.election),
          .election_port = me.election.port,
          .quorum_address = listen_address(me.quorum),
          .quorum_port = me.quorum.port,
          .dial_timeout_ms = config.election_connect_timeout_ms,
          .keep_alive = config.quorum_keep_alive};
}

DiskThreadOptions disk_options(const Config& config, const storage::DataDir& dir) {
  return {.log = {.dir = dir.log_dir(),
                  .preallocate_bytes = bytes_or_off(config.preallocate_kb),
                  .file_bytes_max = bytes_or_off(config.log_file_kb_max),
                  .force_sync = config.force_sync},
          .roll = {.txns = config.snapshot_every_txns,
                   .bytes = static_cast<std::int64_t>(bytes_or_off(config.snapshot_every_kb))},
          .fsync_warning_ms = config.fsync_warning_ms};
}

SnapshotThreadOptions snapshot_options(const Config& config, const storage::DataDir& dir) {
  return {.writer = {.dir = dir.snapshot_dir(), .compression = config.compression},
          .purge = {.snapshot_dir = dir.snapshot_dir(),
                    .log_dir = dir.log_dir(),
                    .retain = config.purge_retain,
                    .length_max = config.length_max()},
          .purge_interval_ms = config.purge_interval_ms,
          .digest_enabled = config.digest_enabled};
}

LiveRestoreOptions live_restore_options(const Config& config, const storage::DataDir& dir) {
  return {.history = {.snapshot_dir = dir.snapshot_dir(),
                      .log_dir = dir.log_dir(),
                      .length_max = config.length_max()},
          .writer = {.dir = dir.snapshot_dir(), .compression = config.compression},
          .tick_ms = config.tick_ms,
          .digest_enabled = config.digest_enabled};
}

std::string upload_prefix(const storage::DataDir& dir) {
  return fmt::format("{}/{}snapshot.upload.", dir.snapshot_dir(), storage::kTemporaryPrefix);
}

std::function<bool(const std::string&)> own_hosts(const Config& config) {
  std::vector<std::string> names = config.admin_allowed_hosts;
  if (std::ranges::find(names, "*") != names.end()) {
    return [](const std::string&) { return true; };
  }
  char machine[256] = {};
  if (::gethostname(machine, sizeof machine - 1) == 0) names.push_back(net::host_name(machine));
  for (const std::string& host : {config.admin_address, config.client_port_address}) {
    if (!host.empty()) names.push_back(net::host_name(host));
  }
  if (const zab::Member* me = config.ensemble.find(config.self)) {
    names.push_back(net::host_name(me->quorum.host));
  }
  return [names = std::move(names)](const std::string& name) {
    return std::ranges::find(names, name) != names.end();
  };
}

admin::ConfView conf_view(const Config& config, const storage::DataDir& dir, std::uint16_t port) {
  const auto [ms_min, ms_max] = config.session_timeouts();
  admin::ConfView view{.client_port = port,
                       .secure_client_port = -1,
                       .data_dir = absolute_path(dir.snapshot_dir()),
                       .data_log_dir = absolute_path(dir.log_dir()),
                       .tick_ms = config.tick_ms,
                       .connections_per_ip_max = config.connections_per_ip_max,
                       .session_timeout_ms_min = ms_min,
                       .session_timeout_ms_max = ms_max,
                       .listen_backlog = config.listen_backlog,
                       .server_id = config.self.value,
                       .initial_text = config.source_text,
                       .ensemble = {}};
  for (const auto& [key, value] : config.source_keys) {
    view.properties.emplace_back(key.starts_with("zookeeper.") ? key : "zookeeper." + key, value);
  }
  for (auto& entry : environment()) view.properties.push_back(std::move(entry));
  std::ranges::sort(view.properties);
  if (!config.distributed()) return view;
  const zab::Member& me = *config.ensemble.find(config.self);
  view.ensemble = {.init_limit = config.init_limit,
                   .sync_limit = config.sync_limit,
                   .election_port = me.election.port,
                   .quorum_port = me.quorum.port,
                   .observer = me.observer,
                   .membership = config.ensemble.text(),
                   .members = {}};
  for (const auto& [sid, member] : config.ensemble.members) {
    std::string client = member.client ? member.client->text() : "";
    // A line without a client's address: Apache's servers know their own alone.
    if (client.empty() && sid == config.self) {
      client = fmt::format(
          "{}:{}", config.client_port_address.empty() ? "0.0.0.0" : config.client_port_address,
          port);
    }
    view.ensemble->members.push_back({.sid = sid.value,
                                      .quorum = member.quorum.text(),
                                      .election = member.election.text(),
                                      .client = std::move(client),
                                      .observer = member.observer});
  }
  return view;
}

}  // namespace drover::server
