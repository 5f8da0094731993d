#include "server/options.h"

#include <algorithm>

#include "server/environment.h"

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

replica::ReplicaOptions replica_options(const Config& config) {
  replica::ReplicaOptions options;
  options.tick_ms = config.tick_ms;
  options.lanes = config.reactors;
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

admin::ConfView conf_view(const Config& config, const storage::DataDir& dir, std::uint16_t port) {
  const auto [ms_min, ms_max] = config.session_timeouts();
  return {.client_port = port,
          .secure_client_port = -1,
          .data_dir = absolute_path(dir.snapshot_dir()),
          .data_log_dir = absolute_path(dir.log_dir()),
          .tick_ms = config.tick_ms,
          .connections_per_ip_max = config.connections_per_ip_max,
          .session_timeout_ms_min = ms_min,
          .session_timeout_ms_max = ms_max,
          .listen_backlog = config.listen_backlog,
          .server_id = 0};
}

}  // namespace drover::server
