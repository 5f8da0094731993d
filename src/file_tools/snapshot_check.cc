#include "file_tools/snapshot_check.h"

#include <fmt/format.h>

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "file_tools/input.h"
#include "file_tools/progress.h"
#include "toolbox/utf8.h"
#include "tree/node_digest.h"
#include "tree/node_stat.h"

namespace drover::file_tools {

namespace {

using wire::Zxid;

constexpr std::size_t kExamplesMax = 20;  // findings of one kind; the rest is counted

// Looks at everything that passes and never ends the reading.
class Examiner final : public storage::RestoreSink {
 public:
  Examiner(Progress& progress, Findings& findings, std::string path)
      : progress_(progress), findings_(findings), path_(std::move(path)) {}

  void begin_snapshot(Zxid) override {}
  void session(wire::SessionId id, std::int32_t) override { sessions_.insert(id.value); }
  void acl(std::int64_t key, AclList) override { acl_keys_.insert(key); }

  Result<void> node(std::string_view path, wire::NullableBytes data, std::int64_t acl_key,
                    const wire::StatPersisted& stat) override {
    read_ += path.size() + data.value_or("").size() + 76;
    progress_.at(read_);
    data_bytes_ += static_cast<std::int64_t>(data.value_or("").size());
    place(path);
    if (acl_key != -1 && !acl_keys_.contains(acl_key)) {
      add("snapshot.acl", Severity::kWarning, path,
          fmt::format("its ACL has the key {}, which the file's table does not hold: a server lets "
                      "everybody do everything with it",
                      acl_key),
          "give it an ACL again once the server runs: setAcl <path> <acl>");
    }
    if (tree::kind_of(stat.ephemeral_owner) == tree::NodeKind::kEphemeral) {
      ++ephemerals_;
      if (!sessions_.contains(stat.ephemeral_owner)) {
        add("snapshot.session", Severity::kWarning, path,
            fmt::format("an ephemeral of session 0x{:x}, which the file does not know: it goes at "
                        "the next start unless the log brings the session",
                        static_cast<std::uint64_t>(stat.ephemeral_owner)),
            "");
      }
    }
    if (tree::has_digest(path)) {
      digest_ += tree::node_digest(tree::content_crc(path == "/" ? "" : path, data), stat);
    }
    return {};
  }
  Result<void> end_snapshot(std::optional<SnapshotDigest>) override { return {}; }
  Result<void> txn(const wire::TxnBytes&) override { return {}; }

  void say_the_rest() {
    for (const auto& [code, count] : counts_) {
      if (count <= kExamplesMax) continue;
      findings_.push_back(
          {.severity = Severity::kWarning,
           .code = code,
           .file = path_,
           .what =
               fmt::format("{} of this kind",
                           counted(static_cast<std::int64_t>(count - kExamplesMax), "more znode")),
           .next_step = {}});
    }
  }
  [[nodiscard]] bool makes_a_tree() const { return makes_a_tree_; }
  [[nodiscard]] std::int64_t data_bytes() const { return data_bytes_; }
  [[nodiscard]] std::int64_t ephemerals() const { return ephemerals_; }
  [[nodiscard]] std::uint64_t digest() const { return digest_; }

 private:
  // The rules of Tree::load_node.
  void place(std::string_view path) {
    constexpr std::string_view kStep =
        "a server does not load this file and takes the next older one; `drover snapshot repair` "
        "writes one without such znodes";
    if (path.empty() || path == "/") return;
    const auto slash = path.rfind('/');
    const std::string_view parent = path.substr(0, slash == std::string_view::npos ? 0 : slash);
    if (path.front() != '/' || slash + 1 == path.size() || parent == "/") {
      makes_a_tree_ = false;
      return add("snapshot.path", Severity::kProblem, path, "not a path", kStep);
    }
    if (!parent.empty() && !paths_.contains(hash(parent))) {
      makes_a_tree_ = false;
      add("snapshot.orphan", Severity::kProblem, path, "its parent is not in the file before it",
          kStep);
    }
    if (!paths_.insert(hash(path)).second) {
      makes_a_tree_ = false;
      add("snapshot.duplicate", Severity::kProblem, path, "it is in the file twice", kStep);
    }
  }

  static std::size_t hash(std::string_view path) { return std::hash<std::string_view>()(path); }

  void add(const char* code, Severity severity, std::string_view path, std::string_view what,
           std::string_view step) {
    if (++counts_[code] > kExamplesMax) return;
    findings_.push_back({.severity = severity,
                         .code = code,
                         .file = path_,
                         .what = fmt::format("znode {}: {}", toolbox::utf8_or_replaced(path), what),
                         .next_step = std::string(step)});
  }

  Progress& progress_;
  Findings& findings_;
  std::string path_;
  std::unordered_set<std::int64_t> sessions_;
  std::unordered_set<std::int64_t> acl_keys_;
  std::unordered_set<std::size_t> paths_;  // hashes: two paths with one are some 10^-6 unlikely
  std::unordered_map<std::string, std::size_t> counts_;
  std::uint64_t read_ = 0;
  std::int64_t data_bytes_ = 0;
  std::int64_t ephemerals_ = 0;
  std::uint64_t digest_ = 0;
  bool makes_a_tree_ = true;
};

std::string_view code_of(const SnapshotFacts& facts) {
  const std::string& reason = facts.end.reason;
  const auto says = [&](std::string_view words) { return reason.find(words) != std::string::npos; };
  if (says("magic")) return "snapshot.magic";
  if (says("CRC corruption")) return "snapshot.seal";
  if (says("gzip")) return "snapshot.gzip";
  if (says("snappy")) return "snapshot.snappy";
  if (says("ends too early")) return "snapshot.truncated";
  if (says("unreasonable length") || says("negative number")) return "snapshot.length";
  if (says("follow the end")) return "snapshot.trailing";
  return "snapshot.unreadable";
}

Finding broken(const SnapshotFacts& facts) {
  std::string what = facts.end.reason;
  const std::string path = facts.input.path + ": ";
  if (what.starts_with(path)) what.erase(0, path.size());
  if (facts.end.nodes_complete) {
    what += fmt::format("; all {} were read, but no telling which of the bytes is wrong",
                        counted(facts.end.nodes, "znode"));
  } else {
    what += fmt::format("; {} can be read before it", counted(facts.end.nodes, "znode"));
  }
  return {
      .severity = Severity::kProblem,
      .code = std::string(code_of(facts)),
      .file = facts.input.path,
      .offset = facts.end.offset,
      .first_zxid = facts.input.named ? std::optional(Zxid(0)) : std::nullopt,
      .last_zxid = facts.input.named ? std::optional(facts.input.name.zxid) : std::nullopt,
      .what = std::move(what),
      .next_step = fmt::format(
          "a server takes the next older snapshot, if the log reaches on from there. Where it does "
          "not: member of an ensemble in which the others have a leader: put version-2 aside and "
          "start it, it copies everything from there; otherwise `drover snapshot repair {}` says "
          "what can be salvaged",
          facts.input.path)};
}

void check_trailer(SnapshotFacts& facts, std::uint64_t digest) {
  const auto add = [&](const char* code, Severity severity, std::string what, std::string step) {
    facts.findings.push_back({.severity = severity,
                              .code = code,
                              .file = facts.input.path,
                              .offset = facts.end.offset,
                              .what = std::move(what),
                              .next_step = std::move(step)});
  };
  if (!facts.end.closed) {
    add("snapshot.end-mark", Severity::kWarning,
        "the last seal is right, but the \"/\" behind it is not: Drover loads the file, Apache "
        "skips it",
        fmt::format("before Apache runs on this folder: drover snapshot repair {} --in-place",
                    facts.input.path));
  }
  const auto& content = facts.content;
  const auto& stored = content.digest;
  // A tree read while it changed has no digest of its own.
  const bool comparable = stored && facts.input.named && stored->zxid == facts.input.name.zxid &&
                          stored->digest.version == wire::TxnDigest::kVersion;
  if (comparable && stored->digest.tree_digest != digest) {
    add("snapshot.digest", Severity::kWarning,
        fmt::format("its znodes make the digest 0x{:x}, the file says 0x{:x}: whoever wrote it "
                    "had another tree than the ensemble",
                    digest, stored->digest.tree_digest),
        "compare it with another member's: drover snapshot compare <this> <other>");
  }
  if (content.last_zxid && facts.input.named && *content.last_zxid < facts.input.name.zxid) {
    add("snapshot.name", Severity::kProblem,
        fmt::format(
            "named for {} and written at {}: Drover takes an older one, Apache skips the txns "
            "in between",
            zxid_text(facts.input.name.zxid), zxid_text(*content.last_zxid)),
        fmt::format("give it its name back: mv {} {}/{}", facts.input.path, facts.input.dir,
                    storage::snapshot_name(*content.last_zxid, facts.input.name.compression)));
  }
}

}  // namespace

Result<SnapshotFacts> check_snapshot(storage::Disk& disk, const SnapshotInput& input,
                                     std::int32_t length_max) {
  if (auto file = disk.open_read(input.path); !file) return std::unexpected(file.error());
  SnapshotFacts facts{.input = input, .content = {}, .end = {}, .findings = {}};
  Progress progress(
      "reading " + input.name.name,
      input.name.compression == storage::Compression::kNone ? file_size(input.path) : 0);
  Examiner examiner(progress, facts.findings, input.path);
  const auto content =
      storage::read_snapshot(disk, input.dir, input.name, length_max, examiner, &facts.end);
  facts.data_bytes = examiner.data_bytes();
  facts.ephemerals = examiner.ephemerals();
  if (content) {
    facts.content = *content;
    facts.whole = true;
    check_trailer(facts, examiner.digest());
  } else {
    if (facts.end.reason.empty()) facts.end.reason = content.error().message;
    facts.findings.insert(facts.findings.begin(), broken(facts));
  }
  const bool named_right = !facts.content.last_zxid || *facts.content.last_zxid >= input.name.zxid;
  facts.loads = facts.whole && examiner.makes_a_tree() && named_right;
  examiner.say_the_rest();
  return facts;
}

boost::json::object snapshot_facts_json(const SnapshotFacts& facts) {
  boost::json::object object{{"file", toolbox::utf8_or_replaced(facts.input.path)},
                             {"bytes", file_size(facts.input.path)},
                             {"whole", facts.whole},
                             {"loads", facts.loads},
                             {"nodes", facts.end.nodes},
                             {"sessions", facts.end.sessions},
                             {"ephemerals", facts.ephemerals},
                             {"data_bytes", facts.data_bytes},
                             {"findings", findings_json(facts.findings)}};
  if (facts.input.named) object["zxid"] = zxid_text(facts.input.name.zxid);
  if (facts.content.digest) {
    object["digest_zxid"] = zxid_text(facts.content.digest->zxid);
    object["digest"] = fmt::format("0x{:x}", facts.content.digest->digest.tree_digest);
  }
  if (facts.content.last_zxid) object["last_zxid"] = zxid_text(*facts.content.last_zxid);
  return object;
}

std::string snapshot_facts_line(const SnapshotFacts& facts) {
  return fmt::format("{}: {}, {}, {} of data{}\n", facts.input.path,
                     counted(facts.end.nodes, "znode"), counted(facts.end.sessions, "session"),
                     counted(facts.data_bytes, "byte"),
                     facts.whole ? "" : ", as far as it can be read");
}

}  // namespace drover::file_tools
