#include "server/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <optional>

#include "admin/four_letter.h"
#include "server/build_info.h"
#include "server/clock.h"
#include "server/environment.h"
#include "server/status_metrics.h"
#include "tree/quota.h"

namespace drover::server {

using admin::Word;

struct StatusCollector::Collection {
  const Wanted wanted;
  const std::function<void(admin::StatusView)> done;
  Mutex mutex;  // reactors add to the view one after another
  admin::StatusView view DROVER_GUARDED_BY(mutex);
  std::size_t missing DROVER_GUARDED_BY(mutex);

  Collection(const Wanted& wanted_in, std::function<void(admin::StatusView)> done_in,
             std::size_t parts)
      : wanted(wanted_in), done(std::move(done_in)), missing(parts) {}
};

namespace {

Wanted wanted_for(Word word) {
  Wanted wanted;
  wanted.connections = word == Word::cons || word == Word::stat || word == Word::dump;
  wanted.watches = word == Word::wchs || word == Word::wchc || word == Word::wchp;
  wanted.sessions = word == Word::dump;
  wanted.digests = word == Word::hash;
  wanted.metrics = word == Word::mntr;
  wanted.folder_sizes = word == Word::conf || word == Word::dirs;
  wanted.environment = word == Word::envi;
  if (word == Word::crst) wanted.reset = Wanted::Reset::kConnections;
  if (word == Word::srst) wanted.reset = Wanted::Reset::kServer;
  return wanted;
}

admin::Summary summary_of(const lane::LaneProbe& probe) {
  return {.count = probe.latency_count,
          .sum = probe.latency_ms_sum,
          .min = probe.latency_ms_min,
          .max = probe.latency_ms_max};
}

int interest_ops(const Client& client) {
  if (client.paused) return 0;
  return client.waits_to_write ? 5 : 1;
}

admin::ConnectionView view_of(const Client& client) {
  const lane::Connection& c = *client.lane;
  const auto& n = c.counters;
  admin::ConnectionView view;
  view.remote_address = c.remote_address;
  view.remote_port = c.remote_port;
  view.interest_ops = interest_ops(client);
  view.outstanding = c.outstanding;
  view.received = n.received;
  view.sent = n.sent;
  view.session = c.session;
  view.last_op = n.last_op;
  view.established_ms = n.established_ms;
  view.timeout_ms = c.timeout_ms;
  view.last_cxid = n.last_cxid;
  view.last_zxid = n.last_zxid;
  view.last_response_ms = n.last_response.ms();
  view.last_latency_ms = n.last_latency_ms;
  view.latency_ms = {.count = n.latency_count,
                     .sum = n.latency_ms_sum,
                     .min = n.latency_ms_min,
                     .max = n.latency_ms_max};
  return view;
}

std::string mode_of(zab::Role role) {
  switch (role) {
    case zab::Role::kLeading:
      return "leader";
    case zab::Role::kObserving:
      return "observer";
    case zab::Role::kFollowing:
    case zab::Role::kLooking:  // never shown: nothing is served then
      return "follower";
  }
  return "?";
}

void append_watches(const lane::Lane& lane, std::vector<admin::SessionWatch>& out) {
  for (auto& [path, watcher] : lane.watches().data_watches()) {
    const lane::Connection* connection = lane.find(watcher);
    if (connection != nullptr) out.push_back({std::move(path), connection->session});
  }
}

// Per namespace the sum of its quotas; where a limit is hard and soft, the hard one counts.
void fill_quotas(const tree::Tree& tree, admin::MetricSet& metrics) {
  constexpr std::size_t kQuotasMax = 1000;
  const auto track_of = [&tree](const std::string& path) {
    const tree::NodeId node = tree.find(path);
    if (node == tree::kNoNode) return tree::StatsTrack();
    return tree::StatsTrack::parse(tree.data(node)).value_or(tree::StatsTrack());
  };
  for (const std::string& path : tree.quota_paths(kQuotasMax)) {
    const std::string_view name = tree::quota_namespace(path);
    const auto limits = track_of(tree::limits_path(path));
    const auto used = track_of(tree::stats_path(path));
    const auto effective = [](std::int64_t hard, std::int64_t soft) {
      return hard > -1 ? hard : soft;
    };
    metrics.gauge("quota_count_limit_per_namespace",
                  effective(limits.count_hard_limit(), limits.count()), name);
    metrics.gauge("quota_bytes_limit_per_namespace",
                  effective(limits.byte_hard_limit(), limits.bytes()), name);
    metrics.gauge("quota_count_usage_per_namespace", used.count(), name);
    metrics.gauge("quota_bytes_usage_per_namespace", used.bytes(), name);
  }
}

void fill_from_tree(const tree::Tree& tree, const Wanted& wanted, admin::StatusView& view) {
  view.zxid = tree.last_zxid();
  view.node_count = tree.node_count();
  view.ephemerals_count = tree.ephemerals_count();
  view.approximate_data_size = tree.approximate_data_size();
  if (wanted.metrics) fill_quotas(tree, view.metrics);
  if (!wanted.sessions) return;
  for (const auto session : tree.sessions_with_ephemerals()) {
    std::vector<std::string> paths;
    for (const auto node : tree.ephemerals(session)) tree.append_path(node, paths.emplace_back());
    std::ranges::sort(paths);
    view.ephemerals.emplace_back(session, std::move(paths));
  }
}

}  // namespace

void StatusCollector::collect(const Wanted& wanted, std::function<void(admin::StatusView)> done) {
  auto collection = std::make_shared<Collection>(wanted, std::move(done), sources_.reactors.size());
  for (Reactor* reactor : sources_.reactors) {
    boost::asio::post(reactor->context(), [this, reactor, collection] {
      reset(*reactor, collection->wanted.reset);
      std::optional<admin::StatusView> complete;
      {
        const MutexLock lock(collection->mutex);
        fill_from_reactor(*reactor, collection->wanted, collection->view);
        if (--collection->missing == 0) complete.emplace(std::move(collection->view));
      }
      if (complete) collection->done(std::move(*complete));
    });
  }
}

void StatusCollector::ask(Reactor& asking, std::weak_ptr<Client> client, Word word,
                          std::uint64_t new_trace_mask) {
  if (word == Word::stmk) set_trace_mask(new_trace_mask);
  const Wanted wanted = wanted_for(word);
  collect(
      wanted, [this, &asking, client = std::move(client), word, wanted](admin::StatusView view) {
        boost::asio::post(asking.context(),
                          [this, &asking, client, word, wanted, view = std::move(view)]() mutable {
                            finish(wanted, view);
                            asking.answer_word(client, admin::answer(word, view));
                          });
      });
}

void StatusCollector::fill_from_reactor(Reactor& reactor, const Wanted& wanted,
                                        admin::StatusView& view) const {
  const lane::LaneProbe& lane = reactor.lane().probe();
  const ReactorProbe& probe = reactor.probe();
  view.latency_ms.merge(summary_of(lane));
  view.packets_received += lane.packets_received + probe.words_received;
  view.auth_failed += lane.auth_failed;
  view.packets_sent += lane.packets_sent;
  view.connections_count += static_cast<std::int64_t>(reactor.clients_count());
  view.outstanding += lane.outstanding;
  view.watch_count += static_cast<std::int64_t>(reactor.lane().watches().watch_count());
  const auto merge_least = [](std::int64_t& into, std::int64_t from) {
    if (from >= 0) into = into < 0 ? from : std::min(into, from);
  };
  if (lane.response_bytes_last >= 0) view.response_bytes_last = lane.response_bytes_last;
  view.response_bytes_max = std::max(view.response_bytes_max, lane.response_bytes_max);
  merge_least(view.response_bytes_min, lane.response_bytes_min);
  if (wanted.metrics) fill_metrics_of_reactor(reactor, view.metrics);
  if (wanted.connections) {
    reactor.for_each_client(
        [&view](const Client& client) { view.connections.push_back(view_of(client)); });
  }
  if (wanted.watches) append_watches(reactor.lane(), view.data_watches);
  if (reactor.index() == 0) fill_from_replica(wanted, view);
}

void StatusCollector::fill_from_replica(const Wanted& wanted, admin::StatusView& view) const {
  {
    const ReadHold hold(sources_.shared->gate, 0);
    fill_from_tree(sources_.shared->tree, wanted, view);
  }
  view.sessions_count = static_cast<std::int64_t>(sources_.sessions->size());
  if (sources_.peer != nullptr) fill_from_peer(wanted, view);
  if (wanted.sessions) {
    const auto time = now();
    const auto wall = wall_now();
    for (auto& [deadline, sessions] : sources_.sessions->buckets()) {
      view.session_buckets.push_back(
          {.expires_at_ms = wall.ms + (deadline - time).count() / 1'000'000,
           .sessions = std::move(sessions),
           .deadline_ms = deadline.ms()});
    }
  }
  if (wanted.digests) {
    for (const auto& [zxid, digest, before] : sources_.replica->digests()) {
      view.digests.emplace_back(zxid, static_cast<std::int64_t>(digest));
    }
  }
  if (wanted.metrics) {
    const auto& probe = sources_.replica->probe();
    view.metrics.count("stale_sessions_expired", probe.sessions_expired);
    view.metrics.count("digest_mismatches_count",
                       sources_.digest_mismatches_at_start + probe.digest_mismatches);
    view.metrics.count("revalidate_count", probe.revalidations);
    view.metrics.count("ttl_node_created_count", probe.ttl_nodes_created);
    view.metrics.count("ttl_node_deleted_count", probe.ttl_nodes_deleted);
    for (const auto& [name, count] : sources_.replica->quota_refusals()) {
      view.metrics.count("quota_exceeded_error_per_namespace", count, name);
    }
    fill_metrics_of_runner(
        sources_.peer != nullptr ? sources_.peer->runner_probe() : sources_.runner->probe(),
        view.metrics);
    if (sources_.live_restore != nullptr) {
      view.metrics.distribution("restore_time", sources_.live_restore->restore_ms());
    }
  }
  if (sources_.runner != nullptr) view.serving = !sources_.runner->paused();
}

void StatusCollector::fill_from_peer(const Wanted& wanted, admin::StatusView& view) const {
  const replica::PeerView peer = sources_.peer->peer().view();
  const PeerProbe& probe = sources_.peer->probe();
  view.serving = peer.serving;
  view.mode = mode_of(peer.role);
  admin::EnsembleView& ensemble = view.ensemble.emplace();
  ensemble.peer_state = peer.role == zab::Role::kLooking
                            ? std::string("looking")
                            : fmt::format("{} - {}", zab::name_of(peer.role), peer.phase);
  ensemble.zab_state = peer.phase;
  ensemble.quorum_size = sources_.voters;
  ensemble.has_served = sources_.peer->has_served();
  view.lets_clients_in = sources_.peer->lets_clients_in();
  if (peer.role != zab::Role::kLooking && sources_.conf.ensemble) {
    ensemble.leader_sid = peer.leader.value;
    for (const auto& member : sources_.conf.ensemble->members) {
      if (member.sid != peer.leader.value) continue;
      ensemble.leader_host = member.quorum.substr(0, member.quorum.rfind(':'));
    }
  }
  if (wanted.metrics) {
    fill_metrics_of_peer(probe, sources_.peer->peer().leader_probe(), view.metrics);
    std::int64_t queued = 0;
    for (const zab::LearnerView& learner : peer.learners)
      queued += static_cast<std::int64_t>(learner.queued_bytes);
    view.metrics.gauge("drover_memory_bytes", queued, "learners");
  }
  if (wanted.sessions) {
    for (const auto& [id, timeout_ms] : sources_.sessions->list())
      view.global_sessions.emplace_back(id, timeout_ms);
  }
  if (peer.role != zab::Role::kLeading) return;
  admin::LeaderView& leader = ensemble.leader.emplace();
  for (const zab::LearnerView& learner : peer.learners) {
    ++leader.learners;
    if (wanted.learners) {
      const PeerLinks::Line line = sources_.peer->line(learner.link);
      leader.lines.push_back({.remote_address = line.remote_address,
                              .sid = learner.sid.value,
                              .observer = learner.observer,
                              .voter = learner.voter,
                              .synced = learner.synced,
                              .established_ms = line.since_ms,
                              .queued_bytes = static_cast<std::int64_t>(learner.queued_bytes),
                              .packets_received = learner.packets_received,
                              .packets_sent = 0,
                              .requests = learner.requests,
                              .last_acked = learner.last_acked});
    }
    if (!learner.synced) continue;
    ++(learner.observer ? leader.synced_observers
       : learner.voter  ? leader.synced_followers
                        : leader.synced_non_voting_followers);
  }
  leader.uptime_ms = sources_.peer->serving_ms();
  leader.pending_syncs = peer.pending_syncs;
  leader.proposal_bytes_last = probe.proposal_bytes_last;
  leader.proposal_bytes_min = probe.proposal_bytes_min;
  leader.proposal_bytes_max = probe.proposal_bytes_max;
}

void StatusCollector::finish(const Wanted& wanted, admin::StatusView& view) const {
  view.version = zookeeper_version();
  view.wall_ms = wall_now().ms;
  view.monotonic_ms = now().ms();
  view.uptime_ms = (now() - sources_.started).count() / 1'000'000;
  view.conf = sources_.conf;
  view.trace_mask = trace_mask_.load(std::memory_order_relaxed);
  const SnapshotProbe snapshot = sources_.snapshot->probe();
  view.last_snapshot = {.zxid = snapshot.last_zxid, .time_s = snapshot.last_time_s};
  const DiskProbe disk = sources_.disk->probe();
  view.slow_syncs = disk.slow_syncs;
  view.disk_busy_ms = disk.busy_ms;
  if (wanted.folder_sizes) {
    view.data_dir_bytes = folder_bytes(view.conf.data_dir);
    view.log_dir_bytes = folder_bytes(view.conf.data_log_dir);
  }
  if (wanted.environment) view.environment = environment();
  if (wanted.metrics) {
    view.open_file_descriptors = open_file_descriptors();
    view.file_descriptors_max = file_descriptors_max();
    view.process_metrics = process_metrics();
    view.metrics.count("connection_rejected", sources_.limits->refused());
    for (const auto& [name, values] : sources_.startup) view.metrics.distribution(name, values);
    fill_metrics_of_files(disk, snapshot, view.metrics);
    view.metrics.distribution("drover_console_hold_microseconds", sources_.console->hold_us());
    view.metrics.gauge("drover_memory_bytes", resident_bytes(), "resident");
    view.metrics.gauge("drover_memory_bytes", view.approximate_data_size, "data");
    view.metrics.count("snapshot_rate_limited_count", admin_counters_.snapshots_limited.load());
    view.metrics.count("restore_rate_limited_count", admin_counters_.restores_limited.load());
    view.metrics.count("restore_error_count", admin_counters_.restores_failed.load());
    view.metrics.count("drover_admin_requests_total", admin_counters_.requests.load());
  }
}

// crst and srst take effect before the answer is made.
void StatusCollector::reset(Reactor& reactor, Wanted::Reset what) const {
  if (what == Wanted::Reset::kConnections) {
    reactor.for_each_client([](const Client& client) {
      const auto established = client.lane->counters.established_ms;
      client.lane->counters = {};
      client.lane->counters.established_ms = established;
    });
  }
  if (what == Wanted::Reset::kServer) {
    const auto outstanding = reactor.lane().probe().outstanding;
    reactor.lane().probe() = {};
    reactor.lane().probe().outstanding = outstanding;
    reactor.probe() = {};
    if (reactor.index() == 0) {
      sources_.disk->reset_probe();
      sources_.snapshot->reset_probe();
      if (sources_.peer != nullptr) sources_.peer->reset_probe();
      if (sources_.runner != nullptr) sources_.runner->reset_probe();
      if (sources_.live_restore != nullptr) sources_.live_restore->reset_probe();
    }
  }
  if (what == Wanted::Reset::kObservers && reactor.index() == 0 && sources_.peer != nullptr) {
    sources_.peer->reset_observer_counters();
  }
}

}  // namespace drover::server
