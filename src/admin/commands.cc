#include "admin/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "admin/four_letter.h"
#include "admin/json_text.h"
#include "admin/monitor.h"
#include "admin/op_name.h"

namespace drover::admin {

namespace {

namespace json = boost::json;
using Reset = Wanted::Reset;

constexpr std::string_view kNotServing =
    "This ZooKeeper instance is not currently serving requests";

double rounded(double value) {
  return std::floor(value * 10000 + 0.5) / 10000;
}

json::object no_fields(const StatusView&) {
  return {};
}

json::object configuration(const StatusView& view) {
  const ConfView& c = view.conf;
  return {{"client_port", c.client_port},
          {"data_dir", c.data_dir},
          {"data_log_dir", c.data_log_dir},
          {"tick_time", c.tick_ms},
          {"max_client_cnxns", c.connections_per_ip_max},
          {"min_session_timeout", c.session_timeout_ms_min},
          {"max_session_timeout", c.session_timeout_ms_max},
          {"server_id", c.server_id},
          {"client_port_listen_backlog", c.listen_backlog}};
}

json::object connection(const ConnectionView& c, bool brief) {
  json::object fields{
      {"remote_socket_address", fmt::format("{}:{}", c.remote_address, c.remote_port)},
      {"interest_ops", c.interest_ops},
      {"outstanding_requests", c.outstanding},
      {"packets_received", c.received},
      {"packets_sent", c.sent}};
  if (brief || c.session.value == 0) return fields;
  fields["session_id"] = c.session.value;
  fields["last_operation"] = short_op_name(c.last_op);
  fields["established"] = c.established_ms;
  fields["session_timeout"] = c.timeout_ms;
  fields["last_cxid"] = c.last_cxid;
  fields["last_zxid"] = c.last_zxid.value;
  fields["last_response_time"] = c.last_response_ms;
  fields["last_latency"] = c.last_latency_ms;
  fields["min_latency"] = c.latency_ms.min;
  fields["avg_latency"] = c.latency_ms.count == 0 ? 0 : c.latency_ms.sum / c.latency_ms.count;
  fields["max_latency"] = c.latency_ms.max;
  return fields;
}

void add_connections(json::object& fields, const StatusView& view, bool brief) {
  json::array list;
  for (const ConnectionView& c : view.connections) list.push_back(connection(c, brief));
  fields["connections"] = std::move(list);
  fields["secure_connections"] = json::array();
}

json::object connections(const StatusView& view) {
  json::object fields;
  add_connections(fields, view, false);
  return fields;
}

json::object dirs(const StatusView& view) {
  return {{"datadir_size", view.data_dir_bytes}, {"logdir_size", view.log_dir_bytes}};
}

json::object dump(const StatusView& view) {
  json::object due;
  const bool learns = view.ensemble && !view.ensemble->leader;  // and so expires nobody
  for (const ExpiryBucket& bucket : view.session_buckets) {
    if (learns) break;
    json::array ids;
    for (const wire::SessionId session : bucket.sessions) ids.push_back(session.value);
    due[std::to_string(bucket.deadline_ms)] = std::move(ids);
  }
  json::object owners;
  for (const auto& [session, paths] : view.ephemerals) {
    owners[std::to_string(session.value)] = json::array(paths.begin(), paths.end());
  }
  return {{"expiry_time_to_session_ids", std::move(due)},
          {"session_id_to_ephemeral_paths", std::move(owners)}};
}

json::object text_fields(const std::vector<std::pair<std::string, std::string>>& pairs) {
  json::object fields;
  for (const auto& [key, value] : pairs) fields[key] = value;
  return fields;
}

json::object trace_mask(const StatusView& view) {
  return {{"tracemask", static_cast<std::int64_t>(view.trace_mask)}};
}

json::object hash(const StatusView& view) {
  json::array digests;
  for (const auto& [zxid, digest] : view.digests) {
    digests.push_back({{"zxid", zxid.value}, {"digest", digest}, {"digest_version", 2}});
  }
  return {{"digests", std::move(digests)}};
}

json::object last_snapshot(const StatusView& view) {
  const auto zxid = static_cast<std::uint64_t>(view.last_snapshot.zxid.value);
  return {{"zxid", fmt::format("{:x}", zxid)}, {"timestamp", view.last_snapshot.time_s}};
}

json::object leader(const StatusView& view) {
  if (!view.ensemble) return {};
  return {{"is_leader", view.ensemble->leader.has_value()},
          {"leader_id", view.ensemble->leader_sid},
          {"leader_ip", view.ensemble->leader_host}};
}

std::optional<std::string> needs_ensemble(const StatusView& view) {
  if (view.ensemble) return std::nullopt;
  return "server is not initialized";
}

json::object monitor_fields(const StatusView& view) {
  json::object fields;
  for (const MetricLine& line : monitor_lines(view)) {
    std::visit([&](const auto& value) { fields[line.name] = value; }, line.value);
  }
  return fields;
}

json::object observers(const StatusView& view) {
  json::array list;
  std::int64_t synced = 0;
  if (view.ensemble && view.ensemble->leader) {
    synced = view.ensemble->leader->synced_observers;
    for (const LearnerLine& line : view.ensemble->leader->lines) {
      if (!line.observer) continue;
      list.push_back({{"remote_socket_address", line.remote_address},
                      {"sid", line.sid},
                      {"established", line.established_ms},
                      {"queued_packets", line.queued_bytes > 0 ? 1 : 0},
                      {"queued_packets_size", line.queued_bytes},
                      {"packets_received", line.packets_received},
                      {"packets_sent", line.packets_sent},
                      {"requests", line.requests},
                      {"last_zxid", line.last_acked.value}});
    }
  }
  return {{"synced_observers", synced}, {"observers", std::move(list)}};
}

json::object buffer_sizes(std::int64_t last, std::int64_t min, std::int64_t max) {
  return {{"last_buffer_size", last}, {"min_buffer_size", min}, {"max_buffer_size", max}};
}

json::object server_stats(const StatusView& view) {
  const auto responses =
      buffer_sizes(view.response_bytes_last, view.response_bytes_min, view.response_bytes_max);
  json::object fields{{"version", view.version},
                      {"read_only", false},
                      {"server_stats",
                       {{"packets_sent", view.packets_sent},
                        {"packets_received", view.packets_received},
                        {"fsync_threshold_exceed_count", view.slow_syncs},
                        {"client_response_stats", responses},
                        {"data_dir_size", view.data_dir_bytes},
                        {"log_dir_size", view.log_dir_bytes},
                        {"provider_null", false},
                        {"last_processed_zxid", view.zxid.value},
                        {"outstanding_requests", view.outstanding},
                        {"server_state", view.mode},
                        {"avg_latency", rounded(view.latency_ms.average())},
                        {"max_latency", view.latency_ms.max},
                        {"min_latency", view.latency_ms.min},
                        {"num_alive_client_connections", view.connections_count},
                        {"uptime", view.uptime_ms},
                        {"auth_failed_count", view.auth_failed},
                        {"non_mtlsremote_conn_count", 0},
                        {"non_mtlslocal_conn_count", 0}}},
                      {"client_response", responses}};
  if (view.ensemble && view.ensemble->leader) {
    const LeaderView& l = *view.ensemble->leader;
    fields["proposal_stats"] =
        buffer_sizes(l.proposal_bytes_last, l.proposal_bytes_min, l.proposal_bytes_max);
  }
  fields["node_count"] = shown_node_count(view);
  return fields;
}

json::object stats(const StatusView& view) {
  json::object fields = server_stats(view);
  add_connections(fields, view, true);
  return fields;
}

json::object voting_view(const StatusView& view) {
  json::object voters;
  if (view.conf.ensemble) {
    for (const auto& member : view.conf.ensemble->members) {
      if (member.observer) continue;
      voters[std::to_string(member.sid)] = {{"server_addresses", {member.quorum}},
                                            {"election_addresses", {member.election}},
                                            {"client_address", member.client},
                                            {"learner_type", "participant"}};
    }
  }
  return {{"current_config", std::move(voters)}};
}

json::object watches(const StatusView& view) {
  std::map<std::int64_t, json::array> by_session;
  for (const SessionWatch& watch : view.data_watches)
    by_session[watch.session.value].push_back(json::string(watch.path));
  json::object fields;
  for (auto& [session, paths] : by_session) fields[std::to_string(session)] = std::move(paths);
  return {{"session_id_to_watched_paths", std::move(fields)}};
}

json::object watches_by_path(const StatusView& view) {
  std::map<std::string_view, json::array> by_path;
  for (const SessionWatch& watch : view.data_watches)
    by_path[watch.path].push_back(watch.session.value);
  json::object fields;
  for (auto& [path, sessions] : by_path) fields[path] = std::move(sessions);
  return {{"path_to_session_ids", std::move(fields)}};
}

json::object watch_summary(const StatusView& view) {
  std::set<std::int64_t> sessions;
  std::set<std::string_view> paths;
  for (const SessionWatch& watch : view.data_watches) {
    sessions.insert(watch.session.value);
    paths.insert(watch.path);
  }
  return {{"num_connections", sessions.size()},
          {"num_paths", paths.size()},
          {"num_total_watches", view.data_watches.size()}};
}

// MultipleAddresses as Jackson shows it. We have one address per port, and say of it that it can be
// reached without trying.
json::object addresses(const std::string& address) {
  const auto colon = address.rfind(':');
  const std::string host = address.substr(0, colon);
  const std::string port = address.substr(colon + 1);
  std::int64_t number = 0;
  for (const char digit : port) number = number * 10 + (digit - '0');
  return {{"empty", false},
          {"all_addresses", {address}},
          {"wildcard_addresses", {"0.0.0.0:" + port}},
          {"all_ports", {number}},
          {"all_host_strings", {host}},
          {"reachable_address", address},
          {"all_reachable_addresses", {address}},
          {"all_reachable_addresses_or_all", {address}},
          {"reachable_or_one", address},
          {"one", address}};
}

json::object zab_state(const StatusView& view) {
  if (!view.ensemble || !view.conf.ensemble) return {{"voting", false}, {"zabstate", ""}};
  const auto& members = view.conf.ensemble->members;
  const auto self =
      std::ranges::find(members, view.conf.server_id, &ConfView::Ensemble::Member::sid);
  json::object fields{{"myid", view.conf.server_id},
                      {"is_leader", view.ensemble->leader.has_value()}};
  if (self != members.end()) {
    fields["quorum_address"] = addresses(self->quorum);
    fields["election_address"] = addresses(self->election);
    fields["client_address"] = self->client;
  }
  fields["voting"] = !view.conf.ensemble->observer;
  fields["last_zxid"] = fmt::format("0x{:x}", static_cast<std::uint64_t>(view.zxid.value));
  fields["zab_epoch"] = view.zxid.value >> 32;
  fields["zab_counter"] = view.zxid.value & 0xffffffff;
  fields["zabstate"] = view.ensemble->zab_state;
  return fields;
}

// What needs more than a view (a body, a file) has no fields here: the server room answers.
std::vector<Command> make_commands() {
  const auto row = [](std::vector<std::string_view> names, Wanted wanted,
                      std::function<json::object(const StatusView&)> fields) {
    return Command{
        .names = std::move(names), .wanted = wanted, .fields = std::move(fields), .refusal = {}};
  };
  const auto always = [](Command command) {
    command.always = true;
    return command;
  };
  const auto guarded = [](std::vector<std::string_view> names, bool post) {
    return Command{.names = std::move(names),
                   .wanted = {},
                   .post = post,
                   .authenticated = true,
                   .fields = {},
                   .refusal = {}};
  };
  Command leads = row({"leader", "lead"}, {}, leader);
  leads.refusal = needs_ensemble;
  std::vector<Command> rows{
      row({"configuration", "conf", "config"}, {}, configuration),
      row({"connections", "cons"}, {.connections = true}, connections),
      row({"connection_stat_reset", "crst"}, {.reset = Reset::kConnections}, no_fields),
      row({"dirs"}, {.folder_sizes = true}, dirs),
      row({"dump"}, {.sessions = true}, dump),
      always(row({"environment", "env", "envi"}, {.environment = true},
                 [](const StatusView& view) { return text_fields(view.environment); })),
      always(row({"get_trace_mask", "gtmk"}, {}, trace_mask)),
      row({"hash"}, {.digests = true}, hash),
      row({"initial_configuration", "icfg"}, {},
          [](const StatusView& view) {
            return json::object{{"initial_configuration", view.conf.initial_text}};
          }),
      row({"is_read_only", "isro"}, {},
          [](const StatusView&) { return json::object{{"read_only", false}}; }),
      row({"last_snapshot", "lsnp"}, {}, last_snapshot),
      std::move(leads),
      always(row({"monitor", "mntr"}, {.metrics = true}, monitor_fields)),
      row({"observer_connection_stat_reset", "orst"}, {.reset = Reset::kObservers}, no_fields),
      row({"observers", "obsr"}, {.learners = true}, observers),
      guarded({"restore", "rest"}, true),
      always(row({"ruok"}, {}, no_fields)),
      row({"server_stats", "srvr"}, {.folder_sizes = true}, server_stats),
      always(row({"set_trace_mask", "stmk"}, {}, trace_mask)),
      guarded({"shed_connections", "shed"}, true),
      guarded({"snapshot", "snap"}, false),
      row({"stat_reset", "srst"}, {.reset = Reset::kServer}, no_fields),
      row({"stats", "stat"}, {.connections = true, .folder_sizes = true}, stats),
      always(row({"system_properties", "sysp"}, {},
                 [](const StatusView& view) { return text_fields(view.conf.properties); })),
      row({"voting_view"}, {}, voting_view),
      row({"watch_summary", "wchs"}, {.watches = true}, watch_summary),
      row({"watches", "wchc"}, {.watches = true}, watches),
      row({"watches_by_path", "wchp"}, {.watches = true}, watches_by_path),
      always(row({"zabstate"}, {}, zab_state)),
  };
  std::ranges::sort(rows, {}, [](const Command& command) { return command.names.front(); });
  return rows;
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> rows = make_commands();
  return rows;
}

const Command* find_command(std::string_view name) {
  for (const Command& command : commands()) {
    if (std::ranges::find(command.names, name) != command.names.end()) return &command;
  }
  return nullptr;
}

std::string command_page(const Command& command, const StatusView& view) {
  const std::string_view name = command.names.front();
  if (!view.serving && !command.always) return command_refused(name, kNotServing);
  if (command.refusal) {
    if (const auto why = command.refusal(view)) return command_error(name, *why);
  }
  return command_page(name, command.fields ? command.fields(view) : json::object());
}

std::string command_page(std::string_view name, json::object fields) {
  fields["command"] = name;
  fields["error"] = nullptr;
  return json_text(fields);
}

std::string command_error(std::string_view name, std::string_view error) {
  return json_text(json::object{{"error", error}, {"command", name}});
}

std::string command_refused(std::string_view name, std::string_view error) {
  return json_text(json::object{{"command", name}, {"error", error}});
}

std::string command_index(std::string_view url) {
  std::string html;
  for (const Command& command : commands()) {
    const std::string_view name = command.names.front();
    html += fmt::format("<a href=\"{}/{}\">{}</a>\n<br/>\n", url, name, name);
  }
  return html;
}

}  // namespace drover::admin
