#include "file_tools/log_check.h"

#include <fmt/format.h>

#include <utility>

#include "file_tools/input.h"
#include "file_tools/log_record.h"
#include "storage/file_names.h"
#include "storage/log_format.h"
#include "toolbox/utf8.h"

namespace drover::file_tools {

namespace {

using wire::Zxid;

constexpr std::size_t kFindingsMax = 100;  // of one file; the rest is counted

bool begins_epoch(Zxid before, Zxid zxid) {
  return zxid.epoch() > before.epoch() && zxid.counter() == 1;
}

class LogCheck {
 public:
  explicit LogCheck(std::string path) { facts_.path = std::move(path); }

  Result<LogFacts> run(storage::Disk& disk, std::int32_t length_max) {
    auto scan = LogScan::open(disk, facts_.path, length_max);
    if (!scan) return std::unexpected(scan.error());
    Progress progress("reading " + base_name(facts_.path), scan->shape().size);
    for (;;) {
      const auto step = scan->next();
      if (!step) return std::unexpected(step.error());
      if (!*step) break;
      if (const auto* found = std::get_if<LogDamage>(&**step)) {
        damage(*found);
      } else {
        const auto& read = std::get<storage::LogEntry>(**step);
        entry(read);
        progress.at(read.offset);
      }
    }
    facts_.shape = scan->shape();
    if (facts_.txns_torn > 0) {
      for (Finding& finding : facts_.findings) {
        if (finding.code != "log.torn") continue;
        finding.what += fmt::format(
            "; {} behind it can be read and will go with it, unless `drover "
            "log repair` keeps them",
            counted(facts_.txns_torn, "txn"));
        break;
      }
    }
    whole_file();
    if (unsaid_ > 0) {
      facts_.findings.push_back({
          .severity = Severity::kWarning,
          .code = "log.more",
          .file = facts_.path,
          .what =
              fmt::format("{} of the same kinds are not listed", counted(unsaid_, "more finding")),
      });
    }
    return std::move(facts_);
  }

 private:
  void add(Finding finding) {
    finding.file = facts_.path;
    if (facts_.findings.size() < kFindingsMax) {
      facts_.findings.push_back(std::move(finding));
    } else {
      ++unsaid_;
    }
  }

  void damage(const LogDamage& found) {
    Finding finding{
        .severity = Severity::kProblem,
        .code = std::string(damage_code(found.kind)),
        .offset = found.offset,
    };
    std::string what = found.reason;
    if (!found.detail.empty()) what += "; " + found.detail;
    if (found.before)
      what += fmt::format("; the last good txn before it is {}", zxid_text(*found.before));
    if (found.kind == DamageKind::kTorn) {
      finding.severity = Severity::kWarning;
      finding.what = what + fmt::format("; {} of an unfinished write that nobody was told of",
                                        counted(static_cast<std::int64_t>(found.bytes), "byte"));
      finding.next_step = "nothing to do: the next start cuts it off";
      if (!torn_) facts_.torn_mendable = found.intact.has_value();
      torn_ = true;
      add(std::move(finding));
      return;
    }
    facts_.damaged = true;
    if (found.before) finding.first_zxid = found.before->next();
    if (found.after) {
      what += fmt::format(", the next good one is {} at offset {}", zxid_text(*found.after),
                          found.offset + found.bytes);
      const bool counts = found.before && found.before->epoch() == found.after->epoch();
      if (counts) finding.last_zxid = Zxid(found.after->value - 1);
    }
    if (finding.first_zxid && !finding.last_zxid) finding.last_zxid = finding.first_zxid;
    finding.what = std::move(what);
    finding.next_step =
        found.kind == DamageKind::kTooLong
            ? "start the server with the jute.maxbuffer that this log was written with"
            : damaged_log_step(facts_.path, found.intact.has_value());
    after_damage_ = true;
    add(std::move(finding));
  }

  void entry(const storage::LogEntry& read) {
    if (torn_) {
      ++facts_.txns_torn;
      return;
    }
    const Zxid zxid = read.header.zxid;
    if (facts_.last) step(*facts_.last, read);
    if (!facts_.first) {
      facts_.first = zxid;
      begins_the_file_ = !after_damage_;
      facts_.first_time_ms = read.header.time.ms;
    }
    after_damage_ = false;
    facts_.last = zxid;
    facts_.last_time_ms = read.header.time.ms;
    ++facts_.txns;
    record(read);
  }

  // What follows what. The words are the server's (storage/log_chain.cc).
  void step(Zxid last, const storage::LogEntry& read) {
    const Zxid zxid = read.header.zxid;
    if (after_damage_ || zxid == last.next() || begins_epoch(last, zxid)) return;
    Finding finding{.severity = Severity::kProblem,
                    .offset = read.offset,
                    .first_zxid = zxid,
                    .last_zxid = zxid,
                    .next_step = damaged_log_step(facts_.path, false)};
    if (zxid == last) {
      // Since 3.9 a request that cannot be decoded is logged like this.
      if (read.header.type == wire::OpCode::kError) return;
      finding.code = "log.duplicate";
      finding.what = fmt::format(
          "txn {} comes after {}: the same zxid twice, the log goes back, refusing to choose a "
          "history",
          zxid_text(zxid), zxid_text(last));
    } else if (zxid < last) {
      finding.code = "log.backwards";
      finding.last_zxid = last;
      finding.what =
          fmt::format("txn {} comes after {}: the log goes back, refusing to choose a history",
                      zxid_text(zxid), zxid_text(last));
    } else {
      finding.code = "log.gap";
      finding.first_zxid = last.next();
      finding.last_zxid = zxid.epoch() == last.epoch() ? Zxid(zxid.value - 1) : last.next();
      finding.what = fmt::format("txn {} follows {}: the txns in between are missing",
                                 zxid_text(zxid), zxid_text(last));
    }
    facts_.damaged = true;
    add(std::move(finding));
  }

  void record(const storage::LogEntry& read) {
    const auto& header = read.header;
    if (decode_txn(header.type, body_of(read.txn.bytes))) return;
    const bool known = is_known_type(header.type);
    facts_.damaged = true;
    add({.severity = Severity::kProblem,
         .code = known ? "log.short-record" : "log.unknown-type",
         .offset = read.offset,
         .first_zxid = header.zxid,
         .last_zxid = header.zxid,
         .what = known
                     ? fmt::format("txn {} is too short for a {}", zxid_text(header.zxid),
                                   op_name(header.type))
                     : fmt::format("txn {} is of type {}, which is not known",
                                   zxid_text(header.zxid), static_cast<std::int32_t>(header.type)),
         .next_step = damaged_log_step(facts_.path, false)});
  }

  void whole_file() {
    const LogShape& shape = facts_.shape;
    if (shape.not_a_log) {
      facts_.damaged = true;
      return add({.severity = Severity::kProblem,
                  .code = "log.magic",
                  .offset = 0,
                  .what = shape.reason,
                  .next_step = "if it is a log whose first bytes were overwritten, `drover log "
                               "repair " +
                               facts_.path +
                               " --ignore-header` reads what is behind "
                               "them; otherwise move it out of the folder"});
    }
    if (shape.empty) {
      return add({.severity = Severity::kWarning,
                  .code = "log.empty",
                  .offset = shape.content_end,
                  .what = fmt::format("a log file without a header ({}): it holds no txn",
                                      counted(static_cast<std::int64_t>(shape.size), "byte")),
                  .next_step = "nothing to do for Drover, whose next start removes it if it is the "
                               "newest; Apache 3.8 does not start until it is removed"});
    }
    if (shape.version != storage::log_format::kVersion) {
      add({.severity = Severity::kWarning,
           .code = "log.version",
           .offset = 4,
           .what = fmt::format("the format version is {} instead of {}; no server looks at it, but "
                               "something wrote into the header",
                               shape.version, storage::log_format::kVersion),
           .next_step =
               "`drover log repair " + facts_.path + " --write <new file>` writes a right one"});
    }
    if (shape.dbid != 0 && !shape.synced_mark) {
      add({.severity = Severity::kWarning,
           .code = "log.dbid",
           .offset = storage::log_format::kDbidOffset,
           .what = fmt::format("the dbid is 0x{:x}: Apache writes 0 and Drover its synced mark, so "
                               "something wrote into the header",
                               shape.dbid),
           .next_step =
               "`drover log repair " + facts_.path + " --write <new file>` writes a right one"});
    }
    const auto name = storage::parse_log_name(base_name(facts_.path));
    if (name && begins_the_file_ && name->zxid != *facts_.first) {
      add({.severity = Severity::kProblem,
           .code = "log.name",
           .offset = storage::log_format::kHeaderSize,
           .first_zxid = facts_.first,
           .last_zxid = facts_.last,
           .what = fmt::format("the file is named for txn {} and begins with {}: a start chooses "
                               "files by their names and would miss or skip txns",
                               zxid_text(name->zxid), zxid_text(*facts_.first)),
           .next_step = fmt::format("if nothing is missing in front, give it its name back: mv {} "
                                    "{}/{}",
                                    facts_.path, storage::parent_dir(facts_.path),
                                    storage::log_name(*facts_.first))});
    }
  }

  LogFacts facts_;
  bool after_damage_ = false;
  bool torn_ = false;
  bool begins_the_file_ = false;  // the first good txn is the first of the file
  std::int64_t unsaid_ = 0;
};

}  // namespace

std::string damaged_log_step(const std::string& path, bool mendable) {
  if (mendable) {
    return fmt::format(
        "nothing needs to be lost: `drover log repair {} --in-place` mends the frame and keeps the "
        "old file as a backup",
        path);
  }
  return fmt::format(
      "member of an ensemble in which the others have a leader: put version-2 aside and start it, "
      "it "
      "copies everything from there. Otherwise `drover log repair {}` says what can be kept and "
      "what "
      "would be lost",
      path);
}

Result<LogFacts> check_log(storage::Disk& disk, const std::string& path, std::int32_t length_max) {
  return LogCheck(path).run(disk, length_max);
}

boost::json::object log_facts_json(const LogFacts& facts) {
  boost::json::object object{{"file", toolbox::utf8_or_replaced(facts.path)},
                             {"bytes", facts.shape.size},
                             {"content_end", facts.shape.content_end},
                             {"txns", facts.txns},
                             {"written_by", facts.shape.synced_mark ? "drover" : "apache"},
                             {"findings", findings_json(facts.findings)}};
  if (facts.first) {
    object["first_zxid"] = zxid_text(*facts.first);
    object["last_zxid"] = zxid_text(*facts.last);
    object["first_time"] = time_text(facts.first_time_ms);
    object["last_time"] = time_text(facts.last_time_ms);
  }
  return object;
}

std::string log_facts_line(const LogFacts& facts) {
  if (!facts.first) return fmt::format("{}: no txns\n", facts.path);
  return fmt::format("{}: {}, {}, {} to {}\n", facts.path, counted(facts.txns, "txn"),
                     zxid_range_text(*facts.first, *facts.last), time_text(facts.first_time_ms),
                     time_text(facts.last_time_ms));
}

}  // namespace drover::file_tools
