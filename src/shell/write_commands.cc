// create, set, delete, deleteall.

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "shell/command.h"
#include "shell/format.h"
#include "shell/interrupt.h"
#include "toolbox/base64.h"

namespace drover::shell {
namespace {

constexpr std::int64_t kTtlMsMax = (std::int64_t{1} << 40) - 1;
constexpr std::int32_t kDeleteBatch = 1000;
constexpr std::size_t kBatchesInFlightMax = 10;

constexpr OptionSpec kCreateOptions[] = {{"e", false, "ephemeral"},
                                         {"s", false, "sequential"},
                                         {"c", false, "container"},
                                         {"t", true, "ttl"}};

// What the four options mean together; `ttl_ms` belongs to the TTL modes.
std::expected<CreateMode, CommandError> create_mode(const ParsedWords& words,
                                                    std::int64_t& ttl_ms) {
  const bool ephemeral = words.has("e");
  const bool sequential = words.has("s");
  const bool container = words.has("c");
  if (container && (ephemeral || sequential)) {
    return command_error(
        "-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.");
  }
  if (words.has("t")) {
    const auto ttl = parse_number<std::int64_t>(words.value("t"));
    if (!ttl) return command_error("-t argument must be a long value");
    if (ephemeral) return command_error("TTLs cannot be used with Ephemeral znodes");
    if (container) return command_error("TTLs cannot be used with Container znodes");
    if (*ttl <= 0 || *ttl > kTtlMsMax) {
      return command_error(
          fmt::format("ttl must be positive and cannot be larger than: {}", kTtlMsMax));
    }
    ttl_ms = *ttl;
    return sequential ? CreateMode::kPersistentSequentialWithTtl : CreateMode::kPersistentWithTtl;
  }
  if (container) return CreateMode::kContainer;
  if (ephemeral) return sequential ? CreateMode::kEphemeralSequential : CreateMode::kEphemeral;
  return sequential ? CreateMode::kPersistentSequential : CreateMode::kPersistent;
}

CommandResult create(ShellSession& session, const ParsedWords& words) {
  client::CreateOptions options;
  const auto mode = create_mode(words, options.ttl_ms);
  if (!mode) return std::unexpected(mode.error());
  options.mode = *mode;
  const auto& path = words.args[1];
  if (words.args.size() > 2) options.data = words.args[2];
  options.acl = {{perms::kAll, {"world", "anyone"}}};
  if (words.args.size() > 3) {
    auto parsed = parse_acl(words.args[3]);
    for (const auto& complaint : parsed.complaints) session.note(complaint);
    options.acl = std::move(parsed.acl);
  }
  if (auto good = check_path(path, is_sequential(*mode)); !good) return good;

  Result<std::string> created = failure("", ErrorCode::kInvalidAcl);
  if (!options.acl.empty()) created = session.client().create(path, options);
  if (created) {
    if (session.is_json()) session.put("path", *created, "");
    if (!session.is_json()) session.note(fmt::format("Created {}", *created));
    return {};
  }
  if (created.error().code == ErrorCode::kEphemeralOnLocalSession) {
    return command_error("Unable to create ephemeral node on a local session");
  }
  if (created.error().code == ErrorCode::kInvalidAcl) {
    session.note(keeper_error_text(created.error()));
  }
  return command_error(created.error());
}

constexpr OptionSpec kSetOptions[] = {{"b", false, "Supply data in base64 format"},
                                      {"s", false, "Print znode stats additionally"},
                                      {"v", true, "Set with an expected version"}};

CommandResult set(ShellSession& session, const ParsedWords& words) {
  const auto version = version_of(words);
  if (!version) return std::unexpected(version.error());
  const auto& path = words.args[1];
  auto data = words.args[2];
  if (words.has("b")) {
    auto decoded = toolbox::from_base64(data);
    if (!decoded) return bad_value("set", "data", data, "base64, which -b asks for");
    data = std::move(*decoded);
  }
  if (auto good = check_path(path); !good) return good;
  const auto done = session.client().set_data(path, data, *version);
  if (!done) return command_error(done.error());
  if (words.has("s")) session.put(*done);
  return {};
}

constexpr OptionSpec kDeleteOptions[] = {{"v", true, "version"}};

CommandResult remove(ShellSession& session, const ParsedWords& words) {
  if (words.args.size() > 2) {
    session.note(
        "'delete path [version]' has been deprecated. Please use 'delete [-v version] path' "
        "instead.");
  }
  const auto version = version_of(words);
  if (!version) return std::unexpected(version.error());
  if (auto good = check_path(words.args[1]); !good) return good;
  const auto done = session.client().remove(words.args[1], *version);
  if (!done) return command_error(done.error());
  return {};
}

// Every znode of the subtree, parents before their children.
std::expected<std::vector<std::string>, CommandError> list_tree(ShellSession& session,
                                                                const std::string& root) {
  std::vector<std::string> tree{root};
  for (std::size_t i = 0; i < tree.size(); ++i) {
    const auto found = session.client().get_children(tree[i]);
    if (!found) return command_error(found.error());
    for (const auto& name : found->children) tree.push_back(child_path(tree[i], name));
  }
  return tree;
}

// Leaves first, in multis of `batch`, some of them on their way at a time. False: one failed, the
// rest was not tried.
bool delete_in_batches(client::Client& client, const std::vector<std::string>& tree,
                       std::size_t batch) {
  std::deque<std::future<client::Completion>> in_flight;
  bool is_good = true;
  const auto take_one = [&] {
    is_good = client::Client::multi_error(in_flight.front().get()) == ErrorCode::kOk && is_good;
    in_flight.pop_front();
  };
  std::size_t left = tree.size();
  while (left > 0 && is_good && !is_interrupted()) {
    const std::size_t count = std::min(batch, left);
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < count; ++i) paths.push_back(tree[left - 1 - i]);
    left -= count;
    if (in_flight.size() == kBatchesInFlightMax) take_one();
    if (is_good) in_flight.push_back(client.remove_all(paths));
  }
  while (!in_flight.empty()) take_one();
  return is_good && left == 0;
}

constexpr OptionSpec kDeleteAllOptions[] = {{"b", true, "batch size"}};

CommandResult delete_all(ShellSession& session, const ParsedWords& words) {
  std::int32_t batch = kDeleteBatch;
  if (words.has("b")) {
    const auto given = parse_number<std::int32_t>(words.value("b"));
    if (!given) return command_error("-b argument must be an int value");
    batch = *given;
  }
  if (auto good = check_path(words.args[1]); !good) return good;
  const auto tree = list_tree(session, words.args[1]);
  if (!tree) return std::unexpected(tree.error());
  if (batch > 0) {
    if (!delete_in_batches(session.client(), *tree, static_cast<std::size_t>(batch))) {
      session.note("Failed to delete some node(s) in the subtree!");
    }
    if (is_interrupted()) return command_error("interrupted");
    return {};
  }
  for (std::size_t i = tree->size(); i > 0; --i) {
    const auto done = session.client().remove((*tree)[i - 1], -1);
    if (!done) return command_error(done.error());
  }
  return {};
}

constexpr Command kCommands[] = {
    {.name = "create",
     .syntax = "[-s] [-e] [-c] [-t ttl] path [data] [acl]",
     .options = kCreateOptions,
     .args_min = 1,
     .run = create},
    {.name = "set",
     .syntax = "path data [-s] [-v version] [-b]",
     .options = kSetOptions,
     .args_min = 2,
     .run = set,
     .usage_lists_options = true},
    {.name = "delete",
     .syntax = "[-v version] path",
     .options = kDeleteOptions,
     .args_min = 1,
     .run = remove},
    {.name = "deleteall",
     .syntax = "path [-b batch size]",
     .options = kDeleteAllOptions,
     .args_min = 1,
     .run = delete_all},
};

}  // namespace

std::span<const Command> write_commands() {
  return kCommands;
}

}  // namespace drover::shell
