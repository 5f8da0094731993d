#include "server/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <future>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "net/acceptor.h"
#include "replica/replica.h"
#include "replica/restorer.h"
#include "server/admin_pages.h"
#include "server/admin_server.h"
#include "server/clock.h"
#include "server/command_pages.h"
#include "server/console_assets.h"
#include "server/console_lane.h"
#include "server/console_pages.h"
#include "server/disk_thread.h"
#include "server/environment.h"
#include "server/log.h"
#include "server/options.h"
#include "server/peer_disk.h"
#include "server/peer_runner.h"
#include "server/reactor.h"
#include "server/replica_runner.h"
#include "server/snapshot_thread.h"
#include "server/status.h"
#include "server/timed_sink.h"
#include "storage/data_dir.h"
#include "storage/posix_disk.h"
#include "storage/restore.h"

namespace drover::server {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// How long a clean stop waits for answers in flight and for slow readers to take them.
constexpr auto kDrainMax = std::chrono::seconds(5);
constexpr auto kDrainLook = std::chrono::milliseconds(2);
// How long a leader waits for its followers to have everything.
constexpr auto kHandOverMax = std::chrono::seconds(2);
// Refused connections are logged at most this often: a client that retries must not fill the log.
constexpr auto kRefusalLogEvery = std::chrono::seconds(1);

std::int64_t ms_since(SteadyClock::time_point began) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - began).count();
}

// Runs `task` on the context's thread and waits for its answer; nullopt when the context has ended.
template <typename Task>
auto run_on(asio::io_context& context, Task task) -> std::optional<decltype(task())> {
  auto promise = std::make_shared<std::promise<decltype(task())>>();
  auto future = promise->get_future();
  asio::post(context, [promise, task = std::move(task)]() mutable { promise->set_value(task()); });
  promise.reset();
  try {
    return future.get();
  } catch (const std::future_error&) {  // the post was dropped with its context
    return std::nullopt;
  }
}

}  // namespace

struct Server::Impl {
  Impl(const Config& config_in, base::Log& log_in)
      : config(config_in),
        log(log_in),
        auth(auth_options(config)),
        shared(tree::Tree(), config.reactors),
        sessions(config.tick_ms),
        limits(config.connections_per_ip_max, config.connections_max) {}

  std::optional<StartError> bind();
  std::optional<StartError> open_data();
  std::optional<StartError> restore();
  std::optional<StartError> make_core();
  void make_replica();
  std::optional<StartError> make_peer();
  std::optional<StartError> listen_to_peers();
  std::optional<StartError> write_first_snapshot();
  std::optional<StartError> open_admin();
  void add_pages();
  void add_console_pages(const PageSources& sources, std::vector<Reactor*> all);
  void make_threads();
  void serve();
  void stop();

  void wake_lane(std::uint32_t lane);
  void accept(tcp::socket socket);
  void log_refusal(const std::string& address, ConnectionLimits::Verdict verdict);
  std::optional<SnapshotStart> snapshot_start();
  [[noreturn]] void on_disk_failure(std::string_view what, const Error& error);
  [[nodiscard]] bool drained();
  void hand_over();
  StatusSources status_sources();

  const Config config;
  base::Log& log;
  storage::PosixDisk disk;
  std::optional<storage::DataDir> data_dir;  // holds the lock: outlives everything that writes
  const txn::AuthOptions auth;
  SharedTree shared;
  session::SessionTable sessions;  // reactor 0's, once it runs
  ConnectionLimits limits;
  base::Instant started = now();
  std::vector<std::pair<std::string, base::Distribution>> startup;
  std::int64_t digest_mismatches_at_start = 0;
  wire::Zxid restored_zxid;
  std::optional<std::pair<wire::Zxid, std::int64_t>> newest_snapshot;  // and when it was written, s
  bool first_snapshot_due = false;

  std::vector<std::unique_ptr<Reactor>> reactors;
  std::optional<replica::Replica> replica;  // these three: standalone
  std::optional<ReplicaRunner> runner;
  std::optional<LiveRestore> live_restore;
  std::optional<replica::Peer> peer;  // these three: member of an ensemble
  std::optional<PeerDisk> peer_disk;
  std::optional<PeerRunner> peer_runner;
  std::optional<SnapshotThread> snapshot;
  std::optional<DiskThread> disk_thread;
  std::optional<StatusCollector> status;
  std::optional<ConsoleLane> console;  // outlives what waits on the admin thread
  AdminServer admin;
  std::unique_ptr<net::Acceptor> acceptor;
  std::uint32_t accepting_for = 0;  // reactor of the next connection
  SteadyClock::time_point refusal_logged{};
  std::vector<std::thread> threads;
  bool stopped = false;
};

std::optional<StartError> Server::Impl::bind() {
  // Not Java's 50: who does not fit waits a second for the next SYN, and after a restart all
  // clients come at once. The kernel lowers it to net.core.somaxconn.
  constexpr int kDefaultBacklog = 4096;
  auto listening = net::Acceptor::listen(
      reactors[0]->context(),
      {.address = config.client_port_address,
       .port = static_cast<std::uint16_t>(config.client_port),
       .backlog = config.listen_backlog == -1 ? kDefaultBacklog : config.listen_backlog});
  if (!listening) return StartError{ExitCode::kFailed, listening.error().message};
  acceptor = std::move(*listening);
  const auto at = acceptor->local_endpoint();
  log.info("binding to port {}:{}", at.address().to_string(), at.port());
  return std::nullopt;
}

std::optional<StartError> Server::Impl::open_data() {
  auto opened = storage::DataDir::open(disk, {.data_dir = config.data_dir,
                                              .data_log_dir = config.data_log_dir,
                                              .autocreate = config.data_dir_autocreate});
  if (!opened) return StartError{ExitCode::kDataDirUnusable, opened.error().message};
  data_dir = std::move(*opened);
  return std::nullopt;
}

std::optional<StartError> Server::Impl::restore() {
  const auto began = SteadyClock::now();
  replica::Restorer restorer(shared.ungated(), sessions, log, now());
  TimedSink timed(restorer);
  const auto report = storage::restore(disk, restore_options(config, *data_dir), timed, log);
  if (!report) return StartError{ExitCode::kFailed, report.error().message};
  restorer.finish();
  digest_mismatches_at_start = restorer.digest_mismatches();
  const std::int64_t ms = ms_since(began);
  const auto note = [this](const char* name, std::int64_t value) {
    startup.emplace_back(name, base::Distribution()).second.add(value);
  };
  note("dbinittime", ms);
  note("startup_txns_loaded", report->txns_replayed);
  note("startup_snap_load_time", timed.snapshot_ms());
  note("startup_txns_load_time", timed.txns_ms());
  log.info(
      "restored {} znodes, {} sessions up to zxid 0x{:x} in {} ms: snapshot {}, {} txns replayed",
      shared.ungated().node_count(), sessions.size(),
      static_cast<std::uint64_t>(shared.ungated().last_zxid().value), ms,
      report->snapshot_file.empty() ? "none" : report->snapshot_file, report->txns_replayed);
  restored_zxid = report->last_zxid;
  if (!report->snapshot_file.empty()) {
    newest_snapshot = {report->snapshot_zxid, modified_s(report->snapshot_file)};
  }
  // A snapshot that is newest, whole and up to date already says everything. The member of an
  // ensemble has others to learn from, and writes one only where there is none; and none where even
  // that would say too much: that what is empty here is empty by intent.
  const bool none = report->snapshot_file.empty();
  const bool stale =
      report->txns_replayed > 0 || report->bytes_dropped > 0 || report->snapshots_skipped > 0;
  first_snapshot_due = config.distributed() ? none && report->last_zxid.value != -1 : none || stale;
  return std::nullopt;
}

void Server::Impl::make_threads() {
  for (std::uint32_t i = 0; i < config.reactors; ++i) {
    reactors.push_back(std::make_unique<Reactor>(
        reactor_options(config, i), shared, auth, limits, log,
        [this](std::uint32_t, txn::RequestBatch& batch) {
          peer_runner ? peer_runner->submit(batch) : runner->submit(batch);
        },
        [this] { peer_runner ? peer_runner->drained() : runner->drained(); },
        [this](Reactor& reactor, std::weak_ptr<Client> client, admin::Word word,
               std::uint64_t mask) { status->ask(reactor, std::move(client), word, mask); }));
  }
}

std::optional<StartError> Server::Impl::make_core() {
  snapshot.emplace(disk, snapshot_options(config, *data_dir), shared, log,
                   [this] { return snapshot_start(); });
  if (newest_snapshot) snapshot->set_last(newest_snapshot->first, newest_snapshot->second);
  disk_thread.emplace(
      disk, disk_options(config, *data_dir), std::random_device{}(), log,
      DiskThread::Events{.on_durable =
                             [this](wire::Zxid last) {
                               peer_runner ? peer_runner->durable(last) : runner->durable(last);
                             },
                         .on_rolled = [this] { snapshot->request(); },
                         .on_failure =
                             [this](const Error& error) {
                               on_disk_failure("cannot write the transaction log", error);
                             }});
  console.emplace(admin.context(), shared, console_lane_options(config),
                  [this](txn::RequestBatch& batch) {
                    peer_runner ? peer_runner->submit(batch) : runner->submit(batch);
                  });
  if (config.distributed()) {
    if (auto error = make_peer()) return error;
  } else {
    make_replica();
  }
  status.emplace(status_sources());
  return std::nullopt;
}

void Server::Impl::make_replica() {
  replica.emplace(replica_options(config), shared.ungated(), sessions, auth, log, now(),
                  wall_now());
  runner.emplace(
      reactors[0]->context(), shared, *replica,
      ReplicaRunner::Doors{
          .persist = [this](std::vector<wire::TxnBytes>& txns) { disk_thread->submit(txns); },
          .take_own_inbox = [this] { reactors[0]->take_inbox(); },
          .finish = [this] { reactors[0]->after_lane(); },
          .wake = [this](std::uint32_t lane) { wake_lane(lane); }});
  live_restore.emplace(
      reactors[0]->context(), disk, live_restore_options(config, *data_dir), shared, sessions,
      *runner, *disk_thread, *snapshot, log,
      [this](const Error& error) { on_disk_failure("cannot restore the snapshot", error); });
}

std::optional<StartError> Server::Impl::make_peer() {
  const auto history = read_epochs(disk, data_dir->snapshot_dir(), restored_zxid, log);
  if (!history) return StartError{ExitCode::kFailed, history.error().message};
  std::random_device entropy;
  peer.emplace(peer_options(config), shared.ungated(), sessions, auth, *history,
               std::uint64_t{entropy()} << 32 | entropy(), log, now(), wall_now());
  peer_disk.emplace(
      reactors[0]->context(), disk,
      PeerDiskOptions{.restore = restore_options(config, *data_dir), .tick_ms = config.tick_ms},
      shared, sessions, *disk_thread, *snapshot, log,
      [this](const Error& error) { on_disk_failure("cannot follow the leader's history", error); });
  peer_runner.emplace(
      reactors[0]->context(), shared, *peer, *peer_disk,
      PeerRunnerOptions{.links = peer_links_options(config), .leader_serves = config.leader_serves},
      log,
      PeerRunner::Doors{
          .persist = [this](std::vector<wire::TxnBytes>& txns) { disk_thread->submit(txns); },
          .abandon_snapshot = [this] { snapshot->abandon(); },
          .request_snapshot = [this] { snapshot->request(); },
          .take_own_inbox = [this] { reactors[0]->take_inbox(); },
          .finish = [this] { reactors[0]->after_lane(); },
          .wake = [this](std::uint32_t lane) { wake_lane(lane); }});
  return listen_to_peers();
}

// Somebody who just ended may still hold the ports for a moment (electionPortBindRetry).
std::optional<StartError> Server::Impl::listen_to_peers() {
  for (int attempt = 1;; ++attempt) {
    const auto listening = peer_runner->listen();
    if (listening) break;
    if (config.election_bind_retries != 0 && attempt >= config.election_bind_retries) {
      return StartError{ExitCode::kElectionPortTaken, listening.error().message};
    }
    log.warn("{}; trying again in a second", listening.error().message);
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  const zab::Member& me = *config.ensemble.find(config.self);
  log.info("sid={} of {} servers, election port {}, quorum port {}", config.self.value,
           config.ensemble.members.size(), me.election.text(), me.quorum.text());
  return std::nullopt;
}

std::optional<StartError> Server::Impl::write_first_snapshot() {
  if (!first_snapshot_due) return std::nullopt;
  SnapshotStart start{.zxid = shared.ungated().last_zxid(), .sessions = {}};
  for (const auto& [id, timeout_ms] : sessions.list()) start.sessions.push_back({id, timeout_ms});
  const auto written = snapshot->write_now(start);
  if (!written) return StartError{ExitCode::kFailed, written.error().message};
  return std::nullopt;
}

void Server::Impl::add_console_pages(const PageSources& sources, std::vector<Reactor*> all) {
  add_console_api(admin.routes(),
                  {.pages = sources,
                   .lane = *console,
                   .reactors = std::move(all),
                   .sessions = sessions,
                   .disk = *disk_thread,
                   .files = disk,
                   .log_dir = data_dir->log_dir(),
                   .peer = peer_runner ? &*peer_runner : nullptr,
                   .enforced_auth_schemes = reactor_options(config, 0).lane.enforced_auth_schemes,
                   .length_max = config.length_max(),
                   .frame_size_max = config.frame_bytes_max});
}

void Server::Impl::add_pages() {
  const PageSources sources{.admin = admin,
                            .status = *status,
                            .replica_reactor = *reactors[0],
                            .shared = shared,
                            .auth = auth};
  add_probes(admin.routes(), sources);
  add_console_files(admin.routes());
  add_metrics(admin.routes(), sources);
  add_metrics(admin.metrics_routes(), sources);
  std::vector<Reactor*> all;
  for (auto& reactor : reactors) all.push_back(reactor.get());
  add_commands(admin.routes(), sources,
               {.url = config.admin_command_url,
                .rate_limit_ms = config.admin_rate_limit_ms,
                .snapshot_enabled = config.admin_snapshot_enabled,
                .restore_enabled = config.admin_restore_enabled,
                .upload_prefix = upload_prefix(*data_dir)},
               *snapshot, live_restore ? &*live_restore : nullptr, all);
  add_console_pages(sources, std::move(all));
  add_description(admin.routes(), config.admin_command_url);
}

// Not asked for, the admin port is there for whoever sits at this machine, and a second server
// here goes without.
std::optional<StartError> Server::Impl::open_admin() {
  const bool asked_for = config.admin_enabled.value_or(false);
  if (config.admin_enabled.value_or(true)) {
    const auto listening = admin.listen(
        {.address = !asked_for && config.admin_address.empty() ? "127.0.0.1" : config.admin_address,
         .port = static_cast<std::uint16_t>(config.admin_port),
         .idle_timeout = std::chrono::milliseconds(config.admin_idle_timeout_ms),
         .is_own_host = own_hosts(config)});
    if (!listening && asked_for)
      return StartError{ExitCode::kAdminPortTaken, "admin server: " + listening.error().message};
    if (!listening) log.info("no admin server: {}", listening.error().message);
    if (listening) log.info("admin server on port {}", admin.port());
  }
  add_pages();
  if (config.prometheus) {
    const auto listening = admin.listen_for_metrics(
        {.address = config.metrics_address,
         .port = static_cast<std::uint16_t>(config.metrics_port),
         .idle_timeout = std::chrono::milliseconds(config.admin_idle_timeout_ms)});
    if (!listening) return StartError{ExitCode::kFailed, "metrics: " + listening.error().message};
    log.info("metrics on port {}", admin.metrics_port());
  }
  return std::nullopt;
}

void Server::Impl::serve() {
  disk_thread->start();
  snapshot->start();
  for (auto& reactor : reactors) {
    threads.emplace_back([r = reactor.get()] {
      name_this_thread(fmt::format("reactor-{}", r->index()));
      r->run();
    });
  }
  asio::post(reactors[0]->context(), [this] {
    if (peer_runner) {
      peer_runner->start();
    } else {
      runner->start();
    }
    acceptor->start(
        [this]() -> asio::io_context& { return reactors[accepting_for]->context(); },
        [this](tcp::socket socket) { accept(std::move(socket)); },
        [this](const std::string& why) { log.warn("cannot accept a connection: {}", why); });
  });
  admin.start();
  log.info("{} clients on port {} with {} reactor{}", peer_runner ? "accepting" : "serving",
           acceptor->local_endpoint().port(), reactors.size(), reactors.size() == 1 ? "" : "s");
}

void Server::Impl::wake_lane(std::uint32_t lane) {
  if (lane == shared.console_lane()) {
    console->wake();
  } else {
    reactors[lane]->wake();
  }
}

// On reactor 0's thread.
void Server::Impl::accept(tcp::socket socket) {
  boost::system::error_code gone;
  const auto remote = socket.remote_endpoint(gone);
  if (gone) return;
  std::string address = net::address_text(remote.address());
  const auto verdict = limits.take(address);
  if (verdict != ConnectionLimits::Verdict::kTaken) {
    net::Connection(std::move(socket), false).reset();
    log_refusal(address, verdict);
    return;
  }
  reactors[accepting_for]->adopt(std::move(socket), std::move(address), remote.port());
  accepting_for = (accepting_for + 1) % static_cast<std::uint32_t>(reactors.size());
}

void Server::Impl::log_refusal(const std::string& address, ConnectionLimits::Verdict verdict) {
  const auto time = SteadyClock::now();
  if (time - refusal_logged < kRefusalLogEvery) return;
  refusal_logged = time;
  if (verdict == ConnectionLimits::Verdict::kTooMany) {
    log.warn("Too many connections - maxCnxns is {}", config.connections_max);
  } else {
    log.warn("Too many connections from /{} - max is {}", address, config.connections_per_ip_max);
  }
}

// On the snapshot thread.
std::optional<SnapshotStart> Server::Impl::snapshot_start() {
  const auto start = [this]() -> std::optional<SnapshotStart> {
    if (peer_runner && !peer_runner->snapshot_may_begin()) return std::nullopt;
    if (runner && runner->paused()) return std::nullopt;  // another tree comes
    const ReadHold hold(shared.gate, 0);
    SnapshotStart made{.zxid = shared.tree.last_zxid(), .sessions = {}};
    for (const auto& [id, timeout_ms] : sessions.list()) made.sessions.push_back({id, timeout_ms});
    return made;
  };
  return run_on(reactors[0]->context(), start).value_or(std::nullopt);
}

void Server::Impl::on_disk_failure(std::string_view what, const Error& error) {
  log.error("{}, stopping: {}", what, error.message);
  std::_Exit(static_cast<int>(ExitCode::kFailed));
}

bool Server::Impl::drained() {
  const bool unsent = std::ranges::any_of(reactors, [](auto& reactor) {
    return run_on(reactor->context(), [r = reactor.get()] { return r->has_unsent(); })
        .value_or(false);
  });
  const bool idle = run_on(reactors[0]->context(), [this] {
                      return peer_runner ? peer_runner->idle() : runner->idle();
                    }).value_or(true);
  return idle && !unsent;
}

// Followers that have everything elect the next leader without losing time.
void Server::Impl::hand_over() {
  const auto give_up_at = SteadyClock::now() + kHandOverMax;
  run_on(reactors[0]->context(), [this] {
    peer_runner->begin_stop();
    return true;
  });
  const auto may_stop = [this] {
    return run_on(reactors[0]->context(), [this] { return peer_runner->may_stop(); })
        .value_or(true);
  };
  while (!may_stop() && SteadyClock::now() < give_up_at) std::this_thread::sleep_for(kDrainLook);
}

void Server::Impl::stop() {
  if (stopped) return;
  stopped = true;
  log.info("stopping");
  admin.stop();
  console->stop();
  snapshot->stop();  // first: it may wait for reactor 0
  run_on(reactors[0]->context(), [this] {
    acceptor->close();
    return true;
  });
  for (auto& reactor : reactors) {
    run_on(reactor->context(), [r = reactor.get()] {
      r->stop_reading();
      return true;
    });
  }
  const auto give_up_at = SteadyClock::now() + kDrainMax;
  while (!drained() && SteadyClock::now() < give_up_at) std::this_thread::sleep_for(kDrainLook);
  if (peer_runner) hand_over();
  for (auto& reactor : reactors) {
    run_on(reactor->context(), [r = reactor.get()] {
      r->close_all();
      return true;
    });
  }
  run_on(reactors[0]->context(), [this] {
    if (peer_runner) {
      peer_runner->stop();
    } else {
      runner->stop();
    }
    return true;
  });
  disk_thread->stop();
  for (auto& reactor : reactors) reactor->stop();
  for (auto& thread : threads) thread.join();
  log.info("stopped");
}

StatusSources Server::Impl::status_sources() {
  StatusSources sources;
  for (auto& reactor : reactors) sources.reactors.push_back(reactor.get());
  sources.shared = &shared;
  sources.sessions = &sessions;
  sources.replica = peer ? &peer->replica() : &*replica;
  sources.peer = peer_runner ? &*peer_runner : nullptr;
  sources.runner = runner ? &*runner : nullptr;
  sources.live_restore = live_restore ? &*live_restore : nullptr;
  sources.voters = static_cast<std::int64_t>(config.ensemble.voters().size());
  sources.disk = &*disk_thread;
  sources.console = &*console;
  sources.snapshot = &*snapshot;
  sources.limits = &limits;
  sources.conf = conf_view(config, *data_dir, acceptor->local_endpoint().port());
  sources.started = started;
  sources.startup = startup;
  sources.digest_mismatches_at_start = digest_mismatches_at_start;
  return sources;
}

Server::Server() = default;
Server::~Server() {
  stop();
}

std::expected<std::unique_ptr<Server>, StartError> Server::start(const Config& config,
                                                                 base::Log& log) {
  raise_file_descriptor_limit();
  std::unique_ptr<Server> server(new Server());
  auto impl = std::make_unique<Impl>(config, log);
  impl->make_threads();
  for (const auto step : {&Impl::bind, &Impl::open_data, &Impl::restore, &Impl::make_core,
                          &Impl::write_first_snapshot, &Impl::open_admin}) {
    if (auto error = (impl.get()->*step)()) return std::unexpected(std::move(*error));
  }
  impl->serve();
  server->impl_ = std::move(impl);
  return server;
}

void Server::stop() {
  if (impl_) impl_->stop();
}

std::uint16_t Server::port() const {
  return impl_->acceptor->local_endpoint().port();
}

std::uint16_t Server::admin_port() const {
  return impl_->admin.port();
}

}  // namespace drover::server
