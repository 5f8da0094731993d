#include "file_tools/snapshot_command.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "file_tools/finding.h"
#include "file_tools/in_place.h"
#include "file_tools/input.h"
#include "file_tools/snapshot_check.h"
#include "file_tools/snapshot_dump.h"
#include "file_tools/snapshot_repair.h"
#include "file_tools/snapshot_toolkit.h"
#include "file_tools/tool_command.h"

namespace drover::file_tools {

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

struct SnapshotOptions : ToolOptions {
  std::int64_t depth = 0;
  std::int64_t differences_max = 1000;
  std::string compression;
  bool replace = false;
};

class SnapshotCommand : ToolCommand {
 public:
  explicit SnapshotCommand(const SnapshotOptions& options)
      : ToolCommand("snapshot", options), options_(options) {}

  Verdict check() {
    if (is_directory(options_.path)) return check_directory();
    const auto input = find_snapshot(disk_, options_.path);
    if (!input) return cannot(input.error());
    const auto facts = check_snapshot(disk_, *input, options_.length_max);
    if (!facts) return cannot(facts.error());
    return tell_facts(snapshot_facts_json(*facts), snapshot_facts_line(*facts), facts->findings);
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
    complain(done.error().message);
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
    if (const auto good = check_destination(); !good) return cannot(good.error());
    auto plan = plan_salvage(disk_, *input, options_.length_max);
    if (!plan) return cannot(plan.error());
    const auto outcome = carry_out(*plan);
    if (!outcome) return cannot(outcome.error());
    tell_plan(salvage_json(*plan), salvage_text(*plan), *outcome);
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
  Result<SnapshotTree> load(const std::string& path) {
    const auto input = find_snapshot(disk_, path);
    if (!input) return std::unexpected(input.error());
    auto loaded = load_snapshot_tree(disk_, *input, options_.length_max);
    if (loaded && loaded->failure) {
      complain(*loaded->failure + "; going on with what is before it");
    }
    return loaded;
  }
  static Verdict verdict_of(const SnapshotTree& loaded) {
    return loaded.failure ? Verdict::kProblems : Verdict::kOk;
  }
  // What was done, as a sentence; empty: nothing was to do.
  Result<std::string> carry_out(SalvagePlan& plan) {
    const std::string path = plan.loaded.input.path;
    if (!plan.changes) return writes() ? "nothing to repair, nothing written" : std::string();
    if (!writes()) {
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
};

constexpr ToolNouns kNouns{
    .file = "snapshot",
    .path_help = "A snapshot file or a data directory",
    .entry_help = "Longest string or data that is read, bytes: jute.maxbuffer and its extrasize"};

}  // namespace

void add_snapshot(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("snapshot", "Look into snapshots, check them, repair them");
  command->require_subcommand(1);
  command->footer(kFooter);
  ToolCommandLine<SnapshotCommand, SnapshotOptions> line(*command, kNouns, exit_code);
  SnapshotOptions& options = line.options();
  const auto add_depth = [&options](CLI::App* sub) {
    sub->add_option("--depth", options.depth, "Only so many levels below it")
        ->check(CLI::NonNegativeNumber);
  };

  auto* dump = line.add("dump", "Every session and znode on a line", &SnapshotCommand::dump);
  dump->add_option("--path", options.znode, "Only this znode and those below it");
  add_depth(dump);
  dump->add_option("--limit", options.limit, "At most so many lines")
      ->check(CLI::NonNegativeNumber);
  dump->add_flag("--data", options.data, "All of the data, not its first 64 bytes");
  dump->footer("JSON: an object a line, data in base64.");

  line.add_check("What is wrong, where, what to do", &SnapshotCommand::check);

  auto* summary = line.add("summary", "Znodes and bytes below each znode that has children",
                           &SnapshotCommand::summary);
  summary->add_option("--path", options.znode, "Begin here instead of at /");
  add_depth(summary);

  auto* compare = line.add_compare("Which znodes differ, and in what", &SnapshotCommand::compare);
  compare->add_option("--limit", options.differences_max, "List at most so many differences")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();

  auto* repair = line.add("repair", "What can be saved and what is lost; a new file when asked",
                          &SnapshotCommand::repair);
  repair->add_option("--write", options.write, "Write what can be saved to this new file");
  repair->add_flag("--in-place", options.in_place,
                   "Give it the name; the old one becomes damaged.<name>");
  repair->footer("Without --write or --in-place nothing is changed.");

  auto* convert =
      line.add("convert", "The same bytes, compressed otherwise", &SnapshotCommand::convert);
  convert->add_option("--to", options.compression, "none, gz or snappy")->required();
  convert->add_option("--write", options.write, "The new file; default: beside the old one");
  convert->add_flag("--replace", options.replace, "Remove the old file once the new one is whole");

  add_stand_in(*command, "formatter", &snapshot_formatter, exit_code);
  add_stand_in(*command, "recursive-summary", &snapshot_recursive_summary, exit_code);
  add_stand_in(*command, "comparer", &snapshot_comparer, exit_code);
}

}  // namespace drover::file_tools
