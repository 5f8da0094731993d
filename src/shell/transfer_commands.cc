// export and import: a subtree into a file, and back or elsewhere. Beyond Apache's shell.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>

#include "shell/command.h"
#include "shell/format.h"
#include "shell/interrupt.h"
#include "shell/json.h"
#include "shell/subtree_file.h"
#include "shell/walk.h"

namespace drover::shell {
namespace {

constexpr std::string_view kSystem = "/zookeeper";  // the server's own
constexpr std::size_t kConflictsNamed = 5;

bool is_system(std::string_view path) {
  return path == kSystem || path.starts_with("/zookeeper/");
}

// --- export

constexpr OptionSpec kExportOptions[] = {{"f", false, "write over a file that is there", "force"}};

// A file that is whole or not there at all: what was begun is removed unless keep() was called.
class FileBeingWritten {
 public:
  // Error: the reason, in words.
  static std::expected<std::unique_ptr<FileBeingWritten>, std::string> open(const std::string& name,
                                                                            bool overwrites) {
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (overwrites ? O_TRUNC : O_EXCL);
    const int fd = ::open(name.c_str(), flags, 0600);  // it may hold what an ACL guards
    if (fd == -1) return std::unexpected(std::string(std::strerror(errno)));
    return std::unique_ptr<FileBeingWritten>(new FileBeingWritten(name, fd));
  }
  ~FileBeingWritten() {
    close(fd_);
    if (!is_kept_) unlink(name_.c_str());
  }
  FileBeingWritten(const FileBeingWritten&) = delete;
  FileBeingWritten& operator=(const FileBeingWritten&) = delete;

  [[nodiscard]] bool write(std::string_view text) {
    while (!text.empty()) {
      const auto written = ::write(fd_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }
  [[nodiscard]] bool keep() {
    is_kept_ = fsync(fd_) == 0;
    return is_kept_;
  }

 private:
  FileBeingWritten(std::string name, int fd) : name_(std::move(name)), fd_(fd) {}
  std::string name_;
  int fd_;
  bool is_kept_ = false;
};

struct Exported {
  std::size_t znodes = 0;
  std::size_t bytes = 0;
  std::size_t ephemerals = 0;
  bool left_out_system = false;
};

// nullopt: it vanished meanwhile.
Result<std::optional<SubtreeNode>> fetch(ShellSession& session, const std::string& path,
                                         const std::string& root) {
  auto data = session.client().get_data(path);
  auto acl = session.client().get_acl(path);
  for (const auto* error : {data ? nullptr : &data.error(), acl ? nullptr : &acl.error()}) {
    if (error == nullptr) continue;
    if (error->code == ErrorCode::kNoNode && path != root) return std::nullopt;
    return std::unexpected(*error);
  }
  SubtreeNode node{.path = path.substr(root == "/" ? 0 : root.size()),
                   .data = std::move(data->data),
                   .acl = std::move(acl->acl)};
  if (path == "/") node.path.clear();
  node.is_ephemeral = data->stat.ephemeral_owner != 0;
  return node;
}

// Everything below `root`, line by line; a znode that may not be read ends it.
std::expected<Exported, CommandError> write_subtree(
    ShellSession& session, const std::string& root,
    const std::function<bool(std::string_view)>& write) {
  Exported exported;
  std::optional<CommandError> problem;
  const auto cannot_write = [&] {
    problem = CommandError{fmt::format("export: cannot write: {}", std::strerror(errno))};
    return Onward::kStop;
  };
  if (!write(subtree_header(root))) cannot_write();
  auto walked = walk(session, root, [&](const Visited& visited) {
    if (problem) return Onward::kStop;
    if (root == "/" && is_system(visited.path)) {
      exported.left_out_system = true;
      return Onward::kBeside;
    }
    const auto node = fetch(session, visited.path, root);
    if (!node || !visited.found) {
      const auto error = node ? Error{ErrorCode::kNoAuth, visited.path} : node.error();
      problem = CommandError{.message = "export: nothing was kept: " + error_text(error),
                             .code = error.code};
      return Onward::kStop;
    }
    if (!*node) return Onward::kBeside;
    if (!write(subtree_line(**node))) return cannot_write();
    ++exported.znodes;
    exported.bytes += (*node)->data ? (*node)->data->size() : 0;
    exported.ephemerals += (*node)->is_ephemeral ? 1 : 0;
    return Onward::kBelow;
  });
  if (!walked) return std::unexpected(walked.error());
  if (!problem && !write(subtree_trailer(exported.znodes))) cannot_write();
  if (problem) return std::unexpected(*problem);
  return exported;
}

std::string summary(const Exported& exported, const std::string& root, std::string_view where) {
  auto text =
      fmt::format("Exported {} ({} of data) from {} to {}", counted(exported.znodes, "znode"),
                  counted(exported.bytes, "byte"), root, where);
  if (exported.ephemerals > 0) text += fmt::format(", {} of them ephemeral", exported.ephemerals);
  if (exported.left_out_system)
    text += fmt::format("; {} is the server's own and left out", kSystem);
  return text;
}

// Stat has no field for the kind of a persistent znode; / is never a special one.
void note_unseen_kinds(ShellSession& session, const Exported& exported, const std::string& root) {
  const std::size_t root_alone = root == "/" ? 1 : 0;
  if (exported.znodes - exported.ephemerals <= root_alone) return;
  session.note(
      "export: no server tells its clients which znodes are containers or have a TTL; import makes "
      "persistent ones of them");
}

CommandResult export_subtree(ShellSession& session, const ParsedWords& words) {
  const auto& root = words.args[1];
  const std::string name = words.args.size() > 2 ? words.args[2] : "-";
  if (auto good = check_path(root); !good) return good;
  if (name == "-") {
    const auto exported = write_subtree(session, root, [&](std::string_view line) {
      session.out(line);
      return std::ferror(stdout) == 0;
    });
    if (!exported) return std::unexpected(exported.error());
    session.note(summary(*exported, root, "standard output"));
    note_unseen_kinds(session, *exported, root);
    return {};
  }
  auto file = FileBeingWritten::open(name, words.has("f"));
  if (!file) {
    return command_error(fmt::format("export: file '{}': {}{}", name, file.error(),
                                     errno == EEXIST ? " (-f writes over it)" : ""));
  }
  const auto exported =
      write_subtree(session, root, [&](std::string_view line) { return (*file)->write(line); });
  if (!exported) return std::unexpected(exported.error());
  if (!(*file)->keep()) {
    return command_error(fmt::format("export: file '{}': {}", name, std::strerror(errno)));
  }
  session.put("znodes", exported->znodes, "");
  session.put("bytes", exported->bytes, summary(*exported, root, name) + "\n");
  note_unseen_kinds(session, *exported, root);
  return {};
}

// --- import

constexpr OptionSpec kImportOptions[] = {
    {"n", false, "only tell what would be done", "dry-run"},
    {"u", false, "change znodes that are there and differ", "update"},
    {"e", false, "make persistent znodes of ephemeral ones", "ephemerals"},
    {"p", false, "make the parents that are missing", "parents"},
    {"o", false, "everybody may do everything: leave the ACLs out", "open"}};

struct Step {
  enum class Kind { kCreate, kUpdate, kSame, kConflict, kSkip } kind = Kind::kCreate;
  std::string path;
  SubtreeNode node;
  std::int32_t version = -1;      // of the data there, for kUpdate
  std::int32_t acl_version = -1;  // of the ACL there
};

std::string_view word_for(Step::Kind kind) {
  switch (kind) {
    case Step::Kind::kCreate:
      return "create";
    case Step::Kind::kUpdate:
      return "update";
    case Step::Kind::kSame:
      return "same";
    case Step::Kind::kConflict:
      return "conflict";
    case Step::Kind::kSkip:
      break;
  }
  return "skip";
}

using Counts = std::map<Step::Kind, std::size_t>;

// What has to be done for one znode, by what is there.
Result<Step> plan(ShellSession& session, SubtreeNode node, const std::string& target,
                  const ParsedWords& words) {
  Step step;
  step.path = (target == "/" ? "" : target) + node.path;
  if (step.path.empty()) step.path = "/";
  if (words.has("o")) node.acl = {{perms::kAll, {"world", "anyone"}}};
  if (node.is_ephemeral && !words.has("e")) step.kind = Step::Kind::kSkip;
  step.node = std::move(node);
  if (step.kind == Step::Kind::kSkip) return step;
  const auto data = session.client().get_data(step.path);
  if (!data && data.error().code == ErrorCode::kNoNode) return step;
  if (!data) return std::unexpected(data.error());
  const auto acl = session.client().get_acl(step.path);
  if (!acl) return std::unexpected(acl.error());
  step.version = data->stat.version;
  step.acl_version = acl->stat.aversion;
  // setData cannot write null, so null and empty are the same here.
  const bool is_same =
      data->data.value_or("") == step.node.data.value_or("") && acl->acl == step.node.acl;
  step.kind = is_same          ? Step::Kind::kSame
              : words.has("u") ? Step::Kind::kUpdate
                               : Step::Kind::kConflict;
  return step;
}

Result<void> carry_out(ShellSession& session, const Step& step) {
  if (step.kind == Step::Kind::kCreate) {
    const auto made =
        session.client().create(step.path, {.data = step.node.data, .acl = step.node.acl});
    if (!made) return std::unexpected(made.error());
    return {};
  }
  // Only what the plan saw is changed: who changed it meanwhile wins.
  const auto set = session.client().set_data(step.path, step.node.data.value_or(""), step.version);
  if (!set) return std::unexpected(set.error());
  const auto guarded = session.client().set_acl(step.path, step.node.acl, step.acl_version);
  if (!guarded) return std::unexpected(guarded.error());
  return {};
}

class Import {
 public:
  Import(ShellSession& session, const ParsedWords& words, std::string file)
      : session_(session), words_(words), file_name_(std::move(file)) {}

  CommandResult run() {
    if (auto planned = read_and_plan(); !planned) return planned;
    if (auto good = refuse_conflicts(); !good) return good;
    if (auto good = add_parents(); !good) return good;
    auto done = words_.has("n") ? show_plan() : carry_out_plan();
    return done;
  }

 private:
  // The whole file first: nothing is asked of the server before all of it is known to be sound.
  CommandResult read_and_plan() {
    std::vector<SubtreeNode> nodes;
    std::ifstream file(file_name_);
    if (!file) {
      return command_error(fmt::format("import: file '{}': {}", file_name_, std::strerror(errno)));
    }
    const auto root = read_subtree(file, [&](SubtreeNode node) -> std::expected<void, std::string> {
      const auto path = node.path.empty() ? std::string("/") : node.path;
      if (auto good = check_path(path); !good) return std::unexpected(good.error().message);
      nodes.push_back(std::move(node));
      return {};
    });
    if (!root) return command_error(fmt::format("import: file '{}': {}", file_name_, root.error()));
    target_ = words_.args.size() > 2 ? words_.args[2] : *root;
    if (auto good = check_path(target_); !good) return good;
    for (auto& node : nodes) {
      if (is_interrupted()) return command_error("import: interrupted; nothing was changed");
      auto step = plan(session_, std::move(node), target_, words_);
      if (!step) {
        return command_error("import: nothing was changed: " + error_text(step.error()));
      }
      ++planned_[step->kind];
      steps_.push_back(std::move(*step));
    }
    return {};
  }

  CommandResult refuse_conflicts() {
    if (planned_[Step::Kind::kConflict] == 0 || words_.has("n")) return {};
    std::string named;
    std::size_t count = 0;
    for (const auto& step : steps_) {
      if (step.kind != Step::Kind::kConflict || ++count > kConflictsNamed) continue;
      named += (named.empty() ? "" : ", ") + step.path;
    }
    return command_error(
        fmt::format("import: nothing was changed: {} there and different: {}{} (-u changes them)",
                    count == 1 ? "1 znode is" : fmt::format("{} znodes are", count), named,
                    count > kConflictsNamed ? ", ..." : ""));
  }

  // The ancestors of the target that are missing.
  CommandResult add_parents() {
    std::vector<Step> parents;
    for (auto slash = target_.find('/', 1); slash != std::string::npos;
         slash = target_.find('/', slash + 1)) {
      const auto path = target_.substr(0, slash);
      const auto there = session_.client().exists(path);
      if (there) continue;
      if (there.error().code != ErrorCode::kNoNode) return command_error(there.error());
      if (!words_.has("p")) {
        return command_error(
            fmt::format("import: nothing was changed: {} is not there (-p makes it)", path));
      }
      parents.push_back(
          {.kind = Step::Kind::kCreate,
           .path = path,
           .node = {.path = "", .data = {}, .acl = {{perms::kAll, {"world", "anyone"}}}}});
    }
    planned_[Step::Kind::kCreate] += parents.size();
    steps_.insert(steps_.begin(), std::make_move_iterator(parents.begin()),
                  std::make_move_iterator(parents.end()));
    return {};
  }

  void tell(std::string_view what, const Step& step) {
    if (session_.is_json()) {
      told_.push_back(boost::json::object{{"action", what}, {"path", step.path}});
    } else {
      session_.out_line(fmt::format("{} {}", what, step.path));
    }
  }

  CommandResult show_plan() {
    for (const auto& step : steps_) tell(word_for(step.kind), step);
    put_told("would", planned_);
    session_.put("dry_run", true,
                 fmt::format("Nothing was changed. It would create {}, update {}; {} the same, {} "
                             "different, {} ephemeral left out.\n",
                             counted(planned_[Step::Kind::kCreate], "znode"),
                             planned_[Step::Kind::kUpdate], planned_[Step::Kind::kSame],
                             planned_[Step::Kind::kConflict], planned_[Step::Kind::kSkip]));
    return {};
  }

  CommandResult carry_out_plan() {
    Counts done;
    for (const auto& step : steps_) {
      if (step.kind != Step::Kind::kCreate && step.kind != Step::Kind::kUpdate) {
        if (step.kind == Step::Kind::kSkip) tell("skipped ephemeral", step);
        ++done[step.kind];
        continue;
      }
      auto carried = is_interrupted() ? std::unexpected(Error{ErrorCode::kOk, "interrupted"})
                                      : carry_out(session_, step);
      if (!carried) return stopped(step, carried.error(), done);
      tell(step.kind == Step::Kind::kCreate ? "created" : "updated", step);
      ++done[step.kind];
    }
    put_told("done", done);
    session_.put("target", target_, "Imported: " + counts_text(done) + ".\n");
    return {};
  }

  CommandResult stopped(const Step& at, const Error& error, Counts& done) {
    put_told("done", done);
    // An update is two requests, so the first may have been done; and an answer may have been lost.
    const auto code = error.code;
    const bool is_unknown =
        code == ErrorCode::kConnectionLoss || code == ErrorCode::kRequestTimeout;
    const auto unknown =
        is_unknown ? fmt::format("; whether {} was {}d is not known", at.path, word_for(at.kind))
        : at.kind == Step::Kind::kUpdate
            ? fmt::format("; look whether {} has its new data", at.path)
            : std::string();
    return std::unexpected(CommandError{
        .message = fmt::format(
            "import: stopped at {}: {}. Done until then: {}{}. The rest of {} was "
            "not touched.",
            at.path, code == ErrorCode::kOk ? error.message : error_text(error), counts_text(done),
            unknown,
            counted(planned_[Step::Kind::kCreate] + planned_[Step::Kind::kUpdate], "change")),
        .code = code == ErrorCode::kOk ? std::nullopt : std::optional(code)});
  }

  static std::string counts_text(Counts& counts) {
    return fmt::format("{} created, {} updated, {} the same already, {} ephemeral left out",
                       counts[Step::Kind::kCreate], counts[Step::Kind::kUpdate],
                       counts[Step::Kind::kSame], counts[Step::Kind::kSkip]);
  }

  void put_told(std::string_view key, Counts& counts) {
    if (!session_.is_json()) return;
    session_.put(key, std::move(told_), "");
    session_.put("counts",
                 boost::json::object{{"create", counts[Step::Kind::kCreate]},
                                     {"update", counts[Step::Kind::kUpdate]},
                                     {"same", counts[Step::Kind::kSame]},
                                     {"conflict", counts[Step::Kind::kConflict]},
                                     {"skip", counts[Step::Kind::kSkip]}},
                 "");
  }

  ShellSession& session_;
  const ParsedWords& words_;
  std::string file_name_;
  std::string target_;
  std::vector<Step> steps_;
  Counts planned_;
  boost::json::array told_;
};

CommandResult import_subtree(ShellSession& session, const ParsedWords& words) {
  return Import(session, words, words.args[1]).run();
}

constexpr Command kCommands[] = {
    {.name = "export",
     .syntax = "[-f] path [file]",
     .options = kExportOptions,
     .args_min = 1,
     .args_max = 2,
     .run = export_subtree,
     .is_ours = true},
    {.name = "import",
     .syntax = "[--dry-run] [-u] [-e] [-p] [-o] file [path]",
     .options = kImportOptions,
     .args_min = 1,
     .args_max = 2,
     .run = import_subtree,
     .is_ours = true},
};

}  // namespace

std::span<const Command> transfer_commands() {
  return kCommands;
}

}  // namespace drover::shell
