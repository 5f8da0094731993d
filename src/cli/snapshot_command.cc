#include "cli/snapshot_command.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/doctor_data_dir.h"
#include "cli/doctor_finding.h"
#include "cli/in_place.h"
#include "cli/log_command.h"
#include "cli/log_input.h"
#include "cli/snapshot_check.h"
#include "cli/snapshot_dump.h"
#include "cli/snapshot_repair.h"
#include "cli/snapshot_toolkit.h"
#include "storage/posix_disk.h"

namespace drover::cli {

namespace {

constexpr const char* kFooter =
    R"(A <snapshot> is a file, whatever its name, or a data directory, then its newest snapshot. Those of
Apache ZooKeeper 3.4 and later and our own are read alike, plain, gzip and snappy. Nothing is ever
changed but by repair --in-place and convert --replace; no server needs to be stopped for looking.
More in docs/file_tools.md.

Exit codes: 0 all well; 1 warnings, or a difference; 2 damage, or something would be lost; 3 could
not look: bad arguments, no such file, no permission.

Examples:
  drover snapshot check /var/lib/zookeeper           is the directory sound, would a start succeed?
  drover snapshot dump snapshot.5 --path /app --data
  drover snapshot summary /var/lib/zookeeper --depth 2   where do the bytes lie?
  drover snapshot compare a/snapshot.5 b/snapshot.5  do two servers hold the same?
  drover snapshot repair snapshot.5                  what can be saved of a damaged one
  drover snapshot convert snapshot.5 --to gz)";

struct SnapshotOptions {
  std::string path;
  std::string other;
  std::string log_dir;
  std::int32_t length_max = kLengthMax;
  bool json = false;
  std::string znode;
  std::int64_t depth = 0;
  std::int64_t limit = 0;
  bool data = false;
  std::int64_t differences_max = 1000;
  std::string write;
  bool in_place = false;
  std::string compression;
  bool replace = false;
};

class SnapshotCommand {
 public:
  explicit SnapshotCommand(const SnapshotOptions& options) : options_(options) {}

  Verdict check() {
    if (is_directory(options_.path)) {
      return report_data_dir(
          disk_,
          {.path = options_.path, .log_path = options_.log_dir, .length_max = options_.length_max},
          options_.json);
    }
    const auto input = find_snapshot(disk_, options_.path);
    if (!input) return cannot(input.error());
    const auto facts = check_snapshot(disk_, *input, options_.length_max);
    if (!facts) return cannot(facts.error());
    if (options_.json) {
      print_json(snapshot_facts_json(*facts));
    } else {
      fmt::print("{}", snapshot_facts_line(*facts));
      for (const Finding& finding : facts->findings) fmt::print("{}", finding_text(finding));
    }
    return verdict_of(facts->findings);
  }

  Verdict dump() {
    const auto input = find_snapshot(disk_, options_.path);
    if (!input) return cannot(input.error());
    const auto done = print_snapshot(disk_, *input,
                                     {.znode = options_.znode,
                                      .depth = options_.depth,
                                      .limit = options_.limit,
                                      .all_data = options_.data,
                                      .json = options_.json,
                                      .length_max = options_.length_max});
    if (done) return Verdict::kOk;
    std::fflush(stdout);
    fmt::print(stderr, "drover snapshot: {}\n", done.error().message);
    return Verdict::kProblems;
  }

  Verdict summary() {
    const auto loaded = load(options_.path);
    if (!loaded) return cannot(loaded.error());
    const auto text = snapshot_summary(*loaded, options_.znode.empty() ? "/" : options_.znode,
                                       options_.depth, options_.json);
    if (!text) return cannot(text.error());
    fmt::print("{}", *text);
    return verdict_of(*loaded);
  }

  Verdict compare() {
    const auto left = load(options_.path);
    if (!left) return cannot(left.error());
    const auto right = load(options_.other);
    if (!right) return cannot(right.error());
    auto found = compare_snapshots(*left, *right, options_.differences_max);
    if (options_.json) {
      print_json({{"left", left->input.path},
                  {"right", right->input.path},
                  {"same", found.same},
                  {"only_left", found.only_left},
                  {"only_right", found.only_right},
                  {"changed", found.changed},
                  {"differences", std::move(found.differences)},
                  {"cut", found.cut}});
    } else {
      fmt::print("{}", found.text);
      if (found.cut) fmt::print("... more differences are not listed, see --limit\n");
      fmt::print("{} the same, {} changed, {} only in {}, {} only in {}\n", found.same,
                 found.changed, found.only_left, left->input.path, found.only_right,
                 right->input.path);
    }
    const Verdict verdict = std::max(verdict_of(*left), verdict_of(*right));
    return std::max(verdict, found.equal() ? Verdict::kOk : Verdict::kWarnings);
  }

  Verdict repair() {
    const auto input = find_snapshot(disk_, options_.path);
    if (!input) return cannot(input.error());
    if (options_.in_place && !options_.write.empty()) {
      return cannot("--write and --in-place exclude each other");
    }
    auto plan = plan_salvage(disk_, *input, options_.length_max);
    if (!plan) return cannot(plan.error());
    const auto outcome = carry_out(*plan);
    if (!outcome) return cannot(outcome.error());
    if (options_.json) {
      auto object = salvage_json(*plan);
      object["outcome"] = *outcome;
      print_json(object);
    } else {
      fmt::print("{}", salvage_text(*plan));
      if (!outcome->empty()) fmt::print("  {}\n", *outcome);
    }
    if (plan->loses) return Verdict::kProblems;
    return plan->changes ? Verdict::kWarnings : Verdict::kOk;
  }

  Verdict convert() {
    const auto to =
        storage::parse_compression(options_.compression == "none" ? "" : options_.compression);
    if (!to) return cannot(options_.compression + ": --to takes none, gz or snappy");
    const auto input = find_snapshot(disk_, options_.path);
    if (!input) return cannot(input.error());
    std::string path = options_.write;
    if (path.empty()) {
      if (!input->named) return cannot("a file that is not named snapshot.<zxid> needs --write");
      path = fmt::format("{}/{}", input->dir, storage::snapshot_name(input->name.zxid, *to));
    }
    if (auto done = convert_snapshot(disk_, *input, *to, path, options_.length_max); !done) {
      return cannot(done.error());
    }
    if (options_.replace) {
      auto done = disk_.remove(input->path);
      if (done) done = disk_.sync_dir(input->dir);
      if (!done) return cannot(done.error());
    }
    if (options_.json) {
      print_json({{"file", path}, {"bytes", file_size(path)}});
    } else {
      fmt::print("{}: {}\n", path, counted(static_cast<std::int64_t>(file_size(path)), "byte"));
    }
    return Verdict::kOk;
  }

 private:
  Verdict cannot(const Error& error) { return cannot(error.message); }
  Verdict cannot(std::string_view why) {
    fmt::print(stderr, "drover snapshot: {}\n", why);
    return Verdict::kNotExamined;
  }
  static void print_json(const boost::json::object& object) {
    fmt::print("{}\n", boost::json::serialize(object));
  }

  Result<SnapshotTree> load(const std::string& path) {
    const auto input = find_snapshot(disk_, path);
    if (!input) return std::unexpected(input.error());
    auto loaded = load_snapshot_tree(disk_, *input, options_.length_max);
    if (loaded && loaded->failure) {
      fmt::print(stderr, "drover snapshot: {}; going on with what is before it\n",
                 *loaded->failure);
    }
    return loaded;
  }
  static Verdict verdict_of(const SnapshotTree& loaded) {
    return loaded.failure ? Verdict::kProblems : Verdict::kOk;
  }
  static Verdict verdict_of(const Findings& findings) { return cli::verdict_of(findings); }

  // What was done, as a sentence; empty: nothing was to do.
  Result<std::string> carry_out(SalvagePlan& plan) {
    const std::string path = plan.loaded.input.path;
    const bool writes = options_.in_place || !options_.write.empty();
    if (!plan.changes) return writes ? "nothing to repair, nothing written" : std::string();
    if (!writes) {
      return fmt::format(
          "nothing was changed; stop the server, then: drover snapshot repair {} "
          "--in-place",
          path);
    }
    if (!options_.in_place) {
      if (auto done = write_salvaged(disk_, plan, options_.write); !done) {
        return std::unexpected(done.error());
      }
      return "written to " + options_.write;
    }
    const auto backup = replace_in_place(
        disk_, path, [&](const std::string& fresh) { return write_salvaged(disk_, plan, fresh); });
    if (!backup) return std::unexpected(backup.error());
    return "repaired; the old file is now " + *backup;
  }

  const SnapshotOptions& options_;
  storage::PosixDisk disk_;
};

using Options = std::shared_ptr<SnapshotOptions>;

CLI::App* subcommand(CLI::App& command, const Options& options, const char* name,
                     const char* what) {
  auto* sub = command.add_subcommand(name, what);
  sub->add_flag("--json", options->json, "JSON instead of text");
  sub->add_option("--max-entry", options->length_max,
                  "Longest string or data that is read, bytes: jute.maxbuffer and its extrasize")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  return sub;
}

void add_path(CLI::App& sub, const Options& options) {
  sub.add_option("snapshot", options->path, "A snapshot file or a data directory")->required();
}

}  // namespace

void add_snapshot(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<SnapshotOptions>();
  auto* command = app.add_subcommand("snapshot", "Look into snapshots, check them, repair them");
  command->require_subcommand(1);
  command->footer(kFooter);
  const auto runs = [options, &exit_code](CLI::App* sub, Verdict (SnapshotCommand::*run)()) {
    sub->callback([options, run, &exit_code] {
      SnapshotCommand snapshot(*options);
      exit_code = static_cast<int>((snapshot.*run)());
    });
  };

  auto* dump = subcommand(*command, options, "dump", "Every session and znode on a line");
  add_path(*dump, options);
  dump->add_option("--path", options->znode, "Only this znode and those below it");
  dump->add_option("--depth", options->depth, "Only so many levels below it")
      ->check(CLI::NonNegativeNumber);
  dump->add_option("--limit", options->limit, "At most so many lines")
      ->check(CLI::NonNegativeNumber);
  dump->add_flag("--data", options->data, "All of the data, not its first 64 bytes");
  dump->footer("JSON: an object a line, data in base64.");
  runs(dump, &SnapshotCommand::dump);

  auto* check = subcommand(*command, options, "check", "What is wrong, where, what to do");
  add_path(*check, options);
  check->add_option("--log-dir", options->log_dir, "dataLogDir, when the logs are elsewhere");
  check->footer(
      "Of a directory: logs and snapshots, gaps between them, epoch files, myid, and "
      "whether a start would succeed.");
  runs(check, &SnapshotCommand::check);

  auto* summary = subcommand(*command, options, "summary",
                             "Znodes and bytes below each znode that has children");
  add_path(*summary, options);
  summary->add_option("--path", options->znode, "Begin here instead of at /");
  summary->add_option("--depth", options->depth, "Only so many levels below it")
      ->check(CLI::NonNegativeNumber);
  runs(summary, &SnapshotCommand::summary);

  auto* compare = subcommand(*command, options, "compare", "Which znodes differ, and in what");
  compare->add_option("left", options->path, "A snapshot file or a data directory")->required();
  compare->add_option("right", options->other, "The other")->required();
  compare->add_option("--limit", options->differences_max, "List at most so many differences")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  runs(compare, &SnapshotCommand::compare);

  auto* repair = subcommand(*command, options, "repair",
                            "What can be saved and what is lost; a new file when asked");
  add_path(*repair, options);
  repair->add_option("--write", options->write, "Write what can be saved to this new file");
  repair->add_flag("--in-place", options->in_place,
                   "Give it the name; the old one becomes damaged.<name>");
  repair->footer("Without --write or --in-place nothing is changed.");
  runs(repair, &SnapshotCommand::repair);

  auto* convert = subcommand(*command, options, "convert", "The same bytes, compressed otherwise");
  add_path(*convert, options);
  convert->add_option("--to", options->compression, "none, gz or snappy")->required();
  convert->add_option("--write", options->write, "The new file; default: beside the old one");
  convert->add_flag("--replace", options->replace, "Remove the old file once the new one is whole");
  runs(convert, &SnapshotCommand::convert);

  add_stand_in(*command, "formatter", &snapshot_formatter, exit_code);
  add_stand_in(*command, "recursive-summary", &snapshot_recursive_summary, exit_code);
  add_stand_in(*command, "comparer", &snapshot_comparer, exit_code);
}

}  // namespace drover::cli
