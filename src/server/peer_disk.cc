#include "server/peer_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <memory>

#include "replica/restorer.h"
#include "server/clock.h"
#include "storage/data_dir.h"

namespace drover::server {

namespace asio = boost::asio;

namespace {

constexpr std::string_view kAcceptedEpoch = "acceptedEpoch";
constexpr std::string_view kCurrentEpoch = "currentEpoch";

// What one epoch file says; a missing one is written.
Result<zab::Epoch> read_epoch(storage::Disk& disk, const std::string& path, zab::Epoch if_missing) {
  const auto stored = storage::read_number_file(disk, path);
  if (!stored) return std::unexpected(stored.error());
  if (*stored) return **stored;
  if (auto written = storage::write_number_file(disk, path, if_missing); !written) {
    return std::unexpected(written.error());
  }
  return if_missing;
}

storage::HistoryOptions history_options(const storage::RestoreOptions& options) {
  return {.snapshot_dir = options.snapshot_dir,
          .log_dir = options.log_dir,
          .length_max = options.length_max};
}

}  // namespace

Result<zab::History> read_epochs(storage::Disk& disk, const std::string& dir, wire::Zxid last_zxid,
                                 base::Log& log) {
  const zab::Epoch of_zxid = std::max<zab::Epoch>(last_zxid.epoch(), 0);
  const std::string current_path = fmt::format("{}/{}", dir, kCurrentEpoch);
  auto current = read_epoch(disk, current_path, of_zxid);
  if (!current) return std::unexpected(current.error());
  const std::string accepted_path = fmt::format("{}/{}", dir, kAcceptedEpoch);
  const auto accepted = read_epoch(disk, accepted_path, of_zxid);
  if (!accepted) return std::unexpected(accepted.error());
  if (of_zxid > *current) {
    // Apache died between writing the new epoch and giving the file its name.
    const auto unnamed = storage::read_number_file(disk, current_path + ".tmp");
    if (!unnamed) return std::unexpected(unnamed.error());
    if (*unnamed && **unnamed >= of_zxid) {
      log.info("{}.tmp found, setting the current epoch to {}", current_path, **unnamed);
      if (auto written = storage::write_number_file(disk, current_path, **unnamed); !written) {
        return std::unexpected(written.error());
      }
      *current = **unnamed;
    } else if (*accepted >= of_zxid) {
      // We died while a leader brought us up to date: its txns are here, its epoch we have promised
      // but not joined. Nobody can be elected with that (whoever made those txns had a quorum that
      // has joined their epoch), so it does no harm.
      log.info("the last zxid, 0x{:x}, is of an epoch that was promised and not yet joined",
               static_cast<std::uint64_t>(last_zxid.value));
    } else {
      return failure(fmt::format("{}: the current epoch, {}, is older than the last zxid, 0x{:x}",
                                 current_path, *current,
                                 static_cast<std::uint64_t>(last_zxid.value)));
    }
  }
  if (*accepted < *current) {
    return failure(fmt::format("{}: the accepted epoch, {}, is less than the current epoch, {}",
                               accepted_path, *accepted, *current));
  }
  return zab::History{
      .accepted_epoch = *accepted, .current_epoch = *current, .last_zxid = last_zxid};
}

PeerDisk::PeerDisk(asio::io_context& context, storage::Disk& disk, PeerDiskOptions options,
                   SharedTree& shared, session::SessionTable& sessions, DiskThread& disk_thread,
                   SnapshotThread& snapshot_thread, base::Log& log, FatalError fatal)
    : context_(context),
      disk_(disk),
      options_(std::move(options)),
      shared_(shared),
      sessions_(sessions),
      disk_thread_(disk_thread),
      snapshot_thread_(snapshot_thread),
      log_(log),
      fatal_(std::move(fatal)) {}

void PeerDisk::save_epoch(EpochFile file, zab::Epoch epoch, Report done) {
  const std::string path =
      fmt::format("{}/{}", options_.restore.snapshot_dir,
                  file == EpochFile::kAccepted ? kAcceptedEpoch : kCurrentEpoch);
  disk_thread_.run([this, path, epoch, done = std::move(done)](storage::LogWriter&) {
    auto written = storage::write_number_file(disk_, path, epoch);
    if (written) asio::post(context_, done);
    return written;
  });
}

void PeerDisk::reload(std::optional<wire::Zxid> truncate_to, std::function<void(bool)> done) {
  snapshot_thread_.abandon();
  snapshot_thread_.run([this, truncate_to, done = std::move(done)] {
    disk_thread_.close_file();
    bool truncated = true;
    if (truncate_to) {
      const auto cut =
          storage::truncate_history(disk_, history_options(options_.restore), *truncate_to, log_);
      if (!cut) return fatal_(cut.error());
      truncated = *cut;
    }
    restore_and_report(truncated, done);
  });
}

// Into a tree and a session table of their own, so that neither reactor 0 nor a reader waits for
// the disk; they take the place of the old ones in one moment.
void PeerDisk::restore_and_report(bool truncated, std::function<void(bool)> done) {
  struct Restored {
    explicit Restored(std::int64_t tick_ms) : sessions(tick_ms) {}
    tree::Tree tree;
    session::SessionTable sessions;
  };
  const auto began = SteadyClock::now();
  auto restored = std::make_shared<Restored>(options_.tick_ms);
  replica::Restorer restorer(restored->tree, restored->sessions, log_, now());
  const auto report = storage::restore(disk_, options_.restore, restorer, log_);
  if (!report) return fatal_(report.error());
  restorer.finish();
  log_.info("restored again up to zxid 0x{:x} in {} ms",
            static_cast<std::uint64_t>(restored->tree.last_zxid().value),
            (SteadyClock::now() - began) / std::chrono::milliseconds(1));
  asio::post(context_, [this, restored, truncated, done = std::move(done)]() mutable {
    {
      const WriteHold hold(shared_.gate);
      std::swap(shared_.tree, restored->tree);
      std::swap(sessions_, restored->sessions);
    }
    // Millions of znodes take their time to go: not here.
    snapshot_thread_.run([old = std::move(restored)] {});
    done(truncated);
  });
}

void PeerDisk::install_snapshot(Report done) {
  SnapshotStart start;
  {
    const ReadHold hold(shared_.gate, 0);
    start.zxid = shared_.tree.last_zxid();
  }
  for (const auto& [id, timeout_ms] : sessions_.list()) start.sessions.push_back({id, timeout_ms});
  snapshot_thread_.run([this, start = std::move(start), done = std::move(done)] {
    disk_thread_.close_file();
    const auto file = snapshot_thread_.write_staged(start);
    if (!file && snapshot_thread_.stopping()) return;  // the next start asks the leader again
    if (!file) return fatal_(file.error());
    if (auto installed = storage::install_snapshot(disk_, history_options(options_.restore), *file);
        !installed) {
      return fatal_(installed.error());
    }
    log_.info("installed snapshot 0x{:x}: {} znodes, {} bytes",
              static_cast<std::uint64_t>(start.zxid.value), file->nodes, file->bytes);
    asio::post(context_, done);
  });
}

}  // namespace drover::server
