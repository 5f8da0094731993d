#include "server/live_restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "server/clock.h"
#include "server/upload_reader.h"
#include "storage/data_dir.h"
#include "storage/file_names.h"

namespace drover::server {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;

// Behind the last zxid of two histories, so that no log of either leads to it: a restore that
// lost the snapshot would find a gap rather than a mixture.
wire::Zxid above(wire::Zxid one, wire::Zxid other) {
  constexpr std::int64_t kCounterMax = 0xffffff00;  // leaves an epoch that is all but used up
  const wire::Zxid last = std::max(one, other);
  return last.counter() >= kCounterMax ? wire::Zxid::of(last.epoch() + 1, 0) : last.next();
}

}  // namespace

struct LiveRestore::State : UploadedState {
  State(UploadedState&& uploaded, Done done_in, SteadyClock::time_point began_in)
      : UploadedState(std::move(uploaded)), done(std::move(done_in)), began(began_in) {}
  Done done;
  SteadyClock::time_point began;
};

LiveRestore::LiveRestore(asio::io_context& context, storage::Disk& disk, LiveRestoreOptions options,
                         SharedTree& shared, session::SessionTable& sessions, ReplicaRunner& runner,
                         DiskThread& disk_thread, SnapshotThread& snapshot_thread, base::Log& log,
                         FatalError fatal)
    : context_(context),
      disk_(disk),
      options_(std::move(options)),
      shared_(shared),
      sessions_(sessions),
      runner_(runner),
      disk_thread_(disk_thread),
      snapshot_thread_(snapshot_thread),
      log_(log),
      fatal_(std::move(fatal)) {}

void LiveRestore::begin(std::shared_ptr<const std::string> upload, Done done) {
  if (busy_.exchange(true)) return done(failure("another restore is under way"));
  snapshot_thread_.run([this, upload = std::move(upload), done = std::move(done)]() mutable {
    read(*upload, std::move(done));
  });
}

// ---- on the snapshot thread, while clients are served

void LiveRestore::read(const std::string& upload, Done done) {
  const auto began = SteadyClock::now();
  auto uploaded = read_upload(disk_, upload, options_.history.length_max, options_.tick_ms, log_);
  if (!uploaded) {
    log_.warn("restore refused: {}", uploaded.error().message);
    busy_ = false;
    return done(std::unexpected(uploaded.error()));
  }
  auto state = std::make_shared<State>(std::move(*uploaded), std::move(done), began);
  log_.info("restore: {} znodes, {} sessions, newest zxid 0x{:x}; sending clients away",
            state->tree.node_count(), state->sessions.size(),
            static_cast<std::uint64_t>(state->newest.value));
  asio::post(context_, [this, state = std::move(state)] { pause(state); });
}

// ---- on reactor 0

void LiveRestore::pause(StatePtr state) {
  runner_.pause([this, state = std::move(state)] {
    wire::Zxid last;
    {
      const ReadHold hold(shared_.gate, 0);
      last = shared_.tree.last_zxid();
    }
    const wire::Zxid zxid = above(last, state->newest);
    state->tree.set_last_zxid(zxid);
    state->tree.set_replaced_at(zxid);
    snapshot_thread_.run([this, state] { make_durable(state); });
  });
}

// ---- on the snapshot thread, while nobody is served

void LiveRestore::make_durable(StatePtr state) {
  disk_thread_.close_file();
  const wire::Zxid zxid = state->tree.last_zxid();
  const auto file = write(*state);
  if (!file) {
    // Whatever the next start would take for the newest state must not be there when we go on
    // with the old one.
    const auto there = disk_.exists(fmt::format(
        "{}/{}", options_.writer.dir, storage::snapshot_name(zxid, options_.writer.compression)));
    if (!there || *there) return fatal_(file.error());
    return give_up(std::move(state), file.error());
  }
  snapshot_thread_.set_last(zxid, wall_now().ms / 1000);
  set_aside(*file);
  asio::post(context_, [this, state = std::move(state)] { take_over(state); });
}

Result<storage::SnapshotFile> LiveRestore::write(State& state) {
  if (auto done = raise_epochs(state.tree.last_zxid().epoch()); !done) {
    return std::unexpected(done.error());
  }
  std::vector<storage::SnapshotSession> listed;
  for (const auto& [id, timeout_ms] : state.sessions.list()) listed.push_back({id, timeout_ms});
  const wire::Zxid zxid = state.tree.last_zxid();
  storage::SnapshotWriter writer(disk_, options_.writer, zxid, listed, state.tree.acl_table());
  std::string path;
  for (tree::Tree::Walk walk(state.tree); walk.node() != tree::kNoNode; walk.advance()) {
    if (snapshot_thread_.stopping()) return failure("the server is stopping");
    path.clear();
    state.tree.append_path(walk.node(), path);
    writer.node(path, state.tree.data(walk.node()), state.tree.acl_key(walk.node()),
                state.tree.node_stat(walk.node()));
    if (writer.buffered() < kPieceBytes) continue;
    if (auto done = writer.flush(); !done) return std::unexpected(done.error());
  }
  std::optional<storage::RestoreSink::SnapshotDigest> digest;
  if (options_.digest_enabled) {
    digest = {.zxid = zxid, .digest = {.tree_digest = state.tree.digest()}};
  }
  return writer.finish(digest, zxid);
}

// Of a folder that was a member's, or is to be one again: an epoch file behind the last zxid would
// keep the server from starting as a member.
Result<void> LiveRestore::raise_epochs(std::int64_t epoch) {
  for (const char* name : {"acceptedEpoch", "currentEpoch"}) {
    const std::string path = fmt::format("{}/{}", options_.history.snapshot_dir, name);
    const auto stored = storage::read_number_file(disk_, path);
    if (!stored) return std::unexpected(stored.error());
    if (!*stored || **stored >= epoch) continue;
    if (auto done = storage::write_number_file(disk_, path, epoch); !done) return done;
  }
  return {};
}

// The new state does not depend on it.
void LiveRestore::set_aside(const storage::SnapshotFile& file) {
  const auto folders = storage::set_history_aside(disk_, options_.history, file);
  if (!folders) return log_.warn("restore: the old files stay: {}", folders.error().message);
  for (const auto& folder : *folders) log_.info("restore: the old files are in {}", folder);
}

// ---- on reactor 0

void LiveRestore::take_over(const StatePtr& state) {
  const Outcome outcome{.zxid = state->tree.last_zxid(),
                        .nodes = state->tree.node_count(),
                        .sessions = static_cast<std::int64_t>(state->sessions.size())};
  {
    const WriteHold hold(shared_.gate);
    std::swap(shared_.tree, state->tree);
    std::swap(sessions_, state->sessions);
  }
  // Millions of znodes take their time to go: not here.
  snapshot_thread_.run([old = state] {});
  runner_.resume();
  const std::int64_t ms = (SteadyClock::now() - state->began) / std::chrono::milliseconds(1);
  restore_ms_.add(ms);
  log_.info("restored {} znodes, {} sessions in {} ms, going on from zxid 0x{:x}", outcome.nodes,
            outcome.sessions, ms, static_cast<std::uint64_t>(outcome.zxid.value));
  busy_ = false;
  state->done(outcome);
}

void LiveRestore::give_up(StatePtr state, const Error& error) {
  log_.error("restore failed, going on with the old state: {}", error.message);
  asio::post(context_, [this, state = std::move(state), error] {
    runner_.resume();
    busy_ = false;
    state->done(std::unexpected(error));
  });
}

}  // namespace drover::server
