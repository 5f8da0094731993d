#include "file_tools/log_command.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "file_tools/finding.h"
#include "file_tools/input.h"
#include "file_tools/log_check.h"
#include "file_tools/log_record.h"
#include "file_tools/log_repair.h"
#include "file_tools/log_sequence.h"
#include "file_tools/log_summary.h"
#include "file_tools/log_toolkit.h"
#include "file_tools/tool_command.h"

namespace drover::file_tools {

namespace {

constexpr const char* kFooter =
    R"(A <log> is a file log.<zxid> or a data directory, then all of its logs. Logs of Apache ZooKeeper
3.4 and later and our own are read alike. Nothing is ever changed but by repair --in-place, which
keeps the old file; no server needs to be stopped for looking. More in docs/file_tools.md.

Exit codes: 0 all well; 1 warnings, or a difference; 2 damage, or something would be lost; 3 could
not look: bad arguments, no such file, no permission.

Examples:
  drover log check /var/lib/zookeeper         is the whole directory sound, would a start succeed?
  drover log dump log.100000001 --path /app   every write below /app, with its session and time
  drover log repair log.5                     what is broken, and what a repair would lose
  drover log repair log.5 --fill-holes --write new
  drover log chop log.5 --zxid 0x500 --write before-the-accident)";

struct LogOptions : ToolOptions {
  std::string from;
  std::string to;
  std::string session;
  bool fill_holes = false;
  bool ignore_header = false;
  std::string zxid;
};

class LogCommand : ToolCommand {
 public:
  explicit LogCommand(const LogOptions& options) : ToolCommand("log", options), options_(options) {}

  Verdict check() {
    if (is_directory(options_.path)) return check_directory();
    const auto facts = check_log(disk_, options_.path, options_.length_max);
    if (!facts) return cannot(facts.error());
    return tell_facts(log_facts_json(*facts), log_facts_line(*facts), facts->findings);
  }

  Verdict dump() {
    if (const auto read = read_filters(); !read) return cannot(read.error());
    const auto logs = find_logs(disk_, options_.path);
    if (!logs) return cannot(logs.error());
    LogSequence sequence(disk_, *logs, options_.length_max);
    Verdict verdict = Verdict::kOk;
    std::int64_t shown = 0;
    while (options_.limit == 0 || shown < options_.limit) {
      const auto step = sequence.next();
      if (!step) return cannot(step.error());
      if (!*step) break;
      if (const auto* damage = std::get_if<LogDamage>(&**step)) {
        print_damage(sequence.path(), *damage);
        verdict = damage->kind == DamageKind::kTorn ? std::max(verdict, Verdict::kWarnings)
                                                    : Verdict::kProblems;
        continue;
      }
      const auto& entry = std::get<storage::LogEntry>(**step);
      if (!wanted(entry)) continue;
      ++shown;
      if (options_.json) {
        print_json(txn_json(entry));
      } else {
        fmt::print("{}\n",
                   txn_line(entry, options_.data ? DataShown::kAll : DataShown::kBeginning));
      }
    }
    return verdict;
  }

  Verdict summary() {
    const auto logs = find_logs(disk_, options_.path);
    if (!logs) return cannot(logs.error());
    const auto damaged = print_log_summary(disk_, *logs, options_.length_max, options_.json);
    if (!damaged) return cannot(damaged.error());
    return *damaged ? Verdict::kProblems : Verdict::kOk;
  }

  Verdict compare() {
    const auto left = find_logs(disk_, options_.path);
    if (!left) return cannot(left.error());
    const auto right = find_logs(disk_, options_.other);
    if (!right) return cannot(right.error());
    const auto found = compare_logs(disk_, *left, *right, options_.length_max);
    if (!found) return cannot(found.error());
    if (options_.json) {
      boost::json::object object{{"same", found->same},
                                 {"different", found->different},
                                 {"only_left", found->only_left},
                                 {"only_right", found->only_right}};
      if (found->first_difference) {
        object["first_difference"] = zxid_text(*found->first_difference);
        object["left"] = found->first_left;
        object["right"] = found->first_right;
      }
      print_json(object);
    } else {
      fmt::print("{} the same, {} different, {} only in {}, {} only in {}\n", found->same,
                 found->different, found->only_left, options_.path, found->only_right,
                 options_.other);
      if (found->first_difference) {
        fmt::print("first difference at {}\n< {}\n> {}\n", zxid_text(*found->first_difference),
                   found->first_left.empty() ? "(none)" : found->first_left,
                   found->first_right.empty() ? "(none)" : found->first_right);
      }
    }
    return found->equal() ? Verdict::kOk : Verdict::kWarnings;
  }

  Verdict repair() {
    const auto logs = find_logs(disk_, options_.path);
    if (!logs) return cannot(logs.error());
    if (writes() && is_directory(options_.path)) {
      return cannot("--write and --in-place take one file, not a directory");
    }
    if (const auto good = check_destination(); !good) return cannot(good.error());
    Verdict verdict = Verdict::kOk;
    for (const auto& path : *logs) verdict = std::max(verdict, repair_one(path));
    return verdict;
  }

  Verdict chop() {
    const auto zxid = parse_zxid(options_.zxid);
    if (!zxid) return cannot(options_.zxid + ": --zxid takes a number, decimal or 0x-hex");
    const auto kept = chop_log(disk_, repair_options(options_.path), *zxid, options_.write);
    if (!kept) return cannot(kept.error());
    if (options_.json) {
      print_json({{"file", options_.write}, {"txns", *kept}});
    } else {
      fmt::print("{}: {} up to {}\n", options_.write, counted(*kept, "txn"), zxid_text(*zxid));
    }
    return Verdict::kOk;
  }

 private:
  void print_damage(const std::string& path, const LogDamage& damage) {
    std::string text = fmt::format("{}: at offset {}: {}", path, damage.offset, damage.reason);
    if (!damage.detail.empty()) text += "; " + damage.detail;
    if (options_.json) {
      boost::json::object object{{"damage", damage_code(damage.kind)},
                                 {"file", path},
                                 {"offset", damage.offset},
                                 {"bytes", damage.bytes},
                                 {"what", text}};
      if (damage.before) object["before"] = zxid_text(*damage.before);
      if (damage.after) object["after"] = zxid_text(*damage.after);
      print_json(object);
    } else {
      fmt::print("# {}, {} cannot be read\n", text,
                 counted(static_cast<std::int64_t>(damage.bytes), "byte"));
    }
  }

  // What --from, --to, --path and --session leave.
  bool wanted(const storage::LogEntry& entry) const {
    const auto& header = entry.header;
    if (from_ && header.zxid < *from_) return false;
    if (to_ && header.zxid > *to_) return false;
    if (session_ && header.session.value != *session_) return false;
    if (options_.znode.empty()) return true;
    const auto txn = decode_txn(header.type, body_of(entry.txn.bytes));
    if (!txn) return false;
    for (const auto path : paths_of(txn->record)) {
      if (!path.starts_with(options_.znode)) continue;
      if (path.size() == options_.znode.size() || options_.znode.ends_with('/') ||
          path[options_.znode.size()] == '/') {
        return true;
      }
    }
    return false;
  }

  LogRepairOptions repair_options(const std::string& path) const {
    return {.path = path,
            .length_max = options_.length_max,
            .fill_holes = options_.fill_holes,
            .ignore_header = options_.ignore_header};
  }

  Verdict repair_one(const std::string& path) {
    const auto plan = plan_log_repair(disk_, repair_options(path));
    if (!plan) return cannot(plan.error());
    std::string outcome;
    if (!plan->changes()) {
      outcome =
          options_.write.empty() && !options_.in_place ? "" : "nothing to repair, nothing written";
    } else if (!options_.write.empty()) {
      if (auto done = write_repaired_log(disk_, *plan, options_.write); !done) {
        return cannot(done.error());
      }
      outcome = "written to " + options_.write;
    } else if (options_.in_place) {
      const auto backup = repair_log_in_place(disk_, *plan);
      if (!backup) return cannot(backup.error());
      outcome = "repaired; the old file is now " + *backup;
    } else {
      outcome = fmt::format(
          "nothing was changed; stop the server, then: drover log repair {}{} "
          "--in-place",
          path, options_.fill_holes ? " --fill-holes" : "");
      if (plan->loses() && !options_.fill_holes) {
        outcome +=
            "\n  with --fill-holes only what cannot be read is lost, and what is behind it stays";
      }
    }
    tell_plan(log_plan_json(*plan), log_plan_text(*plan), outcome);
    if (plan->loses()) return Verdict::kProblems;
    return plan->changes() ? Verdict::kWarnings : Verdict::kOk;
  }

  Result<void> read_filters() {
    const auto read = [](const std::string& text, std::optional<wire::Zxid>& into,
                         std::string_view option) -> Result<void> {
      if (text.empty()) return {};
      into = parse_zxid(text);
      if (into) return {};
      return failure(fmt::format("{}: {} takes a number, decimal or 0x-hex", text, option));
    };
    if (!options_.session.empty()) {
      session_ = parse_session(options_.session);
      if (!session_) return failure(options_.session + ": --session takes a session id in hex");
    }
    if (auto from = read(options_.from, from_, "--from"); !from) return from;
    return read(options_.to, to_, "--to");
  }

  const LogOptions& options_;
  std::optional<wire::Zxid> from_;
  std::optional<wire::Zxid> to_;
  std::optional<std::int64_t> session_;
};

constexpr ToolNouns kNouns{
    .file = "log",
    .path_help = "A log file or a data directory",
    .entry_help = "Longest txn that is read, bytes: jute.maxbuffer and its extrasize"};

}  // namespace

void add_log(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("log", "Look into txn logs, check them, repair them");
  command->require_subcommand(1);
  command->footer(kFooter);
  ToolCommandLine<LogCommand, LogOptions> line(*command, kNouns, exit_code);
  LogOptions& options = line.options();

  auto* dump = line.add("dump", "Every txn on a line", &LogCommand::dump);
  dump->add_option("--from", options.from, "Only from this zxid on");
  dump->add_option("--to", options.to, "Only up to this zxid");
  dump->add_option("--path", options.znode, "Only what concerns this znode or one below it");
  dump->add_option("--session", options.session, "Only this session, 0x-hex");
  dump->add_option("--limit", options.limit, "At most so many lines");
  dump->add_flag("--data", options.data, "All of the data, not its first 64 bytes");
  dump->footer(
      "JSON: an object a line, data in base64. Damage is a line that begins with #, in "
      "JSON an object with \"damage\".");

  line.add_check("What is wrong, where, which txns it concerns, what to do", &LogCommand::check);
  line.add("summary", "Figures: ops, places, sizes, times", &LogCommand::summary);
  line.add_compare("Where two histories part", &LogCommand::compare);

  auto* repair =
      line.add("repair", "What can be kept and what would be lost; a new file when asked",
               &LogCommand::repair);
  repair->add_flag("--fill-holes", options.fill_holes,
                   "Put an `error` txn where one cannot be read, so that later ones stay");
  repair->add_flag("--ignore-header", options.ignore_header,
                   "Read on behind 16 bytes that are no log's header");
  repair->add_option("--write", options.write, "Write the repaired log to this new file");
  repair->add_flag("--in-place", options.in_place,
                   "Give the repaired log the name; the old one becomes damaged.<name>");
  repair->footer(
      "Without --write or --in-place nothing is changed. What is kept is read back "
      "before it counts.");

  auto* chop = line.add("chop", "Copy a log up to a zxid", &LogCommand::chop);
  chop->add_option("--zxid,-z", options.zxid, "The last txn that is kept")->required();
  chop->add_option("--write", options.write, "The new file")->required();

  add_stand_in(*command, "toolkit", &txn_log_toolkit, exit_code);
}

}  // namespace drover::file_tools
