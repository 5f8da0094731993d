#include "file_tools/data_dir.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <charconv>
#include <fstream>
#include <sstream>
#include <utility>

#include "file_tools/input.h"
#include "replica/restorer.h"
#include "server/peer_disk.h"
#include "storage/data_dir.h"
#include "storage/dry_run_disk.h"
#include "storage/restore.h"
#include "toolbox/utf8.h"

namespace drover::file_tools {

namespace {

using wire::Zxid;

// The folder that a version-2 is in.
std::string data_dir_of(const std::string& folder) {
  constexpr std::string_view kName = "/version-2";
  if (folder.ends_with(kName)) return folder.substr(0, folder.size() - kName.size());
  return folder;
}

class DirectoryCheck {
 public:
  DirectoryCheck(storage::Disk& disk, const DataDirTarget& target)
      : disk_(disk), target_(target), dry_(disk) {
    facts_.snapshot_dir = version_folder(target.path);
    facts_.log_dir = version_folder(target.log_path.empty() ? target.path : target.log_path);
  }

  Result<DataDirFacts> run() {
    const auto names = list(facts_.snapshot_dir);
    if (!names) return std::unexpected(names.error());
    const auto log_names = list(facts_.log_dir);
    if (!log_names) return std::unexpected(log_names.error());
    const bool mixed = !folders();
    if (auto done = snapshots(*names); !done) return std::unexpected(done.error());
    if (auto done = logs(*log_names); !done) return std::unexpected(done.error());
    between_logs();
    if (!mixed) start();
    epochs();
    if (const int pid = lock_holder(facts_.snapshot_dir); pid != 0) {
      facts_.running = fmt::format(
          "process {} (a running Drover): what it is just writing may look "
          "unfinished",
          pid);
    }
    return std::move(facts_);
  }

 private:
  Result<storage::FolderNames> list(const std::string& dir) {
    const auto listing = disk_.list(dir);
    if (!listing) return std::unexpected(listing.error());
    auto names = storage::sort_names(*listing);
    const bool again = dir == facts_.log_dir && facts_.log_dir == facts_.snapshot_dir && listed_;
    listed_ = true;
    if (!again) strays(dir, *listing, names);
    return names;
  }

  void add(Finding finding) { facts_.findings.push_back(std::move(finding)); }

  void strays(const std::string& dir, const std::vector<std::string>& listing,
              const storage::FolderNames& names) {
    for (const auto& name : names.ignored) {
      add({.severity = Severity::kWarning,
           .code = "dir.stray",
           .file = dir + "/" + name,
           .what = fmt::format("not the name of a {}, ignored; Apache would load it",
                               name.starts_with("log.") ? "log" : "snapshot"),
           .next_step = "move it out of the folder"});
    }
    for (const auto& name : listing) {
      if (!name.starts_with(storage::kStagedPrefix)) continue;
      add({.severity = Severity::kWarning,
           .code = "dir.staged",
           .file = dir + "/" + name,
           .what =
               "a change of history was cut short; the next start of Drover finishes it, Apache "
               "does not know it",
           .next_step = "start Drover once before Apache runs on this folder"});
    }
  }

  // False: two folders that were swapped or mixed, in the words of the server that refuses them.
  bool folders() {
    if (!facts_.snapshot_dir.ends_with("/version-2")) return true;
    const auto opened = storage::DataDir::open(dry_, {.data_dir = data_dir_of(facts_.snapshot_dir),
                                                      .data_log_dir = data_dir_of(facts_.log_dir)});
    if (opened) return true;
    facts_.server_says.push_back(opened.error().message);
    add({.severity = Severity::kProblem,
         .code = "dir.mixed",
         .file = {},
         .what = opened.error().message,
         .next_step = "give dataDir and dataLogDir the folders that they had"});
    return false;
  }

  Result<void> snapshots(const storage::FolderNames& names) {
    for (const auto& name : names.snapshots) {
      auto facts = check_snapshot(disk_,
                                  {.path = facts_.snapshot_dir + "/" + name.name,
                                   .dir = facts_.snapshot_dir,
                                   .name = name,
                                   .named = true},
                                  target_.length_max);
      if (!facts) return std::unexpected(facts.error());
      take(facts->findings);
      facts_.snapshots.push_back(std::move(*facts));
    }
    return {};
  }

  Result<void> logs(const storage::FolderNames& names) {
    for (const auto& name : names.logs) {
      auto facts = check_log(disk_, facts_.log_dir + "/" + name.name, target_.length_max);
      if (!facts) return std::unexpected(facts.error());
      take(facts->findings);
      facts_.logs.push_back(std::move(*facts));
    }
    return {};
  }

  void take(Findings& findings) {
    for (Finding& finding : findings) facts_.findings.push_back(std::move(finding));
    findings.clear();
  }

  void between_logs() {
    const LogFacts* before = nullptr;
    for (const LogFacts& log : facts_.logs) {
      if (!log.first) continue;
      if (before) step(*before, log);
      before = &log;
    }
  }

  void step(const LogFacts& before, const LogFacts& log) {
    const Zxid last = *before.last;
    const Zxid first = *log.first;
    const bool follows =
        first == last.next() || (first.epoch() > last.epoch() && first.counter() == 1);
    if (follows) return;
    if (first > last) torn_for_good(before);
    Finding finding{.severity = Severity::kProblem,
                    .file = log.path,
                    .offset = 16,

                    .next_step = damaged_log_step(log.path, false)};
    if (first <= last) {
      finding.code = "log.overlap";
      finding.first_zxid = first;
      finding.last_zxid = last;
      finding.what =
          fmt::format("it begins with {}, but {} already goes up to {}: the log goes back",
                      zxid_text(first), before.path, zxid_text(last));
      finding.next_step = fmt::format(
          "`drover log compare {} {}` tells whether the txns are the "
          "same; move the file that is a copy out of the folder",
          before.path, log.path);
    } else {
      finding.code = "log.missing";
      finding.first_zxid = last.next();
      finding.last_zxid = first.epoch() == last.epoch() ? Zxid(first.value - 1) : last.next();
      finding.what = fmt::format(
          "it begins with {}, the log before it ({}) ends with {}: the txns in "
          "between are missing",
          zxid_text(first), before.path, zxid_text(last));
      finding.next_step =
          "look for a log that was moved away; " + damaged_log_step(before.path, false);
    }
    add(std::move(finding));
  }

  // A later log goes on behind an unfinished write: then it had been finished, and was damaged.
  void torn_for_good(const LogFacts& log) {
    for (Finding& finding : facts_.findings) {
      if (finding.code != "log.torn" || finding.file != log.path) continue;
      finding.severity = Severity::kProblem;
      finding.first_zxid = finding.last_zxid = log.last->next();
      finding.what += "; but a later log goes on behind it, so it was acknowledged and is damaged";
      finding.next_step = damaged_log_step(log.path, log.torn_mendable);
    }
  }

  void start() {
    constexpr std::int64_t kTickMs = 2000;  // no session is timed here
    tree::Tree tree;
    session::SessionTable sessions(kTickMs);
    base::NullLog log;
    replica::Restorer restorer(tree, sessions, log, base::Instant());
    const auto report = storage::restore(dry_,
                                         {.snapshot_dir = facts_.snapshot_dir,
                                          .log_dir = facts_.log_dir,
                                          .trust_empty_snapshot = target_.trust_empty_snapshot,
                                          .db_autocreate = target_.db_autocreate,
                                          .length_max = target_.length_max},
                                         restorer, log);
    facts_.changes = dry_.changes();
    if (!report) {
      facts_.server_says.push_back(report.error().message);
      Finding finding{.severity = Severity::kProblem,
                      .code = "dir.refused",
                      .file = {},
                      .what = "a start is refused: " + report.error().message,
                      .next_step = "see the other findings for what to do"};
      if (facts_.snapshots.empty() && !facts_.logs.empty()) {
        finding.code = "dir.no-snapshot";
        finding.next_step =
            "put a snapshot back from a backup; or, if the logs begin with the first txn ever, "
            "start once with snapshot.trust.empty=true";
      }
      return add(std::move(finding));
    }
    restorer.finish();
    facts_.starts = true;
    facts_.server_says = report->warnings;
    facts_.snapshot_used = report->snapshot_file;
    facts_.txns_replayed = report->txns_replayed;
    facts_.last_zxid = report->last_zxid;
    facts_.nodes = tree.node_count();
    facts_.sessions = static_cast<std::int64_t>(sessions.size());
    // What does not keep a server from starting is no more than a warning.
    for (Finding& finding : facts_.findings) {
      if (finding.severity != Severity::kProblem) continue;
      finding.severity = Severity::kWarning;
      finding.what += "; a start does not need it";
    }
    if (restorer.digest_mismatches() > 0) {
      add({.severity = Severity::kWarning,
           .code = "dir.digest",
           .file = {},
           .what =
               fmt::format("the restored tree has another digest than {} written with: it is not "
                           "the tree that the ensemble had",
                           restorer.digest_mismatches() == 1
                               ? std::string("one txn was")
                               : fmt::format("{} txns were", restorer.digest_mismatches())),
           .next_step = "compare it with another member: drover snapshot compare"});
    }
  }

  void epochs() {
    const std::string current = facts_.snapshot_dir + "/currentEpoch";
    const std::string accepted = facts_.snapshot_dir + "/acceptedEpoch";
    const auto has_current = disk_.exists(current);
    const auto has_accepted = disk_.exists(accepted);
    if (has_current && has_accepted && (*has_current || *has_accepted)) {
      if (*has_current != *has_accepted) {
        add({.severity = Severity::kWarning,
             .code = "epoch.missing",
             .file = *has_current ? accepted : current,
             .what = "missing, though its twin is there; a start writes it from the last zxid and "
                     "may forget a promise that this server gave",
             .next_step = fmt::format("write what its twin says: cp -p {} {}",
                                      *has_current ? current : accepted,
                                      *has_current ? accepted : current)});
      }
      const Zxid last = facts_.starts ? facts_.last_zxid : Zxid(0);
      base::NullLog log;
      const auto read = server::read_epochs(dry_, facts_.snapshot_dir, last, log);
      if (!read) epoch_problem(read.error().message);
    }
    number_file(data_dir_of(facts_.snapshot_dir) + "/myid", "myid.unreadable",
                "write the N of this server's server.N line into it");
  }

  void epoch_problem(const std::string& what) {
    const bool older = what.find("older than") != std::string::npos;
    const bool less = what.find("is less than") != std::string::npos;
    facts_.starts = false;
    facts_.server_says.push_back(what);
    add({.severity = Severity::kProblem,
         .code = older  ? "epoch.behind"
                 : less ? "epoch.accepted-behind"
                        : "epoch.unreadable",
         .file = {},
         .first_zxid = older ? std::optional(facts_.last_zxid) : std::nullopt,
         .last_zxid = older ? std::optional(facts_.last_zxid) : std::nullopt,
         .what = "a member of an ensemble does not start: " + what,
         .next_step =
             fmt::format("if the other members have a leader, put {} aside and start: it copies "
                         "everything from "
                         "there. Otherwise write the epoch of the last zxid (its digits above the "
                         "last eight, in "
                         "decimal) into currentEpoch, and the larger of the two into acceptedEpoch",
                         facts_.snapshot_dir)});
  }

  void number_file(const std::string& path, const char* code, const char* step) {
    const auto value = storage::read_number_file(disk_, path);
    if (value) return;
    add({.severity = Severity::kProblem,
         .code = code,
         .file = {},
         .what = value.error().message,
         .next_step = step});
  }

  storage::Disk& disk_;
  const DataDirTarget& target_;
  storage::DryRunDisk dry_;
  DataDirFacts facts_;
  bool listed_ = false;
};

}  // namespace

int lock_holder(const std::string& folder) {
  struct stat status{};
  if (::stat((folder + "/drover.lock").c_str(), &status) != 0) return 0;
  const std::string place =
      fmt::format("{:02x}:{:02x}:{}", major(status.st_dev), minor(status.st_dev), status.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    // 1: FLOCK  ADVISORY  WRITE 1234 fd:00:5678 0 EOF
    std::istringstream words(line);
    std::string number;
    std::string type;
    std::string kind;
    std::string mode;
    int pid = 0;
    std::string where;
    words >> number >> type >> kind >> mode >> pid >> where;
    if (type == "FLOCK" && where == place) return pid > 0 ? pid : 0;
  }
  return 0;
}

Result<DataDirFacts> check_data_dir(storage::Disk& disk, const DataDirTarget& target) {
  return DirectoryCheck(disk, target).run();
}

std::string data_dir_text(const DataDirFacts& facts) {
  std::string text = facts.snapshot_dir;
  if (facts.log_dir != facts.snapshot_dir) text += ", logs in " + facts.log_dir;
  text += "\n";
  for (const auto& snapshot : facts.snapshots) text += "  " + snapshot_facts_line(snapshot);
  for (const auto& log : facts.logs) text += "  " + log_facts_line(log);
  if (!facts.running.empty()) text += "  in use by " + facts.running + "\n";
  if (facts.starts) {
    text +=
        fmt::format("  a start succeeds: {}, {} replayed, {} and {} up to {}\n",
                    facts.snapshot_used.empty() ? "no snapshot" : base_name(facts.snapshot_used),
                    counted(facts.txns_replayed, "txn"), counted(facts.nodes, "znode"),
                    counted(facts.sessions, "session"), zxid_text(facts.last_zxid));
    for (const auto& change : facts.changes) text += "  it changes " + change + "\n";
  } else {
    text += "  a start would be refused\n";
  }
  for (const Finding& finding : facts.findings) text += finding_text(finding);
  return text;
}

boost::json::object data_dir_json(const DataDirFacts& facts) {
  boost::json::array snapshots;
  for (const auto& snapshot : facts.snapshots) snapshots.push_back(snapshot_facts_json(snapshot));
  boost::json::array logs;
  for (const auto& log : facts.logs) logs.push_back(log_facts_json(log));
  boost::json::array says;
  for (const auto& line : facts.server_says) says.emplace_back(toolbox::utf8_or_replaced(line));
  boost::json::array changes;
  for (const auto& line : facts.changes) changes.emplace_back(toolbox::utf8_or_replaced(line));
  return {{"snapshot_dir", toolbox::utf8_or_replaced(facts.snapshot_dir)},
          {"log_dir", toolbox::utf8_or_replaced(facts.log_dir)},
          {"starts", facts.starts},
          {"snapshot_used", toolbox::utf8_or_replaced(facts.snapshot_used)},
          {"txns_replayed", facts.txns_replayed},
          {"nodes", facts.nodes},
          {"sessions", facts.sessions},
          {"last_zxid", zxid_text(facts.last_zxid)},
          {"running", facts.running},
          {"server_says", std::move(says)},
          {"a_start_changes", std::move(changes)},
          {"snapshots", std::move(snapshots)},
          {"logs", std::move(logs)},
          {"findings", findings_json(facts.findings)}};
}

Verdict report_data_dir(storage::Disk& disk, const DataDirTarget& target, bool json) {
  const auto facts = check_data_dir(disk, target);
  if (!facts) {
    fmt::print(stderr, "drover: {}\n", facts.error().message);
    return Verdict::kNotExamined;
  }
  if (json) {
    fmt::print("{}\n", boost::json::serialize(data_dir_json(*facts)));
  } else {
    fmt::print("{}", data_dir_text(*facts));
  }
  return verdict_of(facts->findings);
}

}  // namespace drover::file_tools
