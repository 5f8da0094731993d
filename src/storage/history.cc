#include "storage/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "storage/file_names.h"
#include "storage/log_chain.h"
#include "storage/log_reader.h"
#include "storage/snapshot_reader.h"

namespace drover::storage {
namespace {

std::string hex(wire::Zxid zxid) {
  return fmt::format("0x{:x}", zxid.value);
}

// The intent of a truncation that has begun: holds the zxid, decimal.
std::string intent_path(const HistoryOptions& options) {
  return fmt::format("{}/{}truncate", options.snapshot_dir, kStagedPrefix);
}

// What of a snapshot the next history may not hold: its own zxid, and what a writer who walked a
// living tree (all of Apache's) picked up later.
wire::Zxid newest_inside(const SnapshotName& name, const SnapshotContent& content) {
  wire::Zxid newest = name.zxid;
  if (content.last_zxid) newest = std::max(newest, *content.last_zxid);
  if (content.digest) newest = std::max(newest, content.digest->zxid);
  return newest;
}

Result<void> sync_folders(Disk& disk, const HistoryOptions& options) {
  if (auto done = disk.sync_dir(options.snapshot_dir); !done) return done;
  return disk.sync_dir(options.log_dir);
}

// One truncation, step by step; lives for one call.
class Truncation {
 public:
  Truncation(Disk& disk, const HistoryOptions& options, wire::Zxid to, base::Log& log)
      : disk_(disk), options_(options), to_(to), log_(log) {}

  Result<bool> run() {
    if (auto done = look(); !done) return std::unexpected(done.error());
    const auto reached = is_reached();
    if (!reached) return std::unexpected(reached.error());
    if (!*reached) return false;
    if (auto done = plan_cut(); !done) return std::unexpected(done.error());
    // From here on restore() finishes what is begun.
    auto done = write_small_file(disk_, intent_path(options_), fmt::format("{}", to_.value));
    if (done) done = carry_out();
    if (!done) return std::unexpected(done.error());
    return true;
  }

  // After a crash: the intent was durable, and some of the work may have been done.
  Result<void> finish() {
    if (auto done = look(); !done) return done;
    const auto base = choose_snapshot();
    if (!base) return std::unexpected(base.error());
    if (auto done = plan_cut(); !done) return done;
    return carry_out();
  }

 private:
  Result<void> look() {
    const auto snapshots = disk_.list(options_.snapshot_dir);
    if (!snapshots) return std::unexpected(snapshots.error());
    const auto logs = disk_.list(options_.log_dir);
    if (!logs) return std::unexpected(logs.error());
    snapshots_ = sort_names(*snapshots).snapshots;
    logs_ = sort_names(*logs).logs;
    return {};
  }

  // The newest whole snapshot without anything above to_ in it; those that have are marked for
  // removal. A damaged one stays where restore() will step over it again.
  Result<std::optional<wire::Zxid>> choose_snapshot() {
    std::optional<wire::Zxid> base;
    for (auto name = snapshots_.rbegin(); name != snapshots_.rend() && !base; ++name) {
      const std::string path = options_.snapshot_dir + "/" + name->name;
      if (name->zxid > to_) {
        doomed_snapshots_.push_back(path);
        continue;
      }
      const auto content =
          verify_snapshot(disk_, options_.snapshot_dir, *name, options_.length_max);
      if (!content) {
        log_.warn("{}; not used for the truncation to {}", content.error().message, hex(to_));
      } else if (newest_inside(*name, *content) > to_) {
        doomed_snapshots_.push_back(path);
      } else {
        base = name->zxid;
      }
    }
    return base;
  }

  // Whether a restore of what will be left ends exactly at to_.
  Result<bool> is_reached() {
    const auto base = choose_snapshot();
    if (!base) return std::unexpected(base.error());
    if (!*base) {
      log_.warn("{}: no good snapshot at or below {}, the history cannot be cut there",
                options_.snapshot_dir, hex(to_));
      return false;
    }
    auto chain = LogChain::open(
        disk_, {.dir = options_.log_dir, .after = **base, .length_max = options_.length_max});
    if (!chain) return std::unexpected(chain.error());
    while (chain->last() < to_) {
      const auto entry = chain->next();
      if (!entry) return std::unexpected(entry.error());
      if (!*entry) break;
    }
    if (chain->last() == to_) return true;
    log_.warn("{}: txn {} is not in the log, the history cannot be cut there", options_.log_dir,
              hex(to_));
    return false;
  }

  // All logs that begin above to_ go. The one before them is cut at its first entry above to_, or
  // behind its last good one: what a later file superseded there is superseded no more.
  Result<void> plan_cut() {
    while (!logs_.empty() && logs_.back().zxid > to_) {
      doomed_logs_.push_back(options_.log_dir + "/" + logs_.back().name);
      logs_.pop_back();
    }
    if (logs_.empty()) return {};
    cut_path_ = options_.log_dir + "/" + logs_.back().name;
    auto reader = LogFileReader::open(disk_, cut_path_, options_.length_max);
    if (!reader) return std::unexpected(reader.error());
    for (;;) {
      const auto entry = reader->next();
      if (!entry) return std::unexpected(entry.error());
      if (!*entry) break;
      cut_at_ = (*entry)->offset;
      if ((*entry)->header.zxid > to_) return {};
    }
    const auto end = reader->end();
    if (!end) return std::unexpected(end.error());
    if (end->kind == LogEnd::Kind::kNotALog) return failure(cut_path_ + ": " + end->reason);
    cut_at_ = end->offset;
    return {};
  }

  // Repeatable: finds less to do each time.
  Result<void> carry_out() {
    for (const auto& path : doomed_logs_) {
      if (auto done = disk_.remove(path); !done) return done;
    }
    if (!cut_path_.empty()) {
      if (auto done = disk_.truncate(cut_path_, cut_at_); !done) return done;
    }
    for (const auto& path : doomed_snapshots_) {
      if (auto done = disk_.remove(path); !done) return done;
    }
    if (auto done = sync_folders(disk_, options_); !done) return done;
    if (auto done = disk_.remove(intent_path(options_)); !done) return done;
    return disk_.sync_dir(options_.snapshot_dir);
  }

  Disk& disk_;
  const HistoryOptions& options_;
  wire::Zxid to_;
  base::Log& log_;
  std::vector<SnapshotName> snapshots_;
  std::vector<LogName> logs_;
  std::vector<std::string> doomed_snapshots_;
  std::vector<std::string> doomed_logs_;
  std::string cut_path_;  // of the newest log that stays; empty: none does
  std::uint64_t cut_at_ = 0;
};

Result<void> finish_truncation(Disk& disk, const HistoryOptions& options, base::Log& log) {
  const std::string path = intent_path(options);
  const auto there = disk.exists(path);
  if (!there) return std::unexpected(there.error());
  if (!*there) return {};
  // Seen is not yet safe from a power cut: a second crash must not find half of the work and no
  // intent.
  if (auto done = disk.sync_dir(options.snapshot_dir); !done) return done;
  const auto text = read_small_file(disk, path);
  if (!text) return std::unexpected(text.error());
  std::int64_t to = -1;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), to);
  if (error != std::errc() || end != text->data() + text->size() || to < 0) {
    return failure(fmt::format("{}: not a zxid", path));
  }
  log.warn("finishing the truncation to {} that was cut short", hex(wire::Zxid(to)));
  return Truncation(disk, options, wire::Zxid(to), log).finish();
}

// `name`: of the staged file, without the prefix.
Result<void> replace_all_by(Disk& disk, const HistoryOptions& options, const std::string& name) {
  const auto snapshots = disk.list(options.snapshot_dir);
  if (!snapshots) return std::unexpected(snapshots.error());
  const auto logs = disk.list(options.log_dir);
  if (!logs) return std::unexpected(logs.error());
  for (const auto& log : sort_names(*logs).logs) {
    if (auto done = disk.remove(options.log_dir + "/" + log.name); !done) return done;
  }
  for (const auto& snapshot : sort_names(*snapshots).snapshots) {
    if (auto done = disk.remove(options.snapshot_dir + "/" + snapshot.name); !done) return done;
  }
  // Nothing of the old history may outlive the staged name, which keeps the promise to remove it.
  if (auto done = sync_folders(disk, options); !done) return done;
  const std::string real = options.snapshot_dir + "/" + name;
  const std::string staged = fmt::format("{}/{}{}", options.snapshot_dir, kStagedPrefix, name);
  if (auto done = disk.rename(staged, real); !done) return done;
  return disk.sync_dir(options.snapshot_dir);
}

// The snapshots that are staged, oldest first, by the names they will get.
Result<std::vector<SnapshotName>> staged_snapshots(Disk& disk, const HistoryOptions& options) {
  const auto listing = disk.list(options.snapshot_dir);
  if (!listing) return std::unexpected(listing.error());
  std::vector<std::string> names;
  for (const auto& name : *listing) {
    if (name.starts_with(kStagedPrefix)) names.push_back(name.substr(kStagedPrefix.size()));
  }
  return sort_names(names).snapshots;
}

}  // namespace

Result<bool> truncate_history(Disk& disk, const HistoryOptions& options, wire::Zxid to,
                              base::Log& log) {
  return Truncation(disk, options, to, log).run();
}

Result<void> install_snapshot(Disk& disk, const HistoryOptions& options,
                              const SnapshotFile& staged) {
  const std::string prefix = fmt::format("{}/{}", options.snapshot_dir, kStagedPrefix);
  if (!staged.path.starts_with(prefix)) {
    return failure(
        fmt::format("{}: not a staged snapshot of {}", staged.path, options.snapshot_dir));
  }
  return replace_all_by(disk, options, staged.path.substr(prefix.size()));
}

namespace {

Result<void> move_names(Disk& disk, const std::vector<std::string>& names, const std::string& from,
                        const std::string& to) {
  if (auto done = disk.create_dirs(to); !done) return done;
  for (const auto& name : names) {
    if (auto done = disk.rename(from + "/" + name, to + "/" + name); !done) return done;
  }
  // First where they are, then where they are no more: none is lost in between.
  if (auto done = disk.sync_dir(to); !done) return done;
  return disk.sync_dir(from);
}

}  // namespace

Result<std::vector<std::string>> set_history_aside(Disk& disk, const HistoryOptions& options,
                                                   const SnapshotFile& keep) {
  std::vector<std::string> made;
  for (const auto& dir : {options.snapshot_dir, options.log_dir}) {
    const auto listing = disk.list(dir);
    if (!listing) return std::unexpected(listing.error());
    const FolderNames found = sort_names(*listing);
    std::vector<std::string> names;
    for (const auto& log : found.logs) names.push_back(log.name);
    for (const auto& snapshot : found.snapshots) {
      if (dir + "/" + snapshot.name != keep.path) names.push_back(snapshot.name);
    }
    if (names.empty()) continue;
    const std::string aside = fmt::format("{}.before-{}", dir, hex(keep.zxid));
    if (auto done = move_names(disk, names, dir, aside); !done) {
      return std::unexpected(done.error());
    }
    made.push_back(aside);
  }
  return made;
}

Result<void> finish_install(Disk& disk, const HistoryOptions& options, base::Log& log) {
  if (auto done = finish_truncation(disk, options, log); !done) return done;
  const auto staged = staged_snapshots(disk, options);
  if (!staged) return std::unexpected(staged.error());
  if (staged->empty()) return {};
  // As for the intent: first the name must be safe, then what it replaces may go.
  if (auto done = disk.sync_dir(options.snapshot_dir); !done) return done;
  for (auto name : *staged) {
    const std::string real = name.name;
    name.name = std::string(kStagedPrefix) + real;
    // It was synced before it got its name. If it is bad all the same, what it replaced may be half
    // gone, and nothing here can be trusted to be a whole history.
    const auto content = verify_snapshot(disk, options.snapshot_dir, name, options.length_max);
    if (!content) {
      return failure(fmt::format(
          "{}; it was to replace all logs and snapshots here, of which some may be gone: remove "
          "version-2 and let this server join its ensemble empty",
          content.error().message));
    }
    log.warn("finishing the install of {} that was cut short", real);
    if (auto done = replace_all_by(disk, options, real); !done) return done;
  }
  return {};
}

}  // namespace drover::storage
