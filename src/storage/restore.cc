#include "storage/restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "storage/disk.h"
#include "storage/file_names.h"
#include "storage/history.h"
#include "storage/log_chain.h"
#include "storage/snapshot_reader.h"

namespace drover::storage {
namespace {

std::string hex(wire::Zxid zxid) {
  return fmt::format("0x{:x}", zxid.value);
}

// One restore, step by step; lives for one call.
class Restore {
 public:
  Restore(Disk& disk, const RestoreOptions& options, RestoreSink& sink, base::Log& log)
      : disk_(disk), options_(options), sink_(sink), log_(log) {}

  // Looks first, changes last: a directory that is refused is left as it was, but for a change of
  // history that had begun already and is brought to its end.
  Result<RestoreReport> run() {
    const HistoryOptions history{.snapshot_dir = options_.snapshot_dir,
                                 .log_dir = options_.log_dir,
                                 .length_max = options_.length_max};
    if (auto done = finish_install(disk_, history, log_); !done)
      return std::unexpected(done.error());
    const auto loaded = load_snapshot();
    if (!loaded) return std::unexpected(loaded.error());
    if (auto done = replay(*loaded); !done) return std::unexpected(done.error());
    if (auto done = remove_leftovers(); !done) return std::unexpected(done.error());
    const auto intended = consume_initialize();
    if (!intended) return std::unexpected(intended.error());
    if (!*loaded && report_.txns_replayed == 0) {
      report_.fresh = true;
      if (!*intended && !options_.db_autocreate) {
        report_.last_zxid = wire::Zxid(-1);
        warn(fmt::format(
            "{}: empty, and neither an initialize file nor zookeeper.db.autocreate says that "
            "this is intended",
            options_.snapshot_dir));
      }
    }
    return std::move(report_);
  }

 private:
  void warn(std::string sentence) {
    log_.warn("{}", sentence);
    report_.warnings.push_back(std::move(sentence));
  }

  // What an interrupted snapshot left behind.
  Result<void> remove_leftovers() {
    const auto listing = disk_.list(options_.snapshot_dir);
    if (!listing) return std::unexpected(listing.error());
    const std::string leftover = std::string(kTemporaryPrefix) + "snapshot.";
    for (const auto& name : *listing) {
      if (!name.starts_with(leftover)) continue;
      if (auto done = disk_.remove(options_.snapshot_dir + "/" + name); !done) return done;
    }
    return {};
  }

  // True: a snapshot was loaded. False: there is none. Error: there are, and none is good.
  Result<bool> load_snapshot() {
    const auto listing = disk_.list(options_.snapshot_dir);
    if (!listing) return std::unexpected(listing.error());
    const FolderNames names = sort_names(*listing);
    for (const auto& name : names.ignored) {
      if (!name.starts_with("snapshot.")) continue;
      warn(fmt::format("{}/{}: not the name of a snapshot, ignored", options_.snapshot_dir, name));
    }
    for (auto name = names.snapshots.rbegin(); name != names.snapshots.rend(); ++name) {
      const auto content =
          read_snapshot(disk_, options_.snapshot_dir, *name, options_.length_max, sink_);
      if (!content) {
        ++report_.snapshots_skipped;
        warn(fmt::format("{}; trying an older snapshot", content.error().message));
        continue;
      }
      // Under a name that promises more than is inside, the txns in between would be skipped.
      if (content->last_zxid && *content->last_zxid < name->zxid) {
        ++report_.snapshots_skipped;
        warn(fmt::format("{}/{}: named for {} and written at {}; trying an older snapshot",
                         options_.snapshot_dir, name->name, hex(name->zxid),
                         hex(*content->last_zxid)));
        continue;
      }
      report_.snapshot_file = options_.snapshot_dir + "/" + name->name;
      report_.snapshot_zxid = report_.last_zxid = name->zxid;
      if (content->nodes_without_acl > 0) {
        warn(
            fmt::format("{}: {} znodes have an ACL that the file does not hold: they are open to "
                        "everybody",
                        report_.snapshot_file, content->nodes_without_acl));
      }
      // Seen by us is not yet safe from a power cut: Apache does not sync its snapshots.
      if (auto done = disk_.sync_file(report_.snapshot_file); !done)
        return std::unexpected(done.error());
      return true;
    }
    if (names.snapshots.empty()) return false;
    return failure(fmt::format("{}: no good snapshot among {}: {}", options_.snapshot_dir,
                               names.snapshots.size(), report_.warnings.back()));
  }

  // Apache's script makes the file in dataDir, its server looks in dataLogDir: both count.
  Result<bool> consume_initialize() {
    bool found = false;
    for (const auto& dir : {options_.snapshot_dir, options_.log_dir}) {
      const std::string parent = parent_dir(dir);
      const auto there = disk_.exists(parent + "/initialize");
      if (!there) return std::unexpected(there.error());
      if (!*there) continue;
      found = true;
      if (auto done = disk_.remove(parent + "/initialize"); !done)
        return std::unexpected(done.error());
      if (auto done = disk_.sync_dir(parent); !done) return std::unexpected(done.error());
    }
    return found;
  }

  Result<void> replay(bool has_snapshot) {
    auto chain =
        LogChain::open(disk_, {.dir = options_.log_dir,
                               .after = report_.last_zxid,
                               .length_max = options_.length_max,
                               .first_may_skip = !has_snapshot && options_.trust_empty_snapshot});
    if (!chain) return std::unexpected(chain.error());
    for (;;) {
      const auto entry = chain->next();
      if (!entry) return std::unexpected(entry.error());
      if (!*entry) break;
      if (!has_snapshot && report_.txns_replayed == 0) {
        if (!options_.trust_empty_snapshot) {
          return failure(fmt::format(
              "{}: no snapshot found, but {} holds txns (first {}): something is broken. Set "
              "zookeeper.snapshot.trust.empty=true to start from the log alone.",
              options_.snapshot_dir, chain->path(), hex((*entry)->header.zxid)));
        }
        warn(fmt::format("{}: no snapshot found, replaying the log from an empty tree",
                         options_.snapshot_dir));
      }
      if (auto done = sink_.txn((*entry)->txn); !done) {
        return failure(fmt::format("{}: at offset {}: txn {}: {}", chain->path(), (*entry)->offset,
                                   hex((*entry)->header.zxid), done.error().message));
      }
      ++report_.txns_replayed;
      report_.last_zxid = (*entry)->header.zxid;
    }
    for (const auto& warning : chain->warnings()) warn(warning);
    return settle(*chain);
  }

  // Leaves a log folder that the next start, ours or Apache's, reads exactly as we did.
  Result<void> settle(const LogChain& chain) {
    for (const auto& path : chain.empty_files()) {
      warn(fmt::format("{}: a log file without a header, removed", path));
      if (auto done = disk_.remove(path); !done) return done;
    }
    if (const auto& tail = chain.tail()) {
      log_.info("{}: the log ends at offset {} with txn {}", tail->path, tail->end.offset,
                hex(report_.last_zxid));
      const bool unfinished = tail->end.kind != LogEnd::Kind::kClean;
      if (unfinished) {
        report_.bytes_dropped = static_cast<std::int64_t>(tail->end.bytes);
        warn(fmt::format("{}: cut at offset {}: {}, {} bytes of an unfinished write dropped",
                         tail->path, tail->end.offset, tail->end.reason, tail->end.bytes));
      }
      // Our own padding is reserved room on the disk: give it back. Apache's is a hole and costs
      // nothing.
      const bool padded = tail->ours && tail->end.offset < tail->file_size;
      if (unfinished || padded) {
        if (auto done = disk_.truncate(tail->path, tail->end.offset); !done) return done;
      }
    }
    for (const auto& path : chain.files()) {
      if (auto done = disk_.sync_file(path); !done) return done;
    }
    // The names, too: Apache never syncs its folders.
    if (auto done = disk_.sync_dir(options_.snapshot_dir); !done) return done;
    return disk_.sync_dir(options_.log_dir);
  }

  Disk& disk_;
  const RestoreOptions& options_;
  RestoreSink& sink_;
  base::Log& log_;
  RestoreReport report_;
};

}  // namespace

Result<RestoreReport> restore(Disk& disk, const RestoreOptions& options, RestoreSink& sink,
                              base::Log& log) {
  return Restore(disk, options, sink, log).run();
}

}  // namespace drover::storage
