#include "admin/four_letter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <iterator>
#include <map>
#include <set>

#include "admin/monitor.h"
#include "admin/op_name.h"

namespace drover::admin {

namespace {

using Out = std::back_insert_iterator<std::string>;

constexpr std::string_view kNotServing =
    "This ZooKeeper instance is not currently serving requests";

std::uint64_t hex(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

void connection_line(Out out, const ConnectionView& c, bool brief) {
  fmt::format_to(out, " /{}:{}[{:x}](queued={},recved={},sent={}", c.remote_address, c.remote_port,
                 c.interest_ops, c.outstanding, c.received, c.sent);
  if (!brief && c.session.value != 0) {
    fmt::format_to(out, ",sid=0x{:x},lop={},est={},to={}", hex(c.session.value),
                   short_op_name(c.last_op), c.established_ms, c.timeout_ms);
    if (c.last_cxid >= 0) fmt::format_to(out, ",lcxid=0x{:x}", c.last_cxid);
    fmt::format_to(out, ",lzxid=0x{:x},lresp={},llat={},minlat={},avglat={},maxlat={}",
                   hex(c.last_zxid.value), c.last_response_ms, c.last_latency_ms, c.latency_ms.min,
                   c.latency_ms.count == 0 ? 0 : c.latency_ms.sum / c.latency_ms.count,
                   c.latency_ms.max);
  }
  fmt::format_to(out, ")\n");
}

void srvr(Out out, const StatusView& view, bool with_clients) {
  fmt::format_to(out, "Zookeeper version: {}\n", view.version);
  if (with_clients) {
    fmt::format_to(out, "Clients:\n");
    for (const auto& connection : view.connections) connection_line(out, connection, true);
    fmt::format_to(out, "\n");
  }
  fmt::format_to(out,
                 "Latency min/avg/max: {}/{}/{}\nReceived: {}\nSent: {}\nConnections: {}\n"
                 "Outstanding: {}\nZxid: 0x{:x}\nMode: {}\nNode count: {}\n",
                 view.latency_ms.min, java_double(view.latency_ms.average()), view.latency_ms.max,
                 view.packets_received, view.packets_sent, view.connections_count, view.outstanding,
                 hex(view.zxid.value), view.mode, shown_node_count(view));
  if (!view.ensemble || !view.ensemble->leader) return;
  const auto& leader = *view.ensemble->leader;
  fmt::format_to(out, "Proposal sizes last/min/max: {}/{}/{}\n", leader.proposal_bytes_last,
                 leader.proposal_bytes_min, leader.proposal_bytes_max);
}

void conf(Out out, const StatusView& view) {
  const auto& c = view.conf;
  fmt::format_to(out,
                 "clientPort={}\nsecureClientPort={}\ndataDir={}\ndataDirSize={}\ndataLogDir={}\n"
                 "dataLogSize={}\ntickTime={}\nmaxClientCnxns={}\nminSessionTimeout={}\n"
                 "maxSessionTimeout={}\nclientPortListenBacklog={}\nserverId={}\n",
                 c.client_port, c.secure_client_port, c.data_dir, view.data_dir_bytes,
                 c.data_log_dir, view.log_dir_bytes, c.tick_ms, c.connections_per_ip_max,
                 c.session_timeout_ms_min, c.session_timeout_ms_max, c.listen_backlog, c.server_id);
  if (!c.ensemble) return;
  const auto& e = *c.ensemble;
  fmt::format_to(out,
                 "initLimit={}\nsyncLimit={}\nelectionAlg=3\nelectionPort={}\nquorumPort={}\n"
                 "peerType={}\nmembership: \n{}",
                 e.init_limit, e.sync_limit, e.election_port, e.quorum_port, e.observer ? 1 : 0,
                 e.membership);
}

// Date.toString(): `Sat Nov 21 13:45:58 UTC 2026`, in the zone of the machine.
std::string java_date(std::int64_t wall_ms) {
  const auto seconds = static_cast<std::time_t>(wall_ms / 1000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const auto size = std::strftime(text.data(), text.size(), "%a %b %d %H:%M:%S %Z %Y", &parts);
  return {text.data(), size};
}

// A leader knows when sessions are due, a learner only that there are.
void dump_sessions(Out out, const StatusView& view) {
  fmt::format_to(out, "SessionTracker dump:\n");
  if (view.ensemble && !view.ensemble->leader) {
    fmt::format_to(out, "Global Sessions({}):\n", view.global_sessions.size());
    for (const auto& [session, timeout_ms] : view.global_sessions)
      fmt::format_to(out, "0x{:x}\t{}ms\n", hex(session.value), timeout_ms);
    return;
  }
  fmt::format_to(out, "Session Sets ({})/({}):\n", view.session_buckets.size(),
                 view.sessions_count);
  for (const auto& bucket : view.session_buckets) {
    fmt::format_to(out, "{} expire at {}:\n", bucket.sessions.size(),
                   java_date(bucket.expires_at_ms));
    for (const auto session : bucket.sessions)
      fmt::format_to(out, "\t0x{:x}\n", hex(session.value));
  }
}

// Monotonic.
std::int64_t due_ms(const ConnectionView& c, const StatusView& view) {
  constexpr std::int64_t kInterval = 10'000;
  constexpr std::int64_t kSessionless = 10'000;
  const std::int64_t opened = view.monotonic_ms - (view.wall_ms - c.established_ms);
  const std::int64_t heard = std::max(opened, c.last_response_ms);
  const std::int64_t timeout = c.session.value == 0 ? kSessionless : c.timeout_ms;
  return (heard + timeout) / kInterval * kInterval + kInterval;
}

void dump(Out out, const StatusView& view) {
  dump_sessions(out, view);
  fmt::format_to(out, "ephemeral nodes dump:\nSessions with Ephemerals ({}):\n",
                 view.ephemerals.size());
  for (const auto& [session, paths] : view.ephemerals) {
    fmt::format_to(out, "0x{:x}:\n", hex(session.value));
    for (const auto& path : paths) fmt::format_to(out, "\t{}\n", path);
  }
  // In Apache's buckets: a connection is due its timeout after it was last heard, rounded up to ten
  // seconds. (Here it ends with its session; the moment is what Apache would say.)
  std::map<std::int64_t, std::vector<const ConnectionView*>> due;
  for (const auto& c : view.connections) due[due_ms(c, view)].push_back(&c);
  fmt::format_to(out, "Connections dump:\nConnections Sets ({})/({}):\n", due.size(),
                 view.connections.size());
  for (const auto& [deadline_ms, connections] : due) {
    fmt::format_to(out, "{} expire at {}:\n", connections.size(),
                   java_date(view.wall_ms + deadline_ms - view.monotonic_ms));
    for (const auto* c : connections) {
      fmt::format_to(out, "\tip: /{}:{} sessionId: 0x{:x}\n", c->remote_address, c->remote_port,
                     hex(c->session.value));
    }
  }
}

void wchs(Out out, const StatusView& view) {
  std::set<std::int64_t> sessions;
  std::set<std::string_view> paths;
  for (const auto& watch : view.data_watches) {
    sessions.insert(watch.session.value);
    paths.insert(watch.path);
  }
  fmt::format_to(out, "{} connections watching {} paths\nTotal watches:{}\n", sessions.size(),
                 paths.size(), view.data_watches.size());
}

void wchc(Out out, const StatusView& view) {
  std::map<std::int64_t, std::set<std::string_view>> by_session;
  for (const auto& watch : view.data_watches) by_session[watch.session.value].insert(watch.path);
  for (const auto& [session, paths] : by_session) {
    fmt::format_to(out, "0x{:x}\n", hex(session));
    for (const auto path : paths) fmt::format_to(out, "\t{}\n", path);
  }
  fmt::format_to(out, "\n");
}

void wchp(Out out, const StatusView& view) {
  std::map<std::string_view, std::set<std::int64_t>> by_path;
  for (const auto& watch : view.data_watches) by_path[watch.path].insert(watch.session.value);
  for (const auto& [path, sessions] : by_path) {
    fmt::format_to(out, "{}\n", path);
    for (const auto session : sessions) fmt::format_to(out, "\t0x{:x}\n", hex(session));
  }
  fmt::format_to(out, "\n");
}

std::string not_serving(Word word) {
  return word == Word::isro ? "null" : std::string(kNotServing) + (word == Word::hash ? "" : "\n");
}

bool needs_serving(Word word) {
  return word != Word::ruok && word != Word::envi && word != Word::gtmk && word != Word::stmk;
}

}  // namespace

std::string answer(Word word, const StatusView& view) {
  if (!(view.serving && view.lets_clients_in) && needs_serving(word)) return not_serving(word);
  std::string text;
  const Out out(text);
  switch (word) {
    case Word::ruok:
      return "imok";
    case Word::isro:
      return "rw";
    case Word::gtmk:
    case Word::stmk:
      return std::to_string(view.trace_mask);
    case Word::crst:
      return "Connection stats reset.\n";
    case Word::srst:
      return "Server stats reset.\n";
    case Word::kTelnetClose:
      return "";  // when even this is allowed, Apache closes without a word
    case Word::dirs:
      return fmt::format("datadir_size: {}\nlogdir_size: {}\n", view.data_dir_bytes,
                         view.log_dir_bytes);
    case Word::hash:
      for (const auto& [zxid, digest] : view.digests) {
        fmt::format_to(out, "{:x}: {}\n", hex(zxid.value), digest);
      }
      break;
    case Word::envi:
      fmt::format_to(out, "Environment:\n");
      for (const auto& [key, value] : view.environment) fmt::format_to(out, "{}={}\n", key, value);
      break;
    case Word::cons:
      for (const auto& connection : view.connections) connection_line(out, connection, false);
      fmt::format_to(out, "\n");
      break;
    case Word::srvr:
      srvr(out, view, false);
      break;
    case Word::stat:
      srvr(out, view, true);
      break;
    case Word::conf:
      conf(out, view);
      break;
    case Word::dump:
      dump(out, view);
      break;
    case Word::wchs:
      wchs(out, view);
      break;
    case Word::wchc:
      wchc(out, view);
      break;
    case Word::wchp:
      wchp(out, view);
      break;
    case Word::mntr:
      return monitor(view);
  }
  return text;
}

std::string java_double(double value) {
  std::string text = fmt::format("{:.4f}", std::floor(value * 10000 + 0.5) / 10000);
  const auto last = text.find_last_not_of('0');
  text.resize(text[last] == '.' ? last + 2 : last + 1);
  return text;
}

}  // namespace drover::admin
