#include "sim/machine.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "replica/restorer.h"
#include "sim/observer.h"
#include "storage/data_dir.h"
#include "storage/history.h"
#include "storage/restore.h"
#include "storage/snapshot_writer.h"

namespace drover::sim {

namespace {

constexpr char kDir[] = "/data/version-2";
constexpr char kAcceptedEpoch[] = "/data/version-2/acceptedEpoch";
constexpr char kCurrentEpoch[] = "/data/version-2/currentEpoch";

// What recovery reads, told on.
class Replay final : public storage::RestoreSink {
 public:
  explicit Replay(replica::Restorer& to) : to_(to) {}
  void begin_snapshot(wire::Zxid zxid) override {
    zxids.clear();
    to_.begin_snapshot(zxid);
  }
  void session(wire::SessionId id, std::int32_t timeout_ms) override {
    to_.session(id, timeout_ms);
  }
  void acl(std::int64_t key, AclList list) override { to_.acl(key, std::move(list)); }
  Result<void> node(std::string_view path, wire::NullableBytes data, std::int64_t acl_key,
                    const wire::StatPersisted& stat) override {
    return to_.node(path, data, acl_key, stat);
  }
  Result<void> end_snapshot(std::optional<SnapshotDigest> digest) override {
    return to_.end_snapshot(digest);
  }
  Result<void> txn(const wire::TxnBytes& txn) override {
    zxids.push_back(txn.zxid);
    return to_.txn(txn);
  }

  std::vector<wire::Zxid> zxids;  // of the txns behind the snapshot

 private:
  replica::Restorer& to_;
};

storage::HistoryOptions history_options() {
  return {.snapshot_dir = kDir, .log_dir = kDir};
}

}  // namespace

// Everything that dies with the process.
struct Machine::Process {
  Process(storage::Disk& disk, std::int64_t tick_ms)
      : sessions(tick_ms), writer(disk, {.dir = kDir, .preallocate_bytes = 0}) {}

  // Between a lane and the peer, which may run on two threads: what one says reaches the other
  // later.
  struct Mail {
    base::Instant to_peer_at;  // the newest batch gets there
    bool is_woken = false;     // the lane will look into its inbox
  };

  // Written a few znodes at a time while the tree lives on.
  struct SnapshotUnderWay {
    SnapshotUnderWay(std::unique_ptr<storage::SnapshotWriter> snapshot_writer, tree::Tree& tree)
        : writer(std::move(snapshot_writer)), walk(tree) {}
    std::unique_ptr<storage::SnapshotWriter> writer;
    tree::Tree::Walk walk;
  };

  struct ClientLink {
    std::uint32_t lane = 0;
    lane::Connection* connection = nullptr;
    std::string input;
    StreamId stream = 0;
  };

  tree::Tree tree;
  session::SessionTable sessions;
  txn::AuthOptions auth;
  std::vector<std::unique_ptr<lane::Lane>> lanes;
  std::vector<Mail> mail;                // per lane
  std::vector<txn::Deliveries> inboxes;  // per lane: not yet taken by it
  std::unique_ptr<replica::Peer> peer;
  replica::PeerEffects effects;
  storage::LogWriter writer;
  std::vector<wire::TxnBytes> to_log;
  bool disk_busy = false;
  std::unique_ptr<SnapshotUnderWay> snapshot;

  std::map<StreamId, zab::LinkId> link_of;
  std::map<zab::LinkId, StreamId> stream_of;
  std::map<StreamId, std::unique_ptr<ClientLink>> clients;
  std::optional<base::Instant> timer;  // world time
  bool pumping = false;
  bool stopping = false;
};

Machine::Machine(int index, const Scenario& scenario, const zab::EnsembleConfig& config,
                 Schedule& schedule, Network& network, base::Prng& prng, Observer& observer,
                 base::Log& log)
    : index_(index),
      scenario_(scenario),
      config_(config),
      schedule_(schedule),
      network_(network),
      prng_(prng),
      observer_(observer),
      log_(log) {
  if (scenario_.drift_per_mille_max > 0) {
    drift_per_mille_ = static_cast<std::int64_t>(prng_.below(
                           static_cast<std::uint64_t>(2 * scenario_.drift_per_mille_max + 1))) -
                       scenario_.drift_per_mille_max;
  }
  DROVER_ASSERT(disk_.create_dirs(kDir).has_value(), "no folder");
}

Machine::~Machine() = default;

base::Instant Machine::now() const {
  const auto world = schedule_.now().since_start;
  return {world + world * drift_per_mille_ / 1000};
}

base::Instant Machine::world_time(base::Instant local) const {
  return {local.since_start * 1000 / (1000 + drift_per_mille_) + std::chrono::nanoseconds(1)};
}

base::WallTime Machine::wall() const {
  return {1'700'000'000'000 + schedule_.now().ms() + wall_offset_ms_};
}

std::int64_t Machine::sync_us() {
  const auto spread = static_cast<std::uint64_t>(scenario_.sync_us_max - scenario_.sync_us_min + 1);
  std::int64_t us = scenario_.sync_us_min + static_cast<std::int64_t>(prng_.below(spread));
  if (faults_ && scenario_.slow_disk == index_) us *= scenario_.slow_disk_factor;
  if (faults_ && scenario_.slow_sync_per_mille > 0 &&
      prng_.chance(scenario_.slow_sync_per_mille, 1000)) {
    us += static_cast<std::int64_t>(
        prng_.below(static_cast<std::uint64_t>(scenario_.slow_sync_ms_max * 1000)));
  }
  return us;
}

// ---- birth and death

void Machine::boot() {
  DROVER_ASSERT(process_ == nullptr, "booted twice");
  ++incarnation_;
  network_.host_up(index_);
  process_ = std::make_unique<Process>(disk_, scenario_.tick_ms);
  Process& process = *process_;
  if (faults_ && scenario_.boot_disk_percent > 0 &&
      prng_.chance(scenario_.boot_disk_percent, 100)) {
    fail_disk(1 + static_cast<std::int64_t>(prng_.below(12)));
  }
  replica::Restorer restorer(process.tree, process.sessions, log_, now());
  Replay replay(restorer);
  const auto report =
      storage::restore(disk_, {.snapshot_dir = kDir, .log_dir = kDir}, replay, log_);
  if (!report) return fail_to_boot(report.error());
  restorer.finish();
  if (report->fresh) {
    const auto written = write_snapshot_file(false);
    if (!written) return fail_to_boot(written.error());
  }
  zab::History stored;
  const auto accepted = storage::read_number_file(disk_, kAcceptedEpoch);
  const auto current = storage::read_number_file(disk_, kCurrentEpoch);
  if (!accepted || !current) {
    observer_.fail("restore", fmt::format("sid={}: an epoch file cannot be read", index_ + 1));
    return;
  }
  stored.current_epoch = current->value_or(process.tree.last_zxid().epoch());
  stored.accepted_epoch = accepted->value_or(stored.current_epoch);
  observer_.on_boot(*this, stored, process.tree.last_zxid());
  observer_.on_replayed(*this, replay.zxids);

  replica::PeerOptions options;
  options.self = sid();
  options.config = config_;
  options.leader.tick_ms = options.learner.tick_ms = options.replica.tick_ms = scenario_.tick_ms;
  options.replica.lanes = scenario_.lanes;
  options.replica.digest_interval = 1;
  options.replica.digests_max = 1u << 30;
  options.snapshot_chunk = 512;
  if (scenario_.small_log > 0) {
    options.proposals = {.txns_min = scenario_.small_log, .txns_max = scenario_.small_log};
  }
  process.mail.resize(scenario_.lanes);
  process.inboxes = std::vector<txn::Deliveries>(scenario_.lanes);
  for (std::uint32_t i = 0; i < scenario_.lanes; ++i) {
    process.lanes.push_back(std::make_unique<lane::Lane>(
        lane::LaneOptions{
            .index = i,
            .serving = false,
            .session_timeout_ms_min = static_cast<std::int32_t>(2 * scenario_.tick_ms),
            .session_timeout_ms_max = static_cast<std::int32_t>(20 * scenario_.tick_ms)},
        process.tree, process.auth));
  }
  process.peer =
      std::make_unique<replica::Peer>(options, process.tree, process.sessions, process.auth, stored,
                                      prng_.next(), log_, now(), wall());
  process.peer->start(now(), process.effects);
  pump();
}

void Machine::crash(bool power) {
  if (process_ == nullptr) return;
  observer_.before_crash(*this);
  ++incarnation_;
  process_.reset();
  asleep_.clear();
  paused_until_ = {};
  dying_ = disk_fails_ = false;
  network_.host_down(index_, power);
  if (power) {
    disk_.crash(prng_);
  } else {
    disk_.kill();
  }
}

void Machine::pause(std::int64_t ms) {
  if (process_ == nullptr || is_paused()) return;
  paused_until_ = schedule_.now() + std::chrono::milliseconds(ms);
  schedule_.at(paused_until_, [this, incarnation = incarnation_] {
    if (incarnation == incarnation_) wake();
  });
}

void Machine::wake() {
  while (!asleep_.empty() && !is_paused() && !dying_) {
    const auto action = std::move(asleep_.front());
    asleep_.pop_front();
    action();
    if (process_ == nullptr) return;
  }
}

void Machine::when_awake(std::function<void()> action) {
  if (process_ == nullptr) return;
  if (dying_) return;
  if (is_paused() || !asleep_.empty()) {
    asleep_.push_back(std::move(action));
  } else {
    action();
  }
}

void Machine::in_process(std::int64_t after_us, std::function<void()> action) {
  in_process_at(schedule_.now() + std::chrono::microseconds(after_us), std::move(action));
}

void Machine::in_process_at(base::Instant at, std::function<void()> action) {
  schedule_.at(at, [this, incarnation = incarnation_, action = std::move(action)] {
    if (incarnation == incarnation_) when_awake(action);
  });
}

void Machine::fail_disk(std::int64_t changes) {
  if (process_ == nullptr) return;
  disk_fails_ = true;
  disk_.fail_at(changes);
}

void Machine::stop_faults() {
  faults_ = false;
  if (dying_ || is_stopping()) crash(false);
  disk_fails_ = false;
  disk_.heal();
}

bool Machine::is_stopping() const {
  return process_ != nullptr && process_->stopping;
}

void Machine::begin_stop() {
  if (process_ == nullptr || is_paused() || dying_) return;
  process_->stopping = true;
  process_->peer->begin_stop(now(), process_->effects);
  pump();
}

// ---- the process at work

// Lets everything happen that can happen at this moment.
void Machine::pump() {
  Process& process = *process_;
  if (process.pumping) return;
  process.pumping = true;
  for (int turn = 0;; ++turn) {
    if (turn == 100'000) {
      observer_.fail("rest", fmt::format("sid={} never comes to rest", index_ + 1));
      break;
    }
    carry_out();
    bool moved = move_requests();
    moved |= do_tree_work();
    moved |= flush_lanes();
    moved |= hand_in_frames();
    if (!moved && process.effects.dials.empty() && process.effects.dirty.empty() &&
        process.effects.persist.empty() && !process.effects.reload &&
        !process.effects.install_snapshot && !process.effects.accepted_epoch &&
        !process.effects.current_epoch) {
      break;
    }
  }
  process.pumping = false;
  // Before anything is done to the tree that a snapshot under way must not see.
  if (process.snapshot && !process.peer->may_snapshot()) process.snapshot.reset();
  observer_.after_step(*this);
  start_disk();
  if (dying_) return;
  arm_timer();
  if (process.stopping && process.peer->may_stop()) {
    in_process(scenario_.latency_us_max, [this] { crash(false); });
  }
}

void Machine::carry_out() {
  Process& process = *process_;
  replica::PeerEffects effects;
  std::swap(effects, process.effects);
  for (const zab::Dial& dial : effects.dials) {
    const StreamId stream =
        network_.dial(index_, static_cast<int>(dial.to.value) - 1,
                      dial.port == zab::Port::kElection ? kElectionPort : kQuorumPort, 5000);
    process.link_of[stream] = dial.link;
    process.stream_of[dial.link] = stream;
  }
  for (zab::Link* link : effects.dirty) {
    link->dirty = false;
    const auto found = process.stream_of.find(link->id);
    if (found == process.stream_of.end()) continue;
    const StreamId stream = found->second;
    if (!link->output.empty() && link->up) {
      observer_.on_sent(*this, stream, *link, link->output.view());
      network_.send(stream, index_, std::string(link->output.view()));
      link->output.clear();
      process.peer->on_link_drained(link->id, now(), process.effects);
    }
    if (link->close) {
      network_.close(stream, index_);
      const zab::LinkId id = link->id;
      process.stream_of.erase(id);
      process.link_of.erase(stream);
      in_process(0, [this, id] {
        process_->peer->on_link_closed(id, now(), process_->effects);
        pump();
      });
    }
  }
  process.to_log.insert(process.to_log.end(), effects.persist.begin(), effects.persist.end());
  for (const wire::TxnBytes& txn : effects.persist) observer_.on_proposed(*this, txn);
  if (effects.accepted_epoch) {
    in_process(sync_us(), [this, epoch = *effects.accepted_epoch] {
      const auto written = storage::write_number_file(disk_, kAcceptedEpoch, epoch);
      if (!written) return die(written.error());
      observer_.on_accepted_epoch(*this, epoch);
      process_->peer->on_accepted_epoch_saved(now(), process_->effects);
      pump();
    });
  }
  if (effects.current_epoch) {
    in_process(sync_us(), [this, epoch = *effects.current_epoch] {
      observer_.on_joining(*this, epoch);
      const auto written = storage::write_number_file(disk_, kCurrentEpoch, epoch);
      if (!written) return die(written.error());
      observer_.on_current_epoch(*this, epoch);
      process_->peer->on_current_epoch_saved(now(), process_->effects);
      pump();
    });
  }
  if (effects.reload) {
    in_process(sync_us(), [this, how = *effects.reload] { reload(how); });
  }
  if (effects.install_snapshot) {
    in_process(sync_us(), [this] { install_snapshot(); });
  }
}

bool Machine::move_requests() {
  Process& process = *process_;
  bool moved = false;
  for (std::size_t i = 0; i < process.lanes.size(); ++i) {
    if (process.lanes[i]->outbox().empty()) continue;
    const auto batch = std::make_shared<txn::RequestBatch>(std::move(process.lanes[i]->outbox()));
    process.lanes[i]->outbox().clear();
    const std::int64_t hop = hop_us(i);
    if (hop == 0) {
      hand_over(*batch);
      moved = true;
      continue;
    }
    base::Instant& at = process.mail[i].to_peer_at;
    at = std::max(at, schedule_.now() + std::chrono::microseconds(hop));
    in_process_at(at, [this, batch] {
      hand_over(*batch);
      pump();
    });
  }
  return moved;
}

void Machine::hand_over(const txn::RequestBatch& batch) {
  observer_.on_requests(*this, batch);
  process_->peer->on_requests(batch, now(), wall(), process_->effects);
  carry_out();  // what the effects speak of lives as long as the batch
}

// The first lane and the peer are one thread.
std::int64_t Machine::hop_us(std::size_t lane) {
  if (lane == 0 || scenario_.hop_us_max == 0) return 0;
  return 1 +
         static_cast<std::int64_t>(prng_.below(static_cast<std::uint64_t>(scenario_.hop_us_max)));
}

bool Machine::do_tree_work() {
  Process& process = *process_;
  if (!process.peer->has_tree_work()) return false;
  const bool watched =
      std::ranges::any_of(process.lanes, [](const auto& lane) { return lane->wants_changes(); });
  process.peer->do_tree_work(now(), wall(), watched, process.inboxes, process.effects);
  for (std::size_t i = 0; i < process.lanes.size(); ++i) {
    if (process.inboxes[i].empty()) continue;
    const std::int64_t hop = hop_us(i);
    if (hop == 0) {
      take_inbox(i);
    } else if (!std::exchange(process.mail[i].is_woken, true)) {
      in_process(hop, [this, i] {
        process_->mail[i].is_woken = false;
        take_inbox(i);
        pump();
      });
    }
  }
  return true;
}

void Machine::take_inbox(std::size_t lane) {
  txn::Deliveries& inbox = process_->inboxes[lane];
  if (inbox.empty()) return;
  process_->lanes[lane]->on_deliveries(inbox, now());
  inbox.clear();
}

bool Machine::flush_lanes() {
  Process& process = *process_;
  bool moved = false;
  for (const auto& lane : process.lanes) {
    std::vector<lane::Connection*> dirty;
    dirty.swap(lane->dirty());
    for (lane::Connection* connection : dirty) {
      auto& client = *static_cast<Process::ClientLink*>(connection->transport);
      moved = true;
      if (!connection->close_now && !connection->output.empty()) {
        network_.send(client.stream, index_, std::string(connection->output.view()));
        connection->output.clear();
        lane->on_flushed(*connection);
      }
      if (connection->close_now || connection->close_when_flushed) {
        const StreamId stream = client.stream;
        lane->closed(*connection);
        network_.close(stream, index_);
        process.clients.erase(stream);
      }
    }
  }
  return moved;
}

bool Machine::hand_in_frames() {
  Process& process = *process_;
  bool moved = false;
  for (auto& [stream, client] : process.clients) {
    while (client->input.size() >= 4 && !client->connection->reading_paused &&
           !client->connection->close_now && !client->connection->close_when_flushed) {
      wire::JuteReader in(client->input);
      const auto length = static_cast<std::size_t>(in.read_int());
      if (client->input.size() < 4 + length) break;
      const std::string frame = client->input.substr(4, length);
      client->input.erase(0, 4 + length);
      take_inbox(client->lane);  // a lane that reads the tree has heard of all that is in it
      process.lanes[client->lane]->on_frame(*client->connection, frame, now());
      moved = true;
    }
  }
  return moved;
}

void Machine::arm_timer() {
  Process& process = *process_;
  std::optional<base::Instant> next = process.peer->next_deadline();
  for (const auto& lane : process.lanes) {
    const auto due = lane->next_deadline();
    if (due && (!next || *due < *next)) next = due;
  }
  if (!next) return;
  const base::Instant when =
      std::max(world_time(*next), schedule_.now() + std::chrono::microseconds(1));
  if (process.timer && *process.timer <= when && *process.timer > schedule_.now()) return;
  process.timer = when;
  schedule_.at(when, [this, incarnation = incarnation_, when] {
    if (incarnation != incarnation_ || process_->timer != when) return;
    process_->timer.reset();
    when_awake([this] {
      for (const auto& lane : process_->lanes) lane->on_timer(now());
      process_->peer->on_timer(now(), wall(), process_->effects);
      pump();
    });
  });
}

// ---- the disk

// Whatever has come together is one batch; what comes meanwhile is the next.
void Machine::start_disk() {
  Process& process = *process_;
  if (process.disk_busy || process.to_log.empty()) return;
  process.disk_busy = true;
  std::vector<wire::TxnBytes> batch;
  batch.swap(process.to_log);
  const auto appended = process.writer.append(batch);
  if (!appended) return die(appended.error());
  in_process(sync_us(),
             [this, batch = std::move(batch)]() mutable { finish_disk(std::move(batch)); });
}

void Machine::finish_disk(std::vector<wire::TxnBytes> batch) {
  Process& process = *process_;
  const auto synced = process.writer.sync();
  if (!synced) return die(synced.error());
  process.disk_busy = false;
  const wire::Zxid last = batch.back().zxid;
  observer_.on_synced(*this, last);
  process.peer->on_persisted(last, now(), process.effects);
  pump();
}

void Machine::reload(const replica::PeerEffects::Reload& how) {
  Process& process = *process_;
  DROVER_ASSERT(!process.disk_busy && process.to_log.empty(), "reloaded while the log is written");
  if (const auto rolled = process.writer.roll(); !rolled) return die(rolled.error());
  bool truncated = true;
  if (how.truncate_to) {
    observer_.on_truncating(*this, *how.truncate_to);
    const auto done = storage::truncate_history(disk_, history_options(), *how.truncate_to, log_);
    if (!done) return die(done.error());
    truncated = *done;
  }
  replica::Restorer restorer(process.tree, process.sessions, log_, now());
  Replay replay(restorer);
  const auto report =
      storage::restore(disk_, {.snapshot_dir = kDir, .log_dir = kDir}, replay, log_);
  if (!report) return die(report.error());
  restorer.finish();
  if (how.truncate_to && truncated && process.tree.last_zxid() != *how.truncate_to) {
    observer_.fail("TruncExact",
                   fmt::format("sid={} truncated to 0x{:x}, restored 0x{:x}", index_ + 1,
                               how.truncate_to->value, process.tree.last_zxid().value));
  }
  observer_.on_reloaded(*this, truncated ? how.truncate_to : std::nullopt);
  observer_.on_replayed(*this, replay.zxids);
  process.writer.continue_behind(process.tree.last_zxid());
  process.peer->on_reloaded(truncated, now(), process.effects);
  pump();
}

void Machine::install_snapshot() {
  Process& process = *process_;
  if (const auto rolled = process.writer.roll(); !rolled) return die(rolled.error());
  observer_.on_installing(*this);
  if (const auto written = write_snapshot_file(true); !written) return die(written.error());
  observer_.on_installed(*this);
  process.writer.continue_behind(process.tree.last_zxid());
  process.peer->on_snapshot_installed(now(), process.effects);
  pump();
}

void Machine::write_snapshot() {
  if (process_ == nullptr || is_paused() || dying_ || !process_->peer->may_snapshot() ||
      process_->disk_busy || process_->snapshot) {
    return;
  }
  if (const auto rolled = process_->writer.roll(); !rolled) return die(rolled.error());
  process_->snapshot =
      std::make_unique<Process::SnapshotUnderWay>(begin_snapshot_file(false), process_->tree);
  write_more_of_snapshot();
}

void Machine::write_more_of_snapshot() {
  Process::SnapshotUnderWay* const snapshot = process_->snapshot.get();
  if (snapshot == nullptr) return;  // given up
  const auto nodes = 1 + prng_.below(4);
  for (std::uint64_t i = 0; i < nodes && snapshot->walk.node() != tree::kNoNode; ++i) {
    add_node(*snapshot->writer, snapshot->walk);
  }
  if (const auto written = snapshot->writer->flush(); !written) return die(written.error());
  if (snapshot->walk.node() == tree::kNoNode) {
    const auto file = finish_snapshot_file(*snapshot->writer);
    process_->snapshot.reset();
    if (!file) die(file.error());
    return;
  }
  in_process(1 + static_cast<std::int64_t>(
                     prng_.below(static_cast<std::uint64_t>(scenario_.snapshot_step_us_max))),
             [this] { write_more_of_snapshot(); });
}

// A process whose disk fails does nothing more; that the disk is well again needs a new one.
void Machine::die(const Error& error) {
  if (!disk_fails_)
    return observer_.fail("disk", fmt::format("sid={}: {}", index_ + 1, error.message));
  log_.info("---- sid={} dies of its disk: {}", index_ + 1, error.message);
  dying_ = true;
  schedule_.after_us(0, [this, incarnation = incarnation_] {
    if (incarnation == incarnation_) crash(prng_.chance(1, 2));
  });
  boot_later();
}

// A server that cannot read its disk, or change what has to be changed there, is started again.
void Machine::fail_to_boot(const Error& error) {
  process_.reset();
  network_.host_down(index_, false);
  disk_.kill();
  if (!std::exchange(disk_fails_, false)) {
    return observer_.fail("restore", fmt::format("sid={}: {}", index_ + 1, error.message));
  }
  log_.info("---- sid={} cannot boot: {}", index_ + 1, error.message);
  disk_.heal();
  boot_later();
}

void Machine::boot_later() {
  const auto away_us = 1 + prng_.below(static_cast<std::uint64_t>(scenario_.down_ms_max * 1000));
  schedule_.after_us(static_cast<std::int64_t>(away_us), [this] {
    if (process_ == nullptr) boot();
  });
}

std::unique_ptr<storage::SnapshotWriter> Machine::begin_snapshot_file(bool staged) {
  Process& process = *process_;
  std::vector<storage::SnapshotSession> sessions;
  for (const auto& [id, timeout_ms] : process.sessions.list()) sessions.push_back({id, timeout_ms});
  return std::make_unique<storage::SnapshotWriter>(
      disk_, storage::SnapshotWriterOptions{.dir = kDir, .staged = staged},
      process.tree.last_zxid(), sessions, process.tree.acl_table());
}

void Machine::add_node(storage::SnapshotWriter& writer, tree::Tree::Walk& walk) {
  const tree::Tree& tree = process_->tree;
  std::string path;
  tree.append_path(walk.node(), path);
  writer.node(path, tree.data(walk.node()), tree.acl_key(walk.node()), tree.node_stat(walk.node()));
  walk.advance();
}

Result<storage::SnapshotFile> Machine::finish_snapshot_file(storage::SnapshotWriter& writer) {
  const tree::Tree& tree = process_->tree;
  return writer.finish(
      storage::RestoreSink::SnapshotDigest{.zxid = tree.last_zxid(),
                                           .digest = {.tree_digest = tree.digest()}},
      tree.last_zxid());
}

Result<void> Machine::write_snapshot_file(bool staged) {
  Process& process = *process_;
  const auto writer = begin_snapshot_file(staged);
  for (tree::Tree::Walk walk(process.tree); walk.node() != tree::kNoNode;) add_node(*writer, walk);
  const auto file = finish_snapshot_file(*writer);
  if (!file) return std::unexpected(file.error());
  if (!staged) return {};
  return storage::install_snapshot(disk_, history_options(), *file);
}

// ---- the network

bool Machine::on_accept(StreamId stream, int port) {
  if (process_ == nullptr || process_->stopping) return false;
  // The kernel accepts even when the process sleeps.
  when_awake([this, stream, port] {
    Process& process = *process_;
    if (port == kClientPort) {
      auto client = std::make_unique<Process::ClientLink>();
      client->lane = static_cast<std::uint32_t>(stream % scenario_.lanes);
      client->stream = stream;
      client->connection = &process.lanes[client->lane]->open("10.0.0.1", 40000, now());
      client->connection->transport = client.get();
      process.clients.emplace(stream, std::move(client));
    } else {
      const zab::LinkId id = process.peer->on_link_accepted(
          port == kElectionPort ? zab::Port::kElection : zab::Port::kQuorum, now(),
          process.effects);
      process.link_of[stream] = id;
      process.stream_of[id] = stream;
    }
    pump();
  });
  return true;
}

void Machine::on_connected(StreamId stream) {
  when_awake([this, stream] {
    const auto found = process_->link_of.find(stream);
    if (found == process_->link_of.end()) return;
    process_->peer->on_link_connected(found->second, now(), process_->effects);
    pump();
  });
}

void Machine::on_bytes(StreamId stream, const std::string& bytes) {
  when_awake([this, stream, bytes] {
    Process& process = *process_;
    if (const auto client = process.clients.find(stream); client != process.clients.end()) {
      client->second->input += bytes;
    } else if (const auto link = process.link_of.find(stream); link != process.link_of.end()) {
      if (const zab::Link* known = process.peer->link(link->second)) {
        observer_.on_received(*this, stream, *known, bytes);
      }
      process.peer->on_link_bytes(link->second, bytes, now(), wall(), process.effects);
    }
    pump();
  });
}

void Machine::on_closed(StreamId stream) {
  when_awake([this, stream] {
    Process& process = *process_;
    if (const auto client = process.clients.find(stream); client != process.clients.end()) {
      process.lanes[client->second->lane]->closed(*client->second->connection);
      process.clients.erase(client);
    } else if (const auto link = process.link_of.find(stream); link != process.link_of.end()) {
      const zab::LinkId id = link->second;
      process.stream_of.erase(id);
      process.link_of.erase(link);
      process.peer->on_link_closed(id, now(), process.effects);
    }
    pump();
  });
}

replica::PeerView Machine::view() const {
  return process_->peer->view();
}
const tree::Tree& Machine::tree() const {
  return process_->tree;
}
const session::SessionTable& Machine::sessions() const {
  return process_->sessions;
}
const replica::Peer& Machine::peer() const {
  return *process_->peer;
}
bool Machine::has_outstanding() const {
  return process_->peer->replica().outstanding() > 0;
}

}  // namespace drover::sim
